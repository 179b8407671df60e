"""Which server stands where, as its processes show."""

from collections.abc import Iterator
from dataclasses import replace

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.observed import is_process_of, listed, observed, standing, unseen
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.inventory.placement import Placement, declared
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
        if host in evidence.unseen:
            yield unknown(host, unseen(evidence, host), host)
        elif sentences := told.get(placement.machines[host]):
            remedy = _OWN_HOST
            if cluster.allow_colocation:
                remedy += (
                    " opskit_allow_colocation only lets it be planned and deployed; to accept the risk for a time, "
                    "write a waiver of placement-shared-host for this host (opskit_waivers)."
                )
            seen = tuple(_process(process) for process in evidence.hosts[host].servers)
            yield fails(host, "; ".join(sentences), host, remedy=remedy, evidence=seen)
        elif evidence.hosts[host].servers:
            yield holds(host, host)
        else:
            yield not_applicable(host, "no server of RocketMQ runs there now", host)


@control(
    "placement-shared-hardware",
    "placement",
    "high",
    "Nameservers depend on more than one hypervisor, and on none that a broker depends on.",
    rationale="A hypervisor hangs as a host does, and takes all its guests along: then the incident happens on hosts "
    "that look separate.",
    looks_at="opskit_hypervisor of the hosts on which nameservers and brokers are declared or run. What shares a host "
    "is left to placement-shared-host.",
    expects="The nameservers run on two hypervisors at the least, and no broker runs on one of theirs.",
    remedy="Move the nameserver's machine to another hypervisor, and correct opskit_hypervisor.",
    references=("docs/inventory.md",),
)
def _shared_hardware(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    placement = standing(cluster, evidence)
    yield _nameservers_spread(placement, "hypervisor")
    brokers = placement.of("broker")
    for server in dict.fromkeys(placement.of("nameserver")):
        host = server.host
        apart = [one.host for one in brokers if placement.machine(one) != placement.machine(server)]
        beside = [one.name for one in apart if host.hypervisor and one.hypervisor == host.hypervisor]
        blank = [one.name for one in (host, *apart) if one.hypervisor is None]
        if beside:
            told = f"{host.name} (nameserver) and {listed(_once(beside))} (brokers) share hypervisor {host.hypervisor}"
            yield fails(host.name, told, host.name, evidence=("opskit_hypervisor",))
        elif blank:
            yield not_applicable(host.name, f"opskit_hypervisor is not set for {listed(_once(blank))}", host.name)
        else:
            yield holds(host.name, host.name)


@control(
    "placement-shared-rack",
    "placement",
    "medium",
    "Neither all nameservers nor a whole pair stand in one rack.",
    rationale="A rack loses its power or its switch as a whole. With all nameservers in it no client learns a route; "
    "with a whole pair in it the messages of that pair cannot even be read.",
    looks_at="opskit_rack of the hosts on which nameservers and brokers are declared or run.",
    expects="The nameservers stand in two racks at the least, and so do the brokers of each pair.",
    remedy="Move one of them to another rack, and correct opskit_rack.",
    references=("docs/inventory.md",),
)
def _shared_rack(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    placement = standing(cluster, evidence)
    yield _nameservers_spread(placement, "rack")
    for pair, brokers in _pairs(placement).items():
        blank = [one.host.name for one in brokers.servers if one.host.rack is None]
        sentences = [violation.sentence for violation in RULES["pair-in-one-rack"].judge(brokers)]
        if sentences:
            yield fails(pair, "; ".join(sentences), evidence=("opskit_rack",))
        elif len(brokers.servers) < 2:
            yield not_applicable(pair, "it has one broker only")
        elif blank:
            yield not_applicable(pair, f"opskit_rack is not set for {listed(_once(blank))}")
        else:
            yield holds(pair)


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
    for pair, brokers in _pairs(standing(cluster, evidence)).items():
        hidden = [one.host.name for one in brokers.servers if one.host.name in evidence.unseen]
        rules = ("pair-on-one-host", "pair-on-one-hypervisor")
        sentences = [violation.sentence for rule in rules for violation in RULES[rule].judge(brokers)]
        if sentences:
            yield fails(pair, "; ".join(sentences))
        elif len(brokers.servers) < 2:
            yield not_applicable(pair, "it has one broker only")
        elif hidden:
            yield unknown(pair, unseen(evidence, hidden[0]), hidden[0])
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
    for host in (one.name for one in cluster.hosts):
        if host in evidence.unseen:
            yield unknown(host, unseen(evidence, host), host)
            continue
        here = [one for one in cluster.servers if machines[one.host.name] == machines[host]]
        strays = [
            process for process in evidence.hosts[host].servers if not any(is_process_of(process, one) for one in here)
        ]
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


def _nameservers_spread(placement: Placement, what: str) -> Outcome:
    servers = placement.of("nameserver")
    together = list(RULES[f"nameservers-{'in' if what == 'rack' else 'on'}-one-{what}"].judge(placement))
    blank = [one.host.name for one in servers if getattr(one.host, what) is None]
    if together:
        return fails("nameservers", together[0].sentence, evidence=(f"opskit_{what}",))
    if len(servers) < 2:
        return not_applicable("nameservers", "there is one nameserver only, which nameserver-alone tells of")
    if blank:
        return not_applicable("nameservers", f"opskit_{what} is not set for {listed(_once(blank))}")
    return holds("nameservers")


def _pairs(placement: Placement) -> dict[str, Placement]:
    """Each broker name with the placement of its own brokers."""
    return {name: replace(placement, servers=brokers) for name, brokers in placement.pairs.items() if name}


def _once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _process(process: ServerProcess) -> str:
    where = process.unit or (f"container {process.container[:12]}" if process.container else "started by hand")
    return f"{process.kind} (pid {process.pid}, {where})"
