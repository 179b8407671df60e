"""What a drill would hang, hold and judge, decided before any host is asked."""

from typing import Any

import pytest
from clusters import host, small_cluster

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Broker, Client, Cluster, Host, Jvm, Nameserver
from opskit.verify.options import Options, hold_seconds, late_seconds, limits, settle_seconds
from opskit.verify.plan import plan
from opskit.verify.request import fault_request
from opskit.verify.scenario import ScenarioName, choose, fault_named, scenario_named


def _master(on: Host, name: str) -> Broker:
    return Broker(host=on, release="4.8.0", broker_name=name, broker_id=0, role="ASYNC_MASTER", jvm=Jvm(heap="1g"))


def separated(**changes: Any) -> Cluster:
    """Two nameservers, two masters on hosts of their own."""
    masters = (_master(host("a", "10.0.0.11"), "broker-a"), _master(host("b", "10.0.0.13"), "broker-b"))
    return small_cluster(brokers=masters, **changes)


def colocated() -> Cluster:
    """The incident's layout: each host carries a nameserver and a master."""
    hosts = host("h1", "10.0.0.1"), host("h2", "10.0.0.2")
    return small_cluster(
        nameservers=tuple(Nameserver(host=one, release="4.8.0", jvm=Jvm(heap="256m")) for one in hosts),
        brokers=tuple(_master(one, f"broker-{letter}") for one, letter in zip(hosts, "ab", strict=True)),
    )


def hung(cluster: Cluster, scenario: ScenarioName, victims: tuple[str, ...] = (), **attached: int) -> set[str]:
    counts = {f"10.0.0.{name[2:]}:9876": count for name, count in attached.items()}
    targets = choose(cluster, scenario, victims, counts)
    return {f"{target.host.name}:{server.component}" for target in targets for server in target.servers}


@pytest.mark.parametrize(
    ("cluster", "scenario", "victims", "attached", "expected"),
    [
        (separated(), "nameserver", (), {}, {"ns1:nameserver"}),
        (separated(), "nameserver", (), {"ns2": 3, "ns1": 1}, {"ns2:nameserver"}),
        (separated(), "nameserver", ("auto",), {"ns2": 3}, {"ns2:nameserver"}),
        (separated(), "nameserver", ("ns1",), {"ns2": 3}, {"ns1:nameserver"}),
        (separated(), "broker", (), {}, {"a:broker"}),
        (separated(), "broker", ("broker-b",), {}, {"b:broker"}),
        (separated(), "broker", ("b",), {}, {"b:broker"}),
        (separated(), "nameserver-and-broker", (), {}, {"ns1:nameserver", "a:broker"}),
        (separated(), "nameserver-and-broker", ("b",), {"ns2": 1}, {"ns2:nameserver", "b:broker"}),
        (separated(), "nameserver-and-broker", ("ns2", "broker-b"), {}, {"ns2:nameserver", "b:broker"}),
        (colocated(), "host", (), {"ns2": 1}, {"h2:nameserver", "h2:broker"}),
        (colocated(), "host", ("broker-a",), {}, {"h1:nameserver", "h1:broker"}),
        (colocated(), "nameserver-and-broker", (), {}, {"h1:nameserver", "h1:broker"}),
    ],
)
def test_who_hangs(
    cluster: Cluster, scenario: ScenarioName, victims: tuple[str, ...], attached: dict[str, int], expected: set[str]
) -> None:
    assert hung(cluster, scenario, victims, **attached) == expected


