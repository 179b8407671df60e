"""What a victim is asked to do. Pure."""

from collections.abc import Mapping
from typing import Any

from opskit.inventory.cluster import Broker, Cluster
from opskit.onhost.faults import commands
from opskit.render.layout import KINDS
from opskit.verify.scenario import FaultName, Target

QUIET_SECONDS = 5
"""The victim undoes the fault after so long without a word from the controller."""
NET_SECONDS = 60.0
"""The timer armed on the victim fires so long after the hold should have ended."""


def fault_request(
    cluster: Cluster, kind: FaultName, target: Target, identity: str, hold_seconds: float
) -> dict[str, Any]:
    """The request of `opskit.onhost.operations` that holds this fault on this target."""
    return {
        "op": "fault",
        "id": identity,
        "subject": target.host.name,
        "kind": kind,
        "units": [KINDS[server.component].unit for server in target.servers],
        "serves": sorted({port for server in target.servers for port in _ports(server)}),
        "dials": sorted(_dialled(cluster)) if target.brokers else [],
        "ssh_port": target.host.endpoint.port,
        "undo_seconds": hold_seconds + NET_SECONDS,
        "quiet_seconds": QUIET_SECONDS,
    }


def words_of(request: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """{arm, inject, undo}: what is done, as a person would type it."""
    if request["kind"] != "freeze-host":
        return {step: tuple(words) for step, words in commands(dict(request)).items()}
    name = f"opskit-LAB-{request['subject']}"
    watcher = f"# a watcher unpauses {name} after {request['undo_seconds']:g} s, or as soon as opskit is gone"
    return {"arm": (watcher,), "inject": (f"podman pause {name}",), "undo": (f"podman unpause {name}",)}


def _ports(server: Any) -> set[int]:
    """A broker also listens two below its port, for the VIP channel, and on haListenPort, one above by default."""
    if isinstance(server, Broker):
        return {server.port, server.port - 2, int(server.settings.get("haListenPort", server.port + 1))}
    return {server.port}


def _dialled(cluster: Cluster) -> set[int]:
    """Whatever a broker connects to: nameservers, controllers, and the other brokers."""
    return {port for server in cluster.servers for port in _ports(server)}
