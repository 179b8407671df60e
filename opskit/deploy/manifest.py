"""The manifest: what was rendered, as files that the playbook's actions read.

Contents and admin keys may be secret. `cluster.json` is the cluster; `hosts/HOST.json` is what one host needs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opskit.artifacts.bundles import Bundle
from opskit.artifacts.jars import sha256_of
from opskit.change import handover
from opskit.inventory.cluster import Broker, Cluster
from opskit.render import layout
from opskit.render.files import RenderedHost
from opskit.render.layout import KINDS


def write(
    folder: Path,
    run: str,
    cluster: Cluster,
    rendered: Mapping[str, RenderedHost],
    servers: Mapping[str, Bundle],
    clients: Mapping[str, Bundle],
) -> None:
    """Write the manifest of a run; `servers` and `clients` hold the bundles by release."""
    dump = cluster.model_dump(mode="json")
    if cluster.acl:
        dump["acl"]["secret_key"] = cluster.acl.secret_key.get_secret_value()
    handover.write(folder / "cluster.json", dump)
    for host in cluster.hosts:
        content = _host(run, cluster, host.name, rendered.get(host.name), servers, clients)
        handover.write_host(folder, host.name, content)


def read_cluster(folder: Path) -> Cluster:
    """The cluster of a manifest."""
    return Cluster.model_validate_json((folder / "cluster.json").read_text())


def _host(
    run: str,
    cluster: Cluster,
    name: str,
    rendered: RenderedHost | None,
    servers: Mapping[str, Bundle],
    clients: Mapping[str, Bundle],
) -> dict[str, Any]:
    here = cluster.servers_on(name)
    bundles = [_bundle(layout.SERVER_RELEASES, servers[release]) for release in sorted({one.release for one in here})]
    for client in cluster.clients:
        if client.host.name == name:
            bundles += [_bundle(layout.CLIENT_RELEASES, clients[release]) for release in client.releases]
    content: dict[str, Any] = {"bundles": bundles, "entries": [], "servers": {}}
    if rendered:
        content["entries"] = _entries(rendered)
        content["servers"] = {
            server.component: {
                "unit": (unit := KINDS[server.component].unit),
                "port": server.port,
                "files": {file.path: file.sha256 for file in rendered.files if file.unit == unit},
            }
            for server in here
        }
    for broker in here:
        if isinstance(broker, Broker):
            content["drain"] = _drain(run, cluster, broker)
    return content


def _bundle(parent: str, bundle: Bundle) -> dict[str, str]:
    return {
        "folder": f"{parent}/{bundle.folder}",
        "archive": str(bundle.archive),
        "sha256": sha256_of(bundle.archive),
    }


def _entries(rendered: RenderedHost) -> list[dict[str, Any]]:
    folders = [
        {"path": path, "owner": owner, "group": owner, "mode": mode, "stage": "host"}
        for path, owner, mode in rendered.folders
    ]
    files = [
        {
            "path": file.path,
            "owner": file.owner,
            "group": file.group,
            "mode": file.mode,
            "content": file.content,
            "stage": file.stage,
        }
        for file in rendered.files
    ]
    return folders + files


def _drain(run: str, cluster: Cluster, broker: Broker) -> dict[str, Any]:
    return {
        "identity": f"drain-{broker.host.name}-{run}",
        "address": broker.host.address,
        "port": broker.port,
        "seconds": cluster.drain_seconds,
        "access_key": cluster.acl.access_key if cluster.acl else None,
        "secret_key": cluster.acl.secret_key.get_secret_value() if cluster.acl else None,
    }
