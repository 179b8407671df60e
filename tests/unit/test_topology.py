"""The topology rules on placements that no inventory declared, as an observation would give them.

What each rule says of an inventory stands in tests/cases/inventories.
"""

from pathlib import Path

import pytest
import yaml

from opskit.inventory.cluster import Endpoint, Host
from opskit.inventory.placement import Placed, Placement, Role
from opskit.inventory.topology import RULES, judge_placement

ROOT = Path(__file__).parent.parent.parent


def host(name: str, address: str = "", *, ssh: str = "", port: int = 22, rack: str | None = None) -> Host:
    endpoint = Endpoint(host=name, address=ssh or address or name, port=port)
    return Host(name=name, address=address or name, endpoint=endpoint, rack=rack)


def server(role: Role, on: Host, port: int = 0, release: str = "4.8.0", pair: str = "a", broker_id: int = 0) -> Placed:
    default = {"nameserver": 9876, "broker": 10911, "controller": 9878}[role]
    if role == "broker":
        return Placed(role, on, port or default, release, pair, broker_id)
    return Placed(role, on, port or default, release)


def placement(*servers: Placed, clients: frozenset[str] = frozenset(), allow_colocation: bool = False) -> Placement:
    hosts = {each.host.name: each.host for each in servers}
    return Placement(servers, tuple(hosts.values()), clients, allow_colocation)


def rules(placed: Placement) -> list[tuple[str, str]]:
    return [(finding.rule, finding.subject) for finding in judge_placement(placed)]


NAMESERVERS = (server("nameserver", host("ns1")), server("nameserver", host("ns2")))
PAIR = (server("broker", host("b1")), server("broker", host("b2"), broker_id=1))


def test_a_sound_placement_keeps_every_rule() -> None:
    assert rules(placement(*NAMESERVERS, *PAIR)) == []


@pytest.mark.parametrize(
    ("releases", "trapped"),
    [
        ({"4.9.0"}, False),
        ({"4.9.1"}, True),
        ({"4.9.7"}, True),
        ({"5.0.0"}, True),
        ({"5.1.3"}, True),
        ({"5.1.4"}, False),
        ({"5.10.0"}, False),
        ({"4.8.0", "5.1.0"}, True),
        (set(), False),
    ],
)
def test_the_trap_of_two_nameservers_is_for_clients_from_4_9_1_to_5_1_3(releases: set[str], trapped: bool) -> None:
    two = placement(*NAMESERVERS, *PAIR, clients=frozenset(releases))
    assert (("two-nameservers-trap", "nameservers") in rules(two)) is trapped
    three = placement(*NAMESERVERS, server("nameserver", host("ns3")), *PAIR, clients=frozenset(releases))
    assert rules(three) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (host("x"), host("x"), True),
        (host("x", "10.0.0.1"), host("y", "10.0.0.1"), True),
        (host("x", "10.0.0.1", ssh="h"), host("y", "10.0.0.2", ssh="h"), True),
        (host("x", "10.0.0.1", ssh="h", port=2201), host("y", "10.0.0.2", ssh="h", port=2202), False),
        (host("x", "10.0.0.1"), host("y", "10.0.0.2"), False),
    ],
)
def test_a_machine_is_known_by_name_address_and_ssh(one: Host, other: Host, same: bool) -> None:
    placed = placement(server("nameserver", one), server("broker", other))
    assert (("colocation", one.name) in rules(placed)) is same


def test_colocation_is_told_once_a_host_with_all_its_brokers() -> None:
    shared = host("x")
    brokers = (server("broker", shared), server("broker", shared, 10921, pair="b"))
    findings = [f for f in judge_placement(placement(server("nameserver", shared), *brokers)) if f.rule == "colocation"]
    assert len(findings) == 1
    assert "broker a id 0 and broker b id 0" in findings[0].sentence


@pytest.mark.parametrize("role", ["nameserver", "controller"])
def test_the_operator_may_allow_colocation_and_is_warned_every_time(role: Role) -> None:
    shared = host("x")
    for allowed, severity in ((False, "error"), (True, "warning")):
        placed = placement(server(role, shared), server("broker", shared), allow_colocation=allowed)
        found = [finding.severity for finding in judge_placement(placed) if "colocation" in finding.rule]
        assert found == [severity]


@pytest.mark.parametrize("port", [10909, 10911, 10912, 10913, 10914, 10920])
def test_a_broker_takes_its_port_the_one_two_below_and_the_one_above(port: int) -> None:
    placed = placement(server("broker", host("x")), server("nameserver", host("x"), port))
    assert (("port-overlap", "x") in rules(placed)) is (port in (10909, 10911, 10912))


@pytest.mark.parametrize(
    ("second", "overlap"), [(10912, True), (10913, True), (10910, True), (10914, True), (10921, False)]
)
def test_two_brokers_of_a_host_need_ports_apart(second: int, overlap: bool) -> None:
    placed = placement(server("broker", host("x")), server("broker", host("x"), second, pair="b"))
    assert (("port-overlap", "x") in rules(placed)) is overlap


def test_racks_that_nobody_named_are_not_judged() -> None:
    assert rules(placement(*NAMESERVERS, *PAIR)) == []
    one_named = (server("nameserver", host("ns1", rack="r1")), server("nameserver", host("ns2")))
    assert rules(placement(*one_named, *PAIR)) == []


def test_slaves_of_one_pair_may_not_share_a_rack_either() -> None:
    slaves = [server("broker", host(f"s{number}", rack="r2"), broker_id=number) for number in (1, 2)]
    master = server("broker", host("b1", rack="r1"))
    assert rules(placement(*NAMESERVERS, master, *slaves)) == [("pair-in-one-rack", "s2")]


def test_every_rule_is_proved_by_an_inventory_and_stands_in_the_docs() -> None:
    cases = [yaml.safe_load(path.read_text()) for path in (ROOT / "tests/cases/inventories").glob("*.yml")]
    proved = {case["finding"]["rule"] for case in cases if "finding" in case}
    assert set(RULES) <= proved
    document = (ROOT / "docs/inventory.md").read_text()
    for rule in proved:
        assert f"`{rule}`" in document
    for rule in RULES.values():
        assert rule.sentence in document