@pytest.mark.parametrize(
    ("cluster", "scenario", "victims", "sentence"),
    [
        (separated(), "nameserver", ("a",), "a cannot be a victim of the scenario nameserver"),
        (separated(), "broker", ("nowhere",), "nowhere cannot be a victim"),
        (separated(), "nameserver-and-broker", ("ns1", "ns2"), "ns2 cannot be a victim"),
        (separated(), "host", (), "no victim for the scenario host"),
        (small_cluster(), "broker", (), "the last broker master of the cluster"),
        (small_cluster(nameservers=separated().nameservers[:1]), "nameserver", (), "the last nameserver"),
    ],
)
def test_who_must_not_hang(cluster: Cluster, scenario: ScenarioName, victims: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(OpskitError, match=sentence) as caught:
        hung(cluster, scenario, victims)
    assert caught.value.code is Exit.USAGE


@pytest.mark.parametrize(("read", "known"), [(scenario_named, "host"), (fault_named, "blackhole")])
def test_an_unknown_name_lists_the_known_ones(read: Any, known: str) -> None:
    assert read(known) == known
    with pytest.raises(OpskitError) as caught:
        read("earthquake")
    assert known in caught.value.remedy


@pytest.mark.parametrize("name", ["window", "hold", "stable", "interval"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_seconds_are_above_zero(name: str, value: float) -> None:
    with pytest.raises(OpskitError, match="above 0 seconds") as caught:
        Options(**{name: value})
    assert caught.value.where == f"--{name}"


def test_a_hold_shorter_than_the_window_is_refused() -> None:
    options = Options(window=60, hold=59)
    with pytest.raises(OpskitError, match="held for 59 s, but a window is 60 s"):
        hold_seconds(options, limits(separated(), options, ()))


def test_the_interval_is_fine_enough_for_the_narrowest_window_or_refused() -> None:
    cluster = separated()
    assert plan(cluster, Options(window=30)).interval_seconds == 0.2
    assert plan(cluster, Options(window=2)).interval_seconds == 0.08
    assert plan(cluster, Options(window=2)).route_interval_seconds == 0.08
    assert plan(cluster, Options(window=30)).route_interval_seconds == 1.0
    with pytest.raises(OpskitError, match=r"0.5 s between two operations is too coarse for a window of 10 s"):
        plan(cluster, Options(window=10, interval=0.5))


def test_windows_come_from_the_command_line_then_from_the_inventory() -> None:
    declared = separated(window_seconds=20, windows={"consume": 5.0, "bootstrap@producer": 9.0})
    assert limits(declared, Options(window=7), ()).windows == {"produce": 7, "consume": 7, "route": 7}
    assert limits(declared, Options(), ()).windows == {
        "produce": 20,
        "consume": 5,
        "route": 20,
        "bootstrap@producer": 9,
    }


def test_what_the_fault_must_break_is_not_judged_and_its_clients_must_sit_there() -> None:
    options = Options(clients=3)
    limited = limits(separated(), options, choose(separated(), "nameserver-and-broker", ()))
    assert set(limited.unjudged_paths) == {"produce@broker-a", "nameserver@ns1"}
    assert limited.victim_nameservers == ("10.0.0.1:9876",)
    assert limited.required_attached == 6
    assert limits(separated(), options, choose(separated(), "broker", ())).required_attached == 0


def test_after_the_thaw_clients_have_the_time_that_their_timers_take() -> None:
    slow = Client(host=host("client1", "10.0.0.21"), releases=("4.8.0",))
    quick = slow.model_copy(update={"settings": {"pollNameServerInterval": 2000, "heartbeatBrokerInterval": 10000}})
    options = Options(window=10, stable=10)
    cases: list[tuple[tuple[Client, ...], ScenarioName, float, float, float]] = [
        ((slow, quick), "nameserver", 80, 65, 95),
        ((quick,), "nameserver", 32, 15, 47),
        ((quick,), "broker", 150, 15, 165),
        ((slow, quick), "nameserver-and-broker", 150, 65, 165),
    ]
    for clients, scenario, thaw, least, most in cases:
        cluster = separated(clients=clients)
        limited = limits(cluster, options, choose(cluster, scenario, ()))
        assert (limited.of("consume", "fault"), limited.of("consume", "thaw")) == (10, thaw)
        assert settle_seconds(cluster, options, limited) == (least, most)
        assert late_seconds(limited.thaw_seconds) == thaw + 10
    wide = limits(cluster, Options(window=200), choose(cluster, "broker", ()))
    assert wide.of("consume", "thaw") == 200


def test_a_broker_is_cut_off_on_every_port_that_it_serves_or_dials() -> None:
    cluster = separated()
    (target,) = choose(cluster, "broker", ("broker-a",))
    request = fault_request(cluster, "blackhole", target, "ID", 40)
    assert request["serves"] == [10909, 10911, 10912]
    assert request["dials"] == [9876, 10909, 10911, 10912]
    assert request["units"] == ["rocketmq-broker.service"]
    assert request["undo_seconds"] == 100
    (target,) = choose(cluster, "nameserver", ())
    assert fault_request(cluster, "blackhole", target, "ID", 40)["dials"] == []


def test_a_drill_without_clients_is_refused() -> None:
    with pytest.raises(OpskitError, match="no client host"):
        plan(separated(clients=()), Options())


def test_the_plan_names_every_host_and_touches_nothing() -> None:
    planned = plan(separated(), Options(window=10, stable=5))
    assert [victim.host for victim in planned.victims] == ["a", "ns1"]
    assert all(victim.arm and victim.inject and victim.undo for victim in planned.victims)
    assert planned.hold_seconds == 15
    assert planned.clients == ("client1/4.8.0",)
