"""What a deploy has to do, from what was rendered and what a survey found. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opskit.artifacts.bundles import Bundle
from opskit.errors import OpskitError
from opskit.inventory.cluster import Broker, Cluster, Component
from opskit.onhost import units
from opskit.render import layout
from opskit.render.difference import unified
from opskit.render.files import RenderedHost
from opskit.render.layout import KINDS


@dataclass(frozen=True)
class FileChange:
    """A file that differs; diff is unified, with secrets masked, "" where only owner or mode differ."""

    path: str
    diff: str


@dataclass(frozen=True)
class Restart:
    component: Component
    reason: str


@dataclass(frozen=True)
class HostPlan:
    """What one host needs; nothing where all three are empty."""

    host: str
    releases: tuple[str, ...]
    """Folders of bundles that are missing."""
    files: tuple[FileChange, ...]
    restarts: tuple[Restart, ...]

    @property
    def differs(self) -> bool:
        return bool(self.releases or self.files or self.restarts)


def check_limit(cluster: Cluster, limit: Sequence[str]) -> None:
    """Raises OpskitError (exit 2) where the limit names no host of the cluster: a roll of nothing looks well."""
    known = [host.name for host in cluster.hosts]
    unknown = [name for name in limit if name not in known]
    if unknown:
        raise OpskitError(
            f"no host of {cluster.name}: {', '.join(unknown)}",
            where="--limit",
            remedy=f"Give --limit once for each host. The hosts are: {', '.join(known)}.",
        )


def bundle_folders(
    cluster: Cluster, host: str, servers: Mapping[str, Bundle], clients: Mapping[str, Bundle]
) -> tuple[str, ...]:
    """Folders of the bundles that one host needs."""
    releases = {server.release for server in cluster.servers_on(host)}
    wanted = [(layout.SERVER_RELEASES, servers[release]) for release in sorted(releases)]
    wanted += [
        (layout.CLIENT_RELEASES, clients[release])
        for client in cluster.clients
        if client.host.name == host
        for release in client.releases
    ]
    return tuple(f"{parent}/{bundle.folder}" for parent, bundle in wanted)


def survey_request(cluster: Cluster, rendered: RenderedHost | None, folders: tuple[str, ...]) -> dict[str, Any]:
    """What to ask a host, see `opskit.onhost.survey.answer`."""
    request: dict[str, Any] = {"op": "survey", "folders": [*folders]}
    if rendered:
        request |= {
            "files": [file.path for file in rendered.files],
            "contents": True,
            "units": sorted({file.unit for file in rendered.files if file.unit}),
            "java": cluster.java,
        }
        request["folders"] += [layout.DATA, cluster.store_path]
        if any(isinstance(server, Broker) for server in cluster.servers_on(rendered.host.name)):
            request["store"] = {"path": cluster.store_path, "unit": KINDS["broker"].unit}
    return request


def decide(host: str, rendered: RenderedHost | None, folders: tuple[str, ...], facts: Mapping[str, Any]) -> HostPlan:
    """What one host needs to become what is declared."""
    missing = tuple(folder for folder in folders if not facts["folders"][folder]["exists"])
    if rendered is None:
        return HostPlan(host, missing, (), ())
    changes, rewritten = [], set()
    for file in rendered.files:
        found = facts["files"][file.path]
        before = found and found.get("content")  # a link has none, and is replaced by a file
        if before != file.content:
            changes.append(FileChange(file.path, unified(file.path, before, file.content)))
            rewritten.add(file.path)
        elif (found["owner"], found["group"], found["mode"]) != (file.owner, file.group, file.mode):
            changes.append(FileChange(file.path, ""))
    restarts = []
    for component, kind in KINDS.items():
        files = [file.path for file in rendered.files if file.unit == kind.unit]
        if files:
            reason = units.restart_reason(facts["units"][kind.unit], [facts["files"][path] for path in files])
            if not reason and rewritten & set(files):
                reason = f"{', '.join(sorted(path.rsplit('/', 1)[1] for path in rewritten & set(files)))} changes"
            if reason:
                restarts.append(Restart(component, reason))
    return HostPlan(host, missing, tuple(changes), tuple(restarts))
