"""What the controls on hosts, servers and client JVMs are about, one outcome a subject. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from opskit.compliance.control import Outcome, Status, not_applicable, unknown
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Broker, Cluster, Server
from opskit.observe.facts import HostFacts, ServerProcess
from opskit.observe.model import Jvm
from opskit.observe.prove import Proof, prove
from opskit.observe.survey import Asked
from opskit.render.layout import KINDS

WORST_FIRST: tuple[Status, ...] = ("fails", "unknown", "holds", "not-applicable")
NAMELESS = "a JVM without a name"
MOST_DIGITS = 20
"""Of a number of 64 bits."""
HIDDEN_JVMS = ("JVMs", "processes")
"""In a sentence of what was refused, where it is about JVMs that may run and were not seen."""
HIDDEN_SERVERS = ("processes", "that is process")
"""The same of RocketMQ's servers."""


def client_hosts(cluster: Cluster) -> list[str]:
    return [client.host.name for client in cluster.clients]


def server_hosts(cluster: Cluster) -> list[str]:
    return sorted({server.host.name for server in cluster.servers})


def brokers_in(cluster: Cluster) -> list[Server]:
    return [server for server in cluster.servers if isinstance(server, Broker)]


def unit_of(server: Server) -> str:
    return KINDS[server.component].unit


def process_of(server: Server, facts: HostFacts) -> ServerProcess | None:
    """What serves the declared port, whoever started it; else what its unit runs."""
    main_pid = facts.units[unit_of(server)].main_pid if unit_of(server) in facts.units else 0
    return next((one for one in facts.servers if server.port in one.ports), None) or next(
        (one for one in facts.servers if one.pid == main_pid), None
    )


def sysctl(facts: HostFacts, name: str) -> int | None:
    """A kernel setting; None where the host did not tell it, or what it told is no number of the kernel's."""
    return number(facts.sysctl.get(name, ""))


def number(text: str) -> int | None:
    """None for what is none, and for one of more digits than any setting has: Python refuses thousands of them."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def refusal(facts: HostFacts, *words: str) -> str:
    """The first sentence of what a host refused that has one of these words; "" where there is none."""
    return next((sentence for sentence in facts.refused if any(word in sentence for word in words)), "")


def of_hosts(
    hosts: Sequence[str], evidence: Evidence, judge: Callable[[str, HostFacts], Outcome], none: str
) -> Iterator[Outcome]:
    """One outcome a host; unknown where it did not tell. none: why there is nothing to judge without any host."""
    if not hosts:
        yield not_applicable("cluster", none)
    for host in hosts:
        yield judge(host, evidence.hosts[host]) if host in evidence.hosts else _silent(host, host, evidence)


def of_servers(
    servers: Iterable[Server], evidence: Evidence, judge: Callable[[str, Server, HostFacts], Outcome]
) -> Iterator[Outcome]:
    """One outcome a declared server, its subject being "HOST UNIT"; unknown where its host did not tell."""
    for server in servers:
        host, subject = server.host.name, f"{server.host.name} {unit_of(server)}"
        if host in evidence.hosts:
            yield judge(subject, server, evidence.hosts[host])
        else:
            yield _silent(subject, host, evidence)


def of_clients(
    cluster: Cluster, evidence: Evidence, judge: Callable[[str, Jvm, HostFacts, str], Outcome]
) -> Iterator[Outcome]:
    """One outcome a name of client JVMs on a host: JVMs that share one count together, since a pid names none for long.

    judge gets subject, JVM, facts and host. Servers are left out: what they do as clients is a line in their own file.
    """
    declared = client_hosts(cluster)
    if not declared:
        yield not_applicable("cluster", "the inventory declares no client host")
    for host in dict.fromkeys([*declared, *sorted(evidence.hosts)]):
        if host not in evidence.hosts:
            yield _silent(host, host, evidence)
            continue
        facts = evidence.hosts[host]
        services: dict[str, list[Jvm]] = {}
        for jvm in client_jvms(facts):
            services.setdefault(_name(jvm), []).append(jvm)
        for name, jvms in sorted(services.items()):
            subject = f"{host} {name}"
            yield _together([judge(subject, jvm, facts, host) for jvm in jvms])
        if not services and host in declared:
            yield _nothing(host, facts)


def client_jvms(facts: HostFacts) -> list[Jvm]:
    """JVMs that hold a RocketMQ client, or may; a proxy is a client too, the other servers are not."""
    servers = {one.pid for one in facts.servers if one.kind != "proxy"}
    return [jvm for jvm in facts.jvms if jvm.pid not in servers]


def proof_of(jvm: Jvm, facts: HostFacts) -> Proof:
    """What is in force in it. A JVM that the host's records call switched on while it ran differs from its bytes."""
    told = next((one for one in facts.agents if one.pid == jvm.pid), None)
    if told:
        return prove(jvm, Asked(told.report, told.error))
    if jvm.pid in facts.flipped:
        return prove(jvm, Asked(None, "nobody did, and the host's records say that it was switched on while it ran"))
    return prove(jvm, None)


def _name(jvm: Jvm) -> str:
    return jvm.name if jvm.unit or jvm.container or jvm.main else NAMELESS


def _together(outcomes: list[Outcome]) -> Outcome:
    """The worst of JVMs of one name, with how many of them it is true of."""
    worst = min(outcomes, key=lambda one: WORST_FIRST.index(one.status))
    same = [one for one in outcomes if one.status == worst.status]
    if len(outcomes) == 1 or not worst.observed:
        return worst
    told = "; ".join(dict.fromkeys(one.observed for one in same))
    return worst.model_copy(update={"observed": f"{len(same)} of {len(outcomes)} JVMs of this name: {told}"})


def _nothing(host: str, facts: HostFacts) -> Outcome:
    hidden = refusal(facts, *HIDDEN_JVMS)
    if hidden:
        return unknown(host, f"no client was found, and others may be there: {hidden}", host)
    return not_applicable(host, f"no JVM with a RocketMQ client runs on {host}", host)


def _silent(subject: str, host: str, evidence: Evidence) -> Outcome:
    return unknown(subject, f"{host} could not be audited: {evidence.unseen[host].error}", host)
