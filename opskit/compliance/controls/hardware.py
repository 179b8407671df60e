"""What servers depend on together, as the inventory tells: hypervisors and racks."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable
from opskit.compliance.controls.observed import listed, pairs_of, standing
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.inventory.placement import Placement
from opskit.inventory.topology import RULES


@control(
    "placement-shared-hardware",
    "placement",
    "high",
    "Nameservers depend on more than one hypervisor, and on none that a broker depends on.",
    rationale="A hypervisor hangs as a host does, and takes all its guests along: then the incident happens on hosts "
    "that look separate.",
    looks_at="The opskit_hypervisor of the hosts on which nameservers and brokers are declared or run. What shares a "
    "host is left to placement-shared-host.",
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
    looks_at="The opskit_rack of the hosts on which nameservers and brokers are declared or run.",
    expects="The nameservers stand in two racks at the least, and so do the brokers of each pair.",
    remedy="Move one of them to another rack, and correct opskit_rack.",
    references=("docs/inventory.md",),
)
def _shared_rack(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    placement = standing(cluster, evidence)
    yield _nameservers_spread(placement, "rack")
    for pair, brokers in pairs_of(placement).items():
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


def _once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))
