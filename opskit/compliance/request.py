"""What each host is asked for, in one request. Pure."""

import base64
from collections.abc import Mapping
from typing import Any

from opskit.inventory.cluster import Broker, Cluster
from opskit.observe.agent import agent_options
from opskit.render import layout
from opskit.render.files import RenderedHost

SYSCTL = (
    "net.ipv4.tcp_retries2",
    "vm.dirty_background_ratio",
    "vm.dirty_expire_centisecs",
    "vm.dirty_ratio",
    "vm.dirty_writeback_centisecs",
    "vm.max_map_count",
    "vm.overcommit_memory",
    "vm.swappiness",
)
OWN_SHARE = 0.6
AGENT_SECONDS = 10.0
"""Of one JVM, until its agent has answered."""


def requests(
    cluster: Cluster, rendered: Mapping[str, RenderedHost], agent: bytes | None, seconds: float
) -> dict[str, dict[str, Any]]:
    """By host name, the request to `opskit.onhost.facts`. agent: the jar that asks JVMs in which it is already.

    seconds: that a host has in all; some of them are for the way there and back.
    """
    clients = {client.host.name for client in cluster.clients}
    asking = agent and {
        "jar_b64": base64.b64encode(agent).decode(),
        "options": agent_options("report"),
        "seconds": AGENT_SECONDS,
    }
    found: dict[str, dict[str, Any]] = {}
    for host in cluster.hosts:
        servers = cluster.servers_on(host.name)
        files = rendered[host.name].files if host.name in rendered else ()
        folders = rendered[host.name].folders if host.name in rendered else ()
        found[host.name] = {
            "op": "facts",
            "seconds": seconds * OWN_SHARE,
            "ports": sorted({nameserver.port for nameserver in cluster.nameservers}),
            "server_ports": sorted({server.port for server in servers}),
            "files": [*(file.path for file in files), *(path for path, _, _ in folders)],
            "settings": [layout.KINDS[server.component].conf for server in servers],
            "units": sorted({layout.KINDS[server.component].unit for server in servers}),
            "folders": [cluster.store_path] if any(isinstance(server, Broker) for server in servers) else [],
            "sysctl": list(SYSCTL),
            "agent": asking if host.name in clients else None,
        }
    return found
