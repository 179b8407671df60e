"""Family host: memory, disk and clock of the hosts."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.jvm_memory import wanted_bytes
from opskit.compliance.controls.subjects import (
    HIDDEN_SERVERS,
    brokers_in,
    number,
    of_hosts,
    refusal,
    server_hosts,
    sysctl,
)
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster, Server
from opskit.observe.facts import HostFacts

NO_SERVERS = "no server is declared"
NO_BROKERS = "no broker is declared"
GIB = 1 << 30
SWAPPED_BYTES = 16 << 20
"""Below it: pages of the start-up that nobody touches again."""
SWAPPINESS = 10
RATIO, DEFAULT_RATIO = "diskMaxUsedSpaceRatio", 75
MARGIN = 10
"""Points of a disk below the share at which the broker begins to delete."""
FORCED = 85
"""Percent at which a broker deletes messages before their time (rocketmq.broker.diskSpaceCleanForciblyRatio 0.85,
DefaultMessageStore); at 90 it takes no more."""
FORCED_MARGIN = 5
INODES = 0.9
CLOCK_SECONDS = 2.0


@control(
    "host-swap",
    "host",
    "medium",
    "No server is swapped out, nor soon will be.",
    rationale="A collection of garbage walks over the whole heap. What lies in swap has to come back from the disk for "
    "it, and the JVM stands still meanwhile: to everybody else the server hangs, and it is the hang, not a crash, that "
    "clients handle badly.",
    looks_at="Swapped memory of each running server, the host's swap, and vm.swappiness. Swappiness is not judged "
    "where opskit_apply_sysctl is false; what is swapped out is, everywhere.",
    expects=f"Less than 16 MiB of any server in swap; no swap at all, or vm.swappiness of {SWAPPINESS} at the most.",
    remedy="Run `opskit deploy`, which sets vm.swappiness to 1; give the host more memory or the servers smaller "
    "heaps; restart a server that is swapped out already.",
    references=("docs/deploy.md",),
)
def host_swap(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(host: str, facts: HostFacts) -> Outcome:
        if facts.memory.swap_total == 0:
            return holds(host, host)
        swapped = [one for one in facts.servers if (one.swapped_bytes or 0) > SWAPPED_BYTES]
        if swapped:
            told = ", ".join(f"{(one.swapped_bytes or 0) >> 20} MiB of its {one.kind}" for one in swapped)
            return fails(host, f"in swap: {told}", host, evidence=("VmSwap",))
        hidden = refusal(facts, *HIDDEN_SERVERS)
        if hidden or any(one.swapped_bytes is None for one in facts.servers):
            return unknown(host, hidden or "how much of its servers is in swap could not be read", host)
        swappiness = sysctl(facts, "vm.swappiness")
        if not cluster.apply_sysctl:
            return not_applicable(
                host, f"no server is in swap; vm.swappiness is {swappiness}, and opskit_apply_sysctl: false", host
            )
        if swappiness is None:
            return unknown(host, "it has swap, and did not tell vm.swappiness", host)
        if swappiness > SWAPPINESS:
            return fails(host, f"it has swap, and vm.swappiness is {swappiness}", host, evidence=("vm.swappiness",))
        return holds(host, host)

    yield from of_hosts(server_hosts(cluster), evidence, judge, NO_SERVERS)


@control(
    "host-memory",
    "host",
    "high",
    "The servers of a host fit into its memory.",
    rationale="Heaps and direct memory are promised at the start and taken later, under load. Where the promises of "
    "one host exceed its memory, it swaps or the kernel kills a server, on the day when it is needed most. Several "
    "servers on one host make it likely.",
    looks_at="Heap and MaxDirectMemorySize in the options of every RocketMQ server that runs there, declared or not, "
    "beside the memory of the host or of its cgroup. Without -Xmx a JVM takes a quarter of it.",
    expects="Together no more than the host has. What is left serves as page cache, on which reads depend.",
    remedy="Lower rocketmq_broker_heap, rocketmq_broker_direct_memory or rocketmq_nameserver_heap and run "
    "`opskit deploy`, or move a server to another host.",
    references=("docs/deploy.md",),
)
def host_memory(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(host: str, facts: HostFacts) -> Outcome:
        hidden = refusal(facts, *HIDDEN_SERVERS)
        if hidden:
            return unknown(host, f"what all servers there may take is not known: {hidden}", host)
        if not facts.servers:
            return not_applicable(host, f"no RocketMQ server runs on {host}", host)
        wanted = sum(wanted_bytes(one.options, facts.memory.total) for one in facts.servers)
        if wanted <= facts.memory.total:
            return holds(host, host)
        kinds = ", ".join(sorted(one.kind for one in facts.servers))
        told = f"{kinds} may take {wanted / GIB:.1f} GiB together, the host has {facts.memory.total / GIB:.1f} GiB"
        return fails(host, told, host, evidence=("-Xmx", "-XX:MaxDirectMemorySize"))

    yield from of_hosts(server_hosts(cluster), evidence, judge, NO_SERVERS)


@control(
    "host-disk",
    "host",
    "high",
    "The brokers' stores have room.",
    rationale="At diskMaxUsedSpaceRatio a broker deletes what is past its time at any hour; at 85 % it deletes "
    "messages that nobody has read yet, and at 90 % it refuses every send. All brokers of a cluster tend to get there "
    "on the same day.",
    looks_at="The share of the store's file system that is in use, as df counts it, and diskMaxUsedSpaceRatio in force "
    "in the broker, where it answers; else as it is declared. RocketMQ moves it into 10 to 95.",
    expects=f"At least {MARGIN} points below diskMaxUsedSpaceRatio, and {FORCED_MARGIN} below {FORCED} %.",
    remedy="Give the file system more room, or keep messages for less long: lower fileReservedTime (hours) in "
    "rocketmq_broker_settings and run `opskit deploy`.",
    references=("docs/settings.md",),
)
def host_disk(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    brokers = {broker.host.name: broker for broker in brokers_in(cluster)}

    def judge(host: str, facts: HostFacts) -> Outcome:
        folder = facts.folders.get(cluster.store_path)
        if folder is None:
            return unknown(host, refusal(facts, cluster.store_path) or f"it told nothing of {cluster.store_path}", host)
        ratio = _disk_ratio(brokers[host], evidence)
        used, limit = folder.used_ratio * 100, min(ratio - MARGIN, FORCED - FORCED_MARGIN)
        if used < limit:
            return holds(host, host)
        return fails(
            host,
            f"{cluster.store_path} is {used:.0f} % full, diskMaxUsedSpaceRatio is {ratio}",
            host,
            evidence=(cluster.store_path, RATIO),
        )

    yield from of_hosts(sorted(brokers), evidence, judge, NO_BROKERS)


@control(
    "host-inodes",
    "host",
    "medium",
    "The brokers' stores have inodes left.",
    rationale="A queue of a topic is a folder with files of its own. A broker with many topics runs out of inodes "
    "while df still shows room, and then cannot make the next commit log file.",
    looks_at="The share of inodes that is in use in the store's file system.",
    expects="Less than 90 %.",
    remedy="Delete topics that nobody uses, or move the store to a file system with more inodes.",
)
def host_inodes(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(host: str, facts: HostFacts) -> Outcome:
        folder = facts.folders.get(cluster.store_path)
        if folder is None:
            return unknown(host, refusal(facts, cluster.store_path) or f"it told nothing of {cluster.store_path}", host)
        if folder.inodes_used_ratio is None:
            return not_applicable(host, "the file system of its store makes inodes as they are needed", host)
        if folder.inodes_used_ratio < INODES:
            return holds(host, host)
        told = f"{folder.inodes_used_ratio * 100:.0f} % of the inodes below {cluster.store_path} are in use"
        return fails(host, told, host, evidence=(cluster.store_path,))

    yield from of_hosts(sorted({one.host.name for one in brokers_in(cluster)}), evidence, judge, NO_BROKERS)


@control(
    "host-clock",
    "host",
    "medium",
    "Every clock is synchronized and agrees with this controller's.",
    rationale="Nameservers drop brokers by their own clock, brokers keep messages and delay them by theirs, and logs "
    "of an incident can be laid side by side only where clocks agree. A clock that jumps drops every broker at once.",
    looks_at="What the kernel says of its own clock (adjtimex), and the host's time beside this controller's when the "
    "answer came. Whether it is synchronized is not judged in a container, which has the clock of its machine.",
    expects=f"Synchronized, and within {CLOCK_SECONDS:.0f} s of this controller.",
    remedy="Let chrony or systemd-timesyncd run on the host. Where all hosts differ by the same, look at this "
    "controller's clock.",
)
def host_clock(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(host: str, facts: HostFacts) -> Outcome:
        if not facts.heard:
            return unknown(host, "when its answer came was not noted", host)
        behind = facts.heard - facts.at
        if abs(behind) > CLOCK_SECONDS:
            direction = "behind" if behind > 0 else "ahead of"
            return fails(host, f"its clock is {abs(behind):.1f} s {direction} this controller's", host)
        if facts.clock.synchronized:
            return holds(host, host)
        if facts.container:
            return not_applicable(host, f"it is a {facts.container} container: its clock is its machine's", host)
        if facts.clock.synchronized is None:
            return unknown(host, facts.clock.why or "its kernel did not say whether its clock is synchronized", host)
        return fails(host, "its kernel says that nothing synchronizes its clock", host, evidence=("adjtimex",))

    yield from of_hosts([host.name for host in cluster.hosts], evidence, judge, "no host is declared")


def _disk_ratio(broker: Server, evidence: Evidence) -> int:
    """Percent. In force, else declared, else the default (MessageStoreConfig.getDiskMaxUsedSpaceRatio bounds it)."""
    in_force = (evidence.brokers[broker.host.name].settings or {}).get(RATIO)
    told = (number(str(one).strip()) for one in (in_force, broker.settings.get(RATIO)))
    given = next((one for one in told if one is not None), DEFAULT_RATIO)
    return min(max(given, 10), 95)
