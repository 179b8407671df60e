"""Evidence of a sound cluster, and the cases that change it: tests/cases/compliance/CONTROL/NAME.yml.

A case says what is different from sound, and every outcome of any control that is then not `holds` or
`not-applicable`:

    why: one sentence
    cluster: {…}              # patch of the declared cluster; optional
    evidence: {…}             # patch of the sound evidence
    outcomes:                 # nothing else may fail or be unknown, but for what the sound cluster has of low severity
      - {control: placement-shared-host, subject: ns1, status: fails, says: runs a nameserver and}

A patch is a JSON merge patch (RFC 7396: null removes a key), in which a mapping laid over a list patches its items by
number, and the key "+" appends one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import javaproperties
import yaml
from clusters import small_cluster

from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Broker, Cluster, Server
from opskit.render.files import RenderedFile, render
from opskit.render.layout import KINDS

CASES = Path(__file__).parent.parent / "cases" / "compliance"
AT = 1_790_000_000.0
STARTED = AT - 86_400
WRITTEN = STARTED - 60
BUNDLE = "4.8.0-0123456789ab"
GIB = 1 << 30
Files = tuple[RenderedFile, ...]


@dataclass(frozen=True)
class Case:
    """Sound evidence with one thing changed, and what must be said of it."""

    name: str
    cluster: Cluster
    evidence: Evidence
    outcomes: tuple[dict[str, str], ...]


def cases() -> list[Case]:
    return [_case(path) for path in sorted(CASES.glob("*/*.yml"))]


def sound(cluster: Cluster | None = None) -> Evidence:
    """A small cluster as it is just after a good deployment; its clients run nothing."""
    return Evidence.model_validate(_sound(cluster or small_cluster()))


def patched(base: Any, patch: Any) -> Any:
    """A merge patch, see above."""
    if isinstance(base, list | tuple) and isinstance(patch, dict):
        items = list(base)
        for key, value in patch.items():
            if key == "+":
                items.append(value)
            else:
                items[int(key)] = patched(items[int(key)], value)
        return items
    if not isinstance(patch, dict):
        return patch
    merged = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = patched(merged.get(key), value)
    return merged


def _case(path: Path) -> Case:
    told = yaml.safe_load(path.read_text())
    assert set(told) <= {"why", "cluster", "evidence", "outcomes"}, path
    cluster = small_cluster()
    if "cluster" in told:
        cluster = Cluster.model_validate(patched(cluster.model_dump(), told["cluster"]))
    evidence = Evidence.model_validate(patched(_sound(cluster), told.get("evidence", {})))
    return Case(f"{path.parent.name}/{path.stem}", cluster, evidence, tuple(told["outcomes"]))


def _sound(cluster: Cluster) -> dict[str, Any]:
    hosts = render(cluster, {one.release: BUNDLE for one in cluster.servers})
    rendered = {name: one.files for name, one in hosts.items()}
    view: dict[str, dict[int, str]] = {}
    for broker in cluster.brokers:
        view.setdefault(broker.broker_name, {})[broker.broker_id] = broker.address
    return {
        "at": datetime.fromtimestamp(AT, UTC),
        "hosts": {host.name: _host(cluster, host.name, rendered.get(host.name, ())) for host in cluster.hosts},
        "unseen": {},
        "nameservers": {
            one.host.name: {
                "state": "healthy",
                "seconds": 0.01,
                "release": one.release,
                "view": view,
                "settings": _settings(one, rendered),
            }
            for one in cluster.nameservers
        },
        "brokers": {
            one.host.name: {
                "state": "healthy",
                "seconds": 0.01,
                "release": one.release,
                "settings": _settings(one, rendered),
                "topics": {"TBW102": 7, cluster.name: 7} if one.is_master else None,
                "groups": ["TOOLS_CONSUMER"] if one.is_master else None,
                "behind_bytes": None if one.is_master else 0,
            }
            for one in cluster.brokers
        },
        "drills": [],
        "bundles": {one.release: BUNDLE for one in cluster.servers},
        "owners": {host.address: host.name for host in cluster.hosts},
    }


def _settings(server: Server, rendered: dict[str, Files]) -> dict[str, str]:
    """In force: what was rendered."""
    files = {one.path: one for one in rendered[server.host.name]}
    return javaproperties.loads(files[KINDS[server.component].conf].content)


def _host(cluster: Cluster, name: str, files: Files) -> dict[str, Any]:
    servers = cluster.servers_on(name)
    return {
        "boot_id": f"boot-of-{name}",
        "at": AT,
        "heard": AT,
        "up_seconds": 1e6,
        "container": None,
        "memory": {"total": 16 * GIB, "available": 8 * GIB, "swap_total": 0, "swap_used": 0},
        "sysctl": {
            "net.ipv4.tcp_retries2": "8",
            "vm.swappiness": "1",
            "vm.dirty_expire_centisecs": "3000",
            "vm.dirty_writeback_centisecs": "500",
            "vm.dirty_ratio": "20",
            "vm.dirty_background_ratio": "10",
            "vm.max_map_count": "655360",
            "vm.overcommit_memory": "1",
        },
        "clock": {"synchronized": True, "error_seconds": 0.001},
        "files": {
            one.path: {
                "exists": True,
                "sha256": one.sha256,
                "mode": one.mode,
                "owner": one.owner,
                "group": one.group,
                "modified": WRITTEN,
                "settings": javaproperties.loads(one.content) if one.path.endswith(".conf") else None,
            }
            for one in files
        },
        "units": {
            KINDS[one.component].unit: {
                "load_state": "loaded",
                "active_state": "active",
                "enabled": "enabled",
                "main_pid": 100 + number,
                "user": cluster.user,
                "restart": "on-failure",
                "no_new_privileges": True,
                "protect_system": "strict",
                "protect_home": "yes",
                "private_tmp": True,
            }
            for number, one in enumerate(servers)
        },
        "folders": {cluster.store_path: _folder(cluster)} if any(isinstance(one, Broker) for one in servers) else {},
        "servers": [_server(cluster, one, 100 + number, files) for number, one in enumerate(servers)],
        "peers": {},
    }


def _folder(cluster: Cluster) -> dict[str, Any]:
    return {
        "exists": True,
        "total_bytes": 1000 * GIB,
        "used_ratio": 0.2,
        "inodes_used_ratio": 0.01,
        "owner": cluster.user,
        "mode": "0755",
    }


def _server(cluster: Cluster, server: Server, pid: int, files: Files) -> dict[str, Any]:
    unit = KINDS[server.component].unit
    text = next(one.content for one in files if one.path.endswith(unit))
    options = [line.strip(" \\") for line in text.splitlines() if line.strip().startswith("-")]
    ports = (server.port - 2, server.port, server.port + 1) if isinstance(server, Broker) else (server.port,)
    return {
        "kind": server.component,
        "pid": pid,
        "start_ticks": 1000 + pid,
        "started": STARTED,
        "user": cluster.user,
        "unit": unit,
        "config": KINDS[server.component].conf,
        "options": ["-server", *(one for one in options if not one.startswith("-cp"))],
        "ports": ports,
        "release": server.release,
        "java": 17,
        "open_files_limit": 655350,
        "locked_memory_limit": -1,
        "resident_bytes": GIB,
        "swapped_bytes": 0,
    }
