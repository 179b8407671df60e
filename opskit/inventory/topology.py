"""The topology rules: each one small pure function on a placement, declared or observed, in one table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from opskit.finding import Finding, Severity
from opskit.inventory.cluster import Cluster, Host
from opskit.inventory.placement import Placed, Placement, Role, declared, group
from opskit.rocketmq.releases import has_two_nameserver_trap, numbers


class Violation(NamedTuple):
    """One place where a rule is not kept."""

    subject: str
    sentence: str
    remedy: str


Judge = Callable[[Placement], Iterator[Violation]]


@dataclass(frozen=True)
class Rule:
    """sentence: what the rule asks; waivable: opskit_allow_colocation lowers it to a warning."""

    id: str
    severity: Severity
    sentence: str
    judge: Judge
    waivable: bool = False


RULES: dict[str, Rule] = {}

_WAIVER = "opskit_allow_colocation: true lowers this to a warning."


def rule(id: str, severity: Severity, sentence: str, *, waivable: bool = False) -> Callable[[Judge], Judge]:
    """Enter a function into the table."""

    def enter(judge: Judge) -> Judge:
        RULES[id] = Rule(id, severity, sentence, judge, waivable)
        return judge

    return enter


def judge(cluster: Cluster) -> tuple[Finding, ...]:
    """Every rule on what the inventory declares."""
    return judge_placement(declared(cluster))


def judge_placement(placement: Placement) -> tuple[Finding, ...]:
    """Every rule, in the table's order."""
    return tuple(
        Finding(
            rule=each.id,
            severity="warning" if each.waivable and placement.allow_colocation else each.severity,
            subject=violation.subject,
            sentence=violation.sentence,
            remedy=violation.remedy,
        )
        for each in RULES.values()
        for violation in each.judge(placement)
    )


def _beside_brokers(placement: Placement, role: Role) -> Iterator[tuple[str, str]]:
    """(host, its brokers) for each machine that runs a broker and a server of the role."""
    for servers in placement.by_machine.values():
        brokers = " and ".join(server.name for server in servers if server.role == "broker")
        host = next((server.host.name for server in servers if server.role == role), None)
        if brokers and host:
            yield host, brokers


@rule("colocation", "error", "A nameserver and a broker share no host.", waivable=True)
def _colocation(placement: Placement) -> Iterator[Violation]:
    for host, brokers in _beside_brokers(placement, "nameserver"):
        yield Violation(
            host,
            f"{host} runs a nameserver and {brokers}: when it hangs, clients attached to that nameserver "
            "keep sending to the dead broker",
            f"Give the nameserver a host of its own; {_WAIVER}",
        )


@rule("controller-colocation", "error", "A controller and a broker share no host.", waivable=True)
def _controller_colocation(placement: Placement) -> Iterator[Violation]:
    for host, brokers in _beside_brokers(placement, "controller"):
        yield Violation(
            host,
            f"{host} runs a controller and {brokers}: when it hangs, the failover of that broker has lost a vote",
            f"Give the controller a host of its own, or that of a nameserver; {_WAIVER}",
        )


@rule("too-few-nameservers", "error", "There are two nameservers at the least.")
def _too_few_nameservers(placement: Placement) -> Iterator[Violation]:
    nameservers = placement.of("nameserver")
    if len(nameservers) < 2:
        yield Violation(
            nameservers[0].host.name if nameservers else "nameservers",
            f"the cluster has {len(nameservers)} nameserver{'' if len(nameservers) == 1 else 's'}: "
            "when it hangs, no client learns a route",
            "Declare a second nameserver on another host; three are better.",
        )


@rule("two-nameservers-trap", "warning", "Clients from 4.9.1 to 5.1.3 have three nameservers.")
def _two_nameservers_trap(placement: Placement) -> Iterator[Violation]:
    trapped = sorted(filter(has_two_nameserver_trap, placement.client_releases), key=numbers)
    if len(placement.of("nameserver")) == 2 and trapped:
        yield Violation(
            "nameservers",
            f"two nameservers, and clients of {', '.join(trapped)}: when one drops packets, connecting to it takes the "
            "whole 3 s of a route query, and the client closes its good connection to the other (RocketMQ issue 7056)",
            "Run three nameservers, or clients of 5.1.4 or later.",
        )


@rule("pair-on-one-host", "error", "The brokers of a pair share no host.")
def _pair_on_one_host(placement: Placement) -> Iterator[Violation]:
    for pair, one, other in _neighbours(placement):
        if placement.machine(one) == placement.machine(other) and one.broker_id != other.broker_id:
            yield Violation(
                one.host.name,
                f"{pair} has ids {one.broker_id} and {other.broker_id} on one host, {one.host.name}: they die together",
                f"Move one broker of {pair} to another host.",
            )


@rule("pair-in-one-rack", "warning", "The brokers of a pair stand in different racks.")
def _pair_in_one_rack(placement: Placement) -> Iterator[Violation]:
    yield from _pair_together(placement, "rack", lambda host: host.rack)


@rule("pair-on-one-hypervisor", "warning", "The brokers of a pair run on different hypervisors.")
def _pair_on_one_hypervisor(placement: Placement) -> Iterator[Violation]:
    yield from _pair_together(placement, "hypervisor", lambda host: host.hypervisor)


