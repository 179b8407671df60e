"""Whether each host is fit to carry what is declared, from the survey. Pure; nothing was touched yet."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import javaproperties

from opskit.deploy.rollback import rollback
from opskit.finding import Finding
from opskit.inventory.cluster import Broker, Cluster, Server
from opskit.render.layout import KINDS

LEAST_JAVA = 8
LEAST_FREE_BYTES = 2 * 1024**3
MOST_CLOCK_SECONDS = 5.0
UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}


def preflight(cluster: Cluster, facts: Mapping[str, Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Everything that would make the roll fail half way, by host.

    facts: host name → `opskit.onhost.survey.answer`, and `heard_ns`: this machine's clock when that came.
    """
    return tuple(
        finding
        for host in cluster.hosts
        if host.name in facts
        for finding in _host(cluster, host.name, facts[host.name])
    )


def _host(cluster: Cluster, host: str, facts: Mapping[str, Any]) -> Iterator[Finding]:
    servers = cluster.servers_on(host)
    if not servers:
        return
    yield from _java(cluster, host, facts)
    yield from _memory(host, servers, facts)
    yield from _clock(host, facts)
    for server in servers:
        yield from _ports(host, server, facts)
        if isinstance(server, Broker):
            yield from _disk(cluster, host, facts)
            yield from _store(cluster, host, facts)
            yield from rollback(server, facts["store"], cluster.allow_rollback)


def _java(cluster: Cluster, host: str, facts: Mapping[str, Any]) -> Iterator[Finding]:
    if facts["java"] is None:
        yield _error(
            "java-missing",
            host,
            f"there is no working Java at {cluster.java}",
            "Install a JRE (Debian: apt-get install openjdk-17-jre-headless) or set rocketmq_java.",
        )
    elif facts["java"] < LEAST_JAVA:
        yield _error(
            "java-old", host, f"Java {facts['java']} is too old for RocketMQ", f"Install Java {LEAST_JAVA} or newer."
        )


def _memory(host: str, servers: Sequence[Server], facts: Mapping[str, Any]) -> Iterator[Finding]:
    sizes = [size for server in servers for size in (server.jvm.heap, server.jvm.direct_memory) if size]
    wanted = sum(_bytes(size) for size in sizes)
    if wanted > facts["memory_bytes"]:
        yield _error(
            "memory",
            host,
            f"heaps and direct memory want {_gib(wanted)}, the host has {_gib(facts['memory_bytes'])}",
            "Lower rocketmq_broker_heap, rocketmq_broker_direct_memory or rocketmq_nameserver_heap.",
        )


def _disk(cluster: Cluster, host: str, facts: Mapping[str, Any]) -> Iterator[Finding]:
    free = facts["folders"][cluster.store_path]["free_bytes"]
    if free < LEAST_FREE_BYTES:
        yield _error(
            "disk",
            host,
            f"{_gib(free)} are free below {cluster.store_path}, {_gib(LEAST_FREE_BYTES)} are the least",
            "Free some space, or move rocketmq_store_path to a larger disk.",
        )


def _clock(host: str, facts: Mapping[str, Any]) -> Iterator[Finding]:
    apart = abs(facts["at_ns"] - facts["heard_ns"]) / 1e9
    if apart > MOST_CLOCK_SECONDS:
        yield _error(
            "clock",
            host,
            f"its clock is {apart:.0f} s away from this machine's",
            "Let chrony or systemd-timesyncd set both clocks; RocketMQ's expiry times are wall time.",
        )


def _ports(host: str, server: Server, facts: Mapping[str, Any]) -> Iterator[Finding]:
    own = facts["units"][KINDS[server.component].unit]["pid"]
    ports = (server.port - 2, server.port, server.port + 1) if isinstance(server, Broker) else (server.port,)
    for port in ports:
        holder = facts["ports"].get(str(port))
        if holder and holder["pid"] != own:
            yield _error(
                "port-in-use",
                host,
                f"port {port} of the {server.component} is held by {holder['command']} (pid {holder['pid']})",
                f"Stop that process, or set rocketmq_{server.component}_port.",
            )


def _store(cluster: Cluster, host: str, facts: Mapping[str, Any]) -> Iterator[Finding]:
    found = facts["files"][KINDS["broker"].conf]
    if not found or "content" not in found:
        return
    try:
        before = javaproperties.loads(found["content"]).get("storePathRootDir", cluster.store_path)
    except ValueError:  # a broken escape: no broker ever ran with that file
        return
    if before != cluster.store_path:
        yield _error(
            "store-path-changed",
            host,
            f"its broker keeps its messages in {before}, the inventory says {cluster.store_path}",
            "Put rocketmq_store_path back; to move a store, stop the broker, move the folder and deploy again.",
        )


def _error(rule: str, host: str, sentence: str, remedy: str) -> Finding:
    return Finding(rule=rule, severity="error", subject=host, sentence=sentence, remedy=remedy)


def _bytes(size: str) -> int:
    match = re.fullmatch(r"(\d+)([kmgKMG]?)", size)
    if not match:
        raise ValueError(f"{size!r} is no JVM memory size")
    return int(match[1]) * UNITS.get(match[2].lower(), 1)


def _gib(size: float) -> str:
    return f"{size / 1024**3:.1f} GiB"
