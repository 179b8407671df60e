"""Family host: settings of the kernel, and limits of the servers' processes."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.subjects import (
    HIDDEN_SERVERS,
    brokers_in,
    client_hosts,
    of_hosts,
    of_servers,
    process_of,
    refusal,
    server_hosts,
    sysctl,
)
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster, Server
from opskit.observe.facts import HostFacts

WAKE, EXPIRE = "vm.dirty_writeback_centisecs", "vm.dirty_expire_centisecs"
RATIOS = ("vm.dirty_background_ratio", "vm.dirty_ratio")
LONGEST_CENTISECS = 6000
HALF = 50
MAPS, LEAST_MAPS, KERNEL_MAPS = "vm.max_map_count", 655360, 65530
"""What opskit and RocketMQ's os.sh set; and the kernel's own default, below which somebody has lowered it."""
LEAST_FILES, LEAST_FILES_CONTAINED = 65536, 4096
RETRIES, MOST_RETRIES = "net.ipv4.tcp_retries2", 8


@control(
    "host-writeback",
    "host",
    "high",
    "Written data reaches the disk within a minute.",
    rationale="RocketMQ's own os.sh lets half of the memory become dirty pages that are written back once an hour. "
    "When the kernel must write them after all, every writer waits for gigabytes, and the host hangs; when the machine "
    "loses its power, an hour of acknowledged messages is gone. Its sysctl -w leaves no file behind: nothing but "
    "the value itself shows it.",
    looks_at="The kernel's write-back timers and shares of dirty memory on server hosts. They are judged in containers "
    "as well: whoever may set them, the servers there write through the same kernel.",
    expects="A vm.dirty_writeback_centisecs from 1 to 6000 (0 never writes back by the clock), "
    "vm.dirty_expire_centisecs of 6000 at the most, and both dirty ratios below 50.",
    remedy="Set them back on the machine whose kernel it is: `sysctl -w vm.dirty_writeback_centisecs=500 "
    "vm.dirty_expire_centisecs=3000 vm.dirty_background_ratio=10 vm.dirty_ratio=20`, and remove what sets them at the "
    "boot from /etc/sysctl.d. Do not run os.sh; `opskit deploy` sets what RocketMQ needs.",
    references=("docs/deploy.md",),
)
def host_writeback(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(host: str, facts: HostFacts) -> Outcome:
        told = {name: sysctl(facts, name) for name in (WAKE, EXPIRE, *RATIOS)}
        wrong = [
            f"{name} is {value}"
            for name, value in told.items()
            if value is not None and not _is_sound_writeback(name, value)
        ]
        if wrong:
            return fails(host, "; ".join(wrong), host, evidence=tuple(told))
        missing = [name for name, value in told.items() if value is None]
        if missing:
            return unknown(host, f"it did not tell {', '.join(missing)}", host)
        return holds(host, host)

    yield from of_hosts(server_hosts(cluster), evidence, judge, "no server is declared")


@control(
    "host-map-count",
    "host",
    "medium",
    "A broker may map as many files as it needs.",
    rationale="Every commit log, consume queue and index file is mapped into memory. A broker that reaches the "
    "kernel's limit cannot make the next file, and refuses sends with an out-of-memory error while memory is free.",
    looks_at="The value of vm.max_map_count on broker hosts. Where opskit_apply_sysctl is false only a value below the "
    "kernel's own default counts: somebody has lowered it.",
    expects=f"At least {LEAST_MAPS}.",
    remedy="Run `opskit deploy`, which sets it; where the kernel is not this host's own, set it on its machine.",
    references=("docs/deploy.md",),
)
def host_map_count(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(host: str, facts: HostFacts) -> Outcome:
        maps = sysctl(facts, MAPS)
        if maps is None:
            return unknown(host, f"it did not tell {MAPS}", host)
        if maps >= LEAST_MAPS:
            return holds(host, host)
        if not cluster.apply_sysctl and maps >= KERNEL_MAPS:
            return not_applicable(host, f"{MAPS} is {maps}, and opskit_apply_sysctl: false says it is not ours", host)
        return fails(host, f"{MAPS} is {maps}", host, evidence=(MAPS,))

    yield from of_hosts(
        sorted({one.host.name for one in brokers_in(cluster)}), evidence, judge, "no broker is declared"
    )


@control(
    "host-open-files",
    "host",
    "medium",
    "Each running server may open enough files.",
    rationale="Connections and mapped files are both descriptors. A server at its limit accepts no connection any "
    "more: the clients that are there stay well, those that come wait.",
    looks_at="The soft limit of each running server's process. In a container the limit is that of whoever made it, so "
    f"there only one below {LEAST_FILES_CONTAINED} counts.",
    expects=f"At least {LEAST_FILES}; opskit's units ask for 655350, as RocketMQ's os.sh does.",
    remedy="Run `opskit deploy`, whose unit sets LimitNOFILE, and restart the server; where it is a container, make it "
    "with a higher limit.",
    references=("docs/deploy.md", "docs/lab.md"),
)
def host_open_files(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, server: Server, facts: HostFacts) -> Outcome:
        host, process = server.host.name, process_of(server, facts)
        if process is None:
            hidden = refusal(facts, *HIDDEN_SERVERS)
            return unknown(subject, hidden, host) if hidden else not_applicable(subject, "it does not run", host)
        limit = process.open_files_limit
        if limit is None:
            return unknown(subject, "the limit of its process could not be read", host)
        if limit < 0 or limit >= LEAST_FILES:
            return holds(subject, host)
        if facts.container and limit >= LEAST_FILES_CONTAINED:
            return not_applicable(subject, f"{limit} is what its {facts.container} container was given", host)
        return fails(subject, f"its process may open {limit} files", host, evidence=("Max open files",))

    yield from of_servers(cluster.servers, evidence, judge)


@control(
    "client-tcp-retries2",
    "host",
    "low",
    "Client hosts give up a dead peer within minutes.",
    rationale="Where a nameserver's or broker's host goes dark, nothing tells the client: it is its own kernel that "
    "ends the connection, after 15 retransmissions by default, which take a quarter of an hour. With 8 it takes about "
    "100 s. It is a net below the client's own timeouts, and does nothing where a hung host still acknowledges.",
    looks_at=f"The value of {RETRIES} on client hosts.",
    expects=f"At the most {MOST_RETRIES}.",
    remedy=f"On the client hosts: echo '{RETRIES} = {MOST_RETRIES}' > /etc/sysctl.d/60-rocketmq-client.conf and sysctl "
    "--system. It is true of every connection of the host, so ask its other services first.",
    references=("docs/timing.md",),
)
def client_tcp_retries2(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(host: str, facts: HostFacts) -> Outcome:
        retries = sysctl(facts, RETRIES)
        if retries is None:
            return unknown(host, f"it did not tell {RETRIES}", host)
        return holds(host, host) if retries <= MOST_RETRIES else fails(host, f"{RETRIES} is {retries}", host)

    yield from of_hosts(client_hosts(cluster), evidence, judge, "no client host is declared")


def _is_sound_writeback(name: str, value: int) -> bool:
    if name in RATIOS:
        return value < HALF
    return (0 if name == EXPIRE else 1) <= value <= LONGEST_CENTISECS