def _pair_together(placement: Placement, what: str, place: Callable[[Host], str | None]) -> Iterator[Violation]:
    for pair, one, other in _neighbours(placement):
        if placement.machine(one) != placement.machine(other) and place(one.host) == place(other.host) is not None:
            yield Violation(
                other.host.name,
                f"{one.host.name} and {other.host.name}, brokers of {pair}, share the {what} {place(one.host)}",
                f"Move one of them to another {what}.",
            )


def _neighbours(placement: Placement) -> Iterator[tuple[str, Placed, Placed]]:
    for pair, brokers in placement.pairs.items():
        for one, other in combinations(brokers, 2):
            yield pair, one, other


@rule("nameservers-in-one-rack", "warning", "The nameservers stand in more than one rack.")
def _nameservers_in_one_rack(placement: Placement) -> Iterator[Violation]:
    yield from _nameservers_together(placement, "rack", lambda host: host.rack)


@rule("nameservers-on-one-hypervisor", "warning", "The nameservers run on more than one hypervisor.")
def _nameservers_on_one_hypervisor(placement: Placement) -> Iterator[Violation]:
    yield from _nameservers_together(placement, "hypervisor", lambda host: host.hypervisor)


def _nameservers_together(placement: Placement, what: str, place: Callable[[Host], str | None]) -> Iterator[Violation]:
    nameservers = placement.of("nameserver")
    places = {place(nameserver.host) for nameserver in nameservers}
    if len(nameservers) > 1 and len(places) == 1 and (shared := places.pop()):
        yield Violation(
            "nameservers",
            f"all {len(nameservers)} nameservers share the {what} {shared}",
            f"Move one of them to another {what}.",
        )


@rule("duplicate-broker", "error", "A broker name and id stand for one broker.")
def _duplicate_broker(placement: Placement) -> Iterator[Violation]:
    for pair, brokers in placement.pairs.items():
        for broker_id, same in group(brokers, [str(broker.broker_id) for broker in brokers]).items():
            if len(same) > 1:
                yield Violation(
                    same[1].host.name,
                    f"{' and '.join(broker.host.name for broker in same)} are both broker {pair} id {broker_id}: "
                    "the nameservers would know only the last to register",
                    "Give each its own rocketmq_broker_id, or its own rocketmq_broker_name.",
                )


@rule("no-master", "error", "Every pair has a master.")
def _no_master(placement: Placement) -> Iterator[Violation]:
    for pair, brokers in placement.pairs.items():
        if all(broker.broker_id != 0 for broker in brokers):
            yield Violation(
                brokers[0].host.name,
                f"{pair} has no master: no broker of that name has the id 0",
                "Give its master rocketmq_broker_id: 0, or correct rocketmq_broker_name.",
            )


@rule("no-slave", "warning", "Every master has a slave.")
def _no_slave(placement: Placement) -> Iterator[Violation]:
    for pair, brokers in placement.pairs.items():
        if all(broker.broker_id == 0 for broker in brokers):
            yield Violation(
                brokers[0].host.name,
                f"{pair} has a master and no slave: while it hangs, its messages cannot be read",
                f"Declare a slave: rocketmq_broker_name: {pair}, rocketmq_broker_id: 1.",
            )


@rule("port-overlap", "error", "No two servers of a host listen on one port.")
def _port_overlap(placement: Placement) -> Iterator[Violation]:
    for servers in placement.by_machine.values():
        for one, other in combinations(servers, 2):
            if shared := sorted(set(one.ports) & set(other.ports)):
                ports = ", ".join(str(port) for port in shared)
                yield Violation(
                    other.host.name,
                    f"{one.name} and {other.name} on {other.host.name} both listen on {ports} "
                    "(a broker takes its port, the one two below and the one above)",
                    "Set another rocketmq_nameserver_port, rocketmq_broker_port or rocketmq_controller_port.",
                )


@rule("duplicate-address", "error", "An address belongs to one host name.")
def _duplicate_address(placement: Placement) -> Iterator[Violation]:
    addresses: dict[str, list[str]] = {}
    for host in placement.hosts:
        addresses.setdefault(host.address, []).append(host.name)
    for address, names in addresses.items():
        if len(names) > 1:
            yield Violation(
                names[1],
                f"{' and '.join(names)} have the same address {address}",
                "Correct ansible_host or rocketmq_address; one host in two roles is one name in two groups.",
            )


@rule("mixed-releases", "warning", "The servers of a role run one release; only a rolling upgrade passes through more.")
def _mixed_releases(placement: Placement) -> Iterator[Violation]:
    for role in ("nameserver", "broker", "controller"):
        servers = placement.of(role)
        by_release = group(servers, [server.release for server in servers])
        if len(by_release) > 1:
            split = "; ".join(
                f"{release} on {', '.join(server.host.name for server in by_release[release])}"
                for release in sorted(by_release, key=numbers)
            )
            yield Violation(
                f"{role}s",
                f"the {role}s run mixed releases: {split}",
                "Finish the upgrade: one rocketmq_release in group_vars/all.yml.",
            )
