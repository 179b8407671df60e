"""A JVM of 4.8.0 in a unit, as a host tells of it; cases change what they are about."""

import json
from pathlib import Path
from typing import Any

from opskit.observe.model import Jvm

CASES = Path(__file__).parent.parent / "cases" / "rollout"

CLIENT: dict[str, Any] = {
    "jar": "/srv/orders/lib/rocketmq-remoting-4.8.0.jar",
    "entry": "org/apache/rocketmq/remoting/netty/NettyClientConfig.class",
    "class": "org/apache/rocketmq/remoting/netty/NettyClientConfig",
    "state": "off",
    "release": "4.8.0",
    "signed": False,
    "patchable": None,
    "replaced": False,
    "on_disk": None,
    "sha256": "2673d979aa9e" * 5 + "2673",
    "inode": "8:1:4242",
}
JVM: dict[str, Any] = {
    "pid": 4711,
    "start_ticks": 123456,
    "ns_pid": 4711,
    "boot_id": "b0",
    "uid": 1000,
    "gid": 1000,
    "user": "orders",
    "unit": "orders.service",
    "container": None,
    "namespaced": False,
    "java": {"major": 17, "version": "17.0.15", "home": "/usr/lib/jvm/java-17", "vm": "HotSpot"},
    "main": "com.example.Orders",
    "options": {
        "shown": ["-Xmx1g"],
        "attach_disabled": False,
        "dynamic_agents": None,
        "reduced_signals": False,
        "agents": [],
        "tool_options": False,
        "property": None,
        "cds_forced": False,
    },
    "clients": [CLIENT],
    "constructed": {"value": "off", "why": "the class in rocketmq-remoting-4.8.0.jar constructs it off"},
    "flows": [
        {"local": "10.0.0.21:41000", "peer": "10.0.0.1:9876", "sent_ms": 2084, "received_ms": 12088, "stuck": True}
    ],
    "unread": None,
}


def jvm_of(change: dict[str, Any]) -> Jvm:
    """The JVM with the change; mappings are changed key by key, clients beginning from the 4.8.0 one."""
    values = JVM | {
        key: JVM[key] | value if isinstance(value, dict) and key in ("java", "options") else value
        for key, value in change.items()
    }
    return Jvm.model_validate(values | {"clients": [CLIENT | client for client in values["clients"]]})


def load(pattern: str = "*.json") -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) | {"name": path.stem} for path in sorted(CASES.glob(pattern))]
