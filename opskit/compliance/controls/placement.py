"""Which server stands where, as its processes show."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.observed import is_process_of, listed, observed, pairs_of, standing, unread, unseen
from opskit.compliance.controls.subjects import HIDDEN_SERVERS, refusal
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster, Server
from opskit.inventory.placement import declared
from opskit.inventory.topology import RULES
from opskit.observe.facts import ServerProcess

_OWN_HOST = "Give the nameserver or controller a host of its own in the inventory, then run `opskit deploy`."


@control(
    "placement-shared-host",
    "placement",
    "critical",
    "A nameserver or controller shares no host with a broker.",
    rationale="In the incident each host ran a nameserver and a broker. One host hung: its broker was dead, and the "
    "clients attached to its nameserver were never told. They sent to the dead broker for ten minutes.",
    looks_at="The processes that run on each host, whatever the inventory says of it; brokers in a container or in a "
    "proxy in local mode count, and two names of one machine are one host.",
    expects="No machine runs a broker beside a nameserver or a controller.",
    remedy=_OWN_HOST,
    references=("docs/inventory.md",),
)
def _shared_host(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    placement = observed(cluster, evidence)
    told: dict[str, list[str]] = {}
    for rule in ("colocation", "controller-colocation"):
        for violation in RULES[rule].judge(placement):
            told.setdefault(placement.machines[violation.subject], []).append(violation.sentence)
    for host in _server_hosts(cluster, evidence):
        if sentences := told.get(placement.machines[host]):
            remedy = _OWN_HOST
            if cluster.allow_colocation:
                remedy += (
                    " opskit_allow_colocation only lets it be planned and deployed; to accept the risk for a time, "
                    "write a waiver of placement-shared-host for this host (opskit_waivers)."
                )
            seen = tuple(_process(one) for one in evidence.hosts[host].servers) if host in evidence.hosts else ()
            yield fails(host, "; ".join(sentences), host, remedy=remedy, evidence=seen)
        elif hidden := _hidden(evidence, host):
            yield unknown(host, hidden, host)
        elif evidence.hosts[host].servers:
            yield holds(host, host)
        else:
            yield not_applicable(host, "no server of RocketMQ runs there now", host)


@control(
    "placement-pair-apart",
    "placement",
    "high",
    "The master and the slave of a pair share neither a host nor a hypervisor.",
    rationale="A slave is there for the time in which its master hangs: consumers go on from it. On the same machine "
    "it hangs too, and the messages of the pair are out of reach.",
    looks_at="The broker processes of each host, which pair each is of by the nameservers, and opskit_hypervisor where "
    "it is set. Racks are judged by placement-shared-rack.",
    expects="Each broker of a pair runs on a machine and a hypervisor of its own.",
    remedy="Move one broker of the pair to another host in the inventory, then run `opskit deploy`.",
    references=("docs/inventory.md",),
)
def _pair_apart(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for pair, brokers in pairs_of(standing(cluster, evidence)).items():
        hosts = [one.host.name for one in brokers.servers]
        hidden = [why for host in hosts if (why := _hidden(evidence, host))]
        rules = ("pair-on-one-host", "pair-on-one-hypervisor")
        sentences = [violation.sentence for rule in rules for violation in RULES[rule].judge(brokers)]
        if sentences:
            yield fails(pair, "; ".join(sentences))
        elif len(brokers.servers) < 2:
            yield not_applicable(pair, "it has one broker only")
        elif hidden:
            yield unknown(pair, hidden[0])
        else:
            yield holds(pair)


@control(
    "placement-undeclared-server",
    "placement",
    "medium",
    "Every server of RocketMQ that runs on a host is declared there.",
    rationale="A separation decays by hand: a nameserver is started on a broker's host for a moment, and stays. What "
    "nobody declared nobody restarts, updates or watches, and clients may depend on it.",
    looks_at="The RocketMQ servers among the processes of each host. A process is a declared one where it listens on "
    "the declared port or is in the unit that opskit makes.",
    expects="Each of them is a nameserver, broker or controller of this inventory on this host.",
    remedy="Stop it, and disable its unit; or declare it in the inventory and run `opskit deploy`.",
    references=("docs/inventory.md",),
)
def _undeclared(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    machines = declared(cluster).machines
    declared_on: dict[str, list[Server]] = {}
    for server in cluster.servers:
        declared_on.setdefault(machines[server.host.name], []).append(server)
    for host in (one.name for one in cluster.hosts):
        if host in evidence.unseen:
            yield unknown(host, unseen(evidence, host), host)
            continue
        facts = evidence.hosts[host]
        here = declared_on.get(machines[host], [])
        strays = [process for process in facts.servers if not any(is_process_of(process, one) for one in here)]
        hidden = refusal(facts, *HIDDEN_SERVERS)
        if hidden and not any(process.ports for process in strays):
            yield unknown(host, f"not all servers of {host} could be looked into: {hidden}", host)
            continue
        if not strays:
            yield holds(host, host)
            continue
        foreign = sorted({process.kind for process in strays} & {"proxy", "container"})
        remedy = (
            f"opskit deploys no {' and no '.join(foreign)}, so the inventory cannot declare it: stop it, or accept it "
            "with a waiver (opskit_waivers)."
        )
        told = f"{host} runs what the inventory does not declare there: {listed([_process(one) for one in strays])}"
        yield fails(host, told, host, remedy=remedy if foreign else "", evidence=("processes",))


def _server_hosts(cluster: Cluster, evidence: Evidence) -> list[str]:
    """Hosts on which a server is declared or runs."""
    running = {name for name, facts in evidence.hosts.items() if facts.servers}
    wanted = {server.host.name for server in cluster.servers}
    return [host.name for host in cluster.hosts if host.name in wanted | running]


def _hidden(evidence: Evidence, host: str) -> str:
    """Why other servers than those that are known may run on a host; empty where all were seen."""
    if host in evidence.unseen:
        return unseen(evidence, host)
    hidden = unread(evidence.hosts[host])
    return f"not all servers of {host} could be seen: {hidden}" if hidden else ""


def _process(process: ServerProcess) -> str:
    where = process.unit or (f"container {process.container[:12]}" if process.container else "started by hand")
    return f"{process.kind} (pid {process.pid}, {where})"
