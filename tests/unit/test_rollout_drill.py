"""Who left a nameserver that hung, and who went on consuming, from looks at both; and what a drill makes of a proof."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from clusters import host, small_cluster
from rollout_cases import jvm_of
from typer.testing import CliRunner

from opskit.cli import hanging
from opskit.cli import rollout as cli
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Client, Cluster, Nameserver
from opskit.observe.model import Flow
from opskit.observe.nameservers import Names
from opskit.observe.prove import Proof
from opskit.onhost import processes
from opskit.onhost.jvm import flows as host_flows
from opskit.onhost.jvm import watching
from opskit.reach.hands import Hand
from opskit.report.terminal import console, show
from opskit.rocketmq import admin, fastjson
from opskit.rollout import drill as drills
from opskit.rollout import drill_watch, run
from opskit.rollout.drill_judge import Look, Offsets, attached, consuming, hold_seconds, longest_gap, movement
from opskit.rollout.drill_model import Consuming, DrillOutcome, Moved, Round
from opskit.rollout.present_prove import present
from opskit.rollout.result import ProvenJvm, ProveResult, drilled, judgement

BEGAN, ENDED = 100.0, 168.0
VICTIM, OTHER = "10.0.0.1:9876", "10.0.0.2:9876"
MODERN = {"clients": [{"state": "property", "release": "5.4.0"}]}


def flow(local: int, peer: str, sent: float, received: float) -> Flow:
    """sent, received: seconds ago."""
    return Flow(local=f"10.0.0.21:{local}", peer=peer, sent_ms=round(sent * 1000), received_ms=round(received * 1000))


def look(at: float, *flows: Flow) -> Look:
    return Look(at, flows)


SITTING = look(99.5, flow(1, VICTIM, 0.2, 0.2))
AWAY = flow(2, OTHER, 0.1, 0.1)
ASKING = [look(at, flow(1, VICTIM, 0.1, at - 99)) for at in (101.0, 103.0, 140.0, 167.5)]


@pytest.mark.parametrize(
    ("looks", "verdict", "words"),
    [
        ([SITTING, look(101, flow(1, VICTIM, 0.1, 2)), look(104, AWAY)], "moved", "heard elsewhere"),
        ([SITTING, *ASKING], "stayed", "heard nothing for 66 s, and stayed"),
        ([SITTING, look(104), look(167)], "adrift", "heard at no other"),
        ([SITTING, look(104, flow(3, VICTIM, 0.1, 0.5))], "adrift", "heard at no other"),
        # it has not asked since: what it sent last is older than the hang
        (
            [SITTING, *(look(at, flow(1, VICTIM, at - 99, at - 99)) for at in (101.0, 167.0))],
            "not-tried",
            "asked nothing",
        ),
        ([SITTING, look(165, flow(1, VICTIM, 0.1, 66)), look(167, flow(1, VICTIM, 2, 68))], "not-tried", "too late"),
        # the last look is old: its host is out of reach
        ([SITTING, look(101, flow(1, VICTIM, 0.1, 2))], "not-tried", "too late"),
        ([SITTING, Look(103, None)], "not-tried", "it ended"),
        ([SITTING], "not-tried", "nobody could look"),
        ([look(99.5, AWAY), look(104, AWAY)], "not-tried", "connected to no nameserver that hung"),
        ([], "not-tried", "connected to no nameserver that hung"),
        # one of two instances is there already; the other has to leave too
        ([look(99, flow(1, VICTIM, 1, 1), AWAY), look(104, flow(1, VICTIM, 1, 5), AWAY)], "not-tried", "too late"),
        ([look(99, flow(1, VICTIM, 1, 1), AWAY), look(104, AWAY, flow(5, OTHER, 0, 0))], "moved", "heard elsewhere"),
    ],
)
def test_movement(looks: list[Look], verdict: str, words: str) -> None:
    moved = movement(jvm_of({}), looks, lambda one: one.peer == VICTIM, BEGAN, ENDED, "ns1")
    assert (moved.verdict, words in moved.why) == (verdict, True), moved
    assert (moved.seconds is not None) == (verdict == "moved")


def test_a_move_is_told_with_when_and_where_to() -> None:
    looks = [SITTING, look(102.5, flow(1, VICTIM, 0.1, 3)), look(103.6, AWAY), look(104.6, AWAY)]
    moved = movement(jvm_of({}), looks, lambda one: one.peer == VICTIM, BEGAN, ENDED, "ns1")
    assert (moved.seconds, moved.resolution_seconds, moved.to) == (3.6, 1.1, (OTHER,))


def test_a_5x_client_is_connected_everywhere_and_attached_where_it_was_heard_last() -> None:
    used, idle = flow(1, VICTIM, 1, 1), flow(2, OTHER, 40, 40)
    assert attached(jvm_of(MODERN), [idle, used]) == (used,)
    assert attached(jvm_of({}), [idle, used]) == (idle, used)
    # it opens a new connection to the one that hangs: what counts is that the old one is closed, and another answers
    looks = [look(99, used, idle), look(104, flow(7, VICTIM, 1, 1), flow(2, OTHER, 0, 0))]
    assert movement(jvm_of(MODERN), looks, lambda one: one.peer == VICTIM, BEGAN, ENDED, "ns1").verdict == "moved"
    stale = [look(99, used, idle), look(104, flow(7, VICTIM, 1, 1), flow(2, OTHER, 44, 44))]
    assert movement(jvm_of(MODERN), stale, lambda one: one.peer == VICTIM, BEGAN, ENDED, "ns1").verdict == "adrift"


@pytest.mark.parametrize(("settings", "seconds"), [({}, 68), ({"pollNameServerInterval": 60000}, 128)])
def test_the_hold_is_two_polls_of_the_slowest_client_and_an_answer(settings: dict[str, Any], seconds: float) -> None:
    client = Client(host=host("client1", "10.0.0.21"), releases=("4.8.0",), settings=settings)
    assert hold_seconds(small_cluster(clients=(client,))) == seconds


def offsets(*pairs: tuple[int, int], begin: float = 95.0) -> list[Offsets]:
    """A look a second: (stored, consumed)."""
    return [Offsets(begin + number, *pair) for number, pair in enumerate(pairs)]


GOING = [(number * 5, number * 5 - 3) for number in range(1, 40)]
STOPPING = [*GOING[:7], *((number * 5, 32) for number in range(8, 40))]


@pytest.mark.parametrize(
    ("pairs", "verdict", "gap"),
    [
        (GOING, "kept", 1.0),
        (STOPPING, "stopped", 32.0),
        ([*GOING[:5], *[GOING[4]] * 30], "idle", None),
        ([(5, 5)] * 8 + [(9, 5)] * 20, "unjudged", None),
        # nobody's fault: a queue without a consumer waits for ever, and nothing new comes
        ([*GOING[:9], *[(45, 30)] * 20], "kept", 1.0),
        ([], "unjudged", None),
        (GOING[:4], "unjudged", None),
    ],
    ids=["goes on", "stops", "no traffic", "stuck before", "lag without traffic", "no look", "none while it hung"],
)
def test_consumers_are_judged_while_messages_come(
    pairs: list[tuple[int, int]], verdict: str, gap: float | None
) -> None:
    seen = offsets(*pairs)
    ended = max(BEGAN, seen[-1].at) if seen else ENDED
    judged = consuming("orders", "broker-a", ["client1 orders"], seen, BEGAN, ended, 8.0)
    assert (judged.verdict, judged.gap_seconds) == (verdict, gap), judged


def test_a_gap_begins_with_the_first_message_that_was_not_acknowledged() -> None:
    quiet, late = [(10, 10)] * 20, [(11, 10), (11, 10), (11, 11)]
    assert longest_gap(offsets(*quiet, *late, *quiet)) == 3.0
    assert longest_gap(offsets(*quiet)) == 0.0


def test_a_broker_that_told_no_more_leaves_its_groups_unjudged() -> None:
    assert consuming("g", "a", [], offsets(*GOING), BEGAN, ENDED, 8.0).verdict == "unjudged"


def test_nameservers_are_known_by_their_addresses_and_on_their_own_host_by_loopback() -> None:
    names = Names(small_cluster())
    assert names.of("client1", "10.0.0.1:9876") == "ns1"
    assert names.of("client1", "10.0.0.1:9877") is None
    assert names.of("client1", "10.0.0.9:9876") is None
    assert names.of("ns2", "127.0.0.1:9876") == "ns2"
    assert names.of("client1", "127.0.0.1:9876") is None


def proved(*values: dict[str, Any], verdict: Any = "on-live") -> ProveResult:
    jvms = tuple(
        ProvenJvm(process=jvm.ref("client1"), jvm=jvm, proof=Proof(verdict=verdict, why=""))
        for jvm in map(jvm_of, values)
    )
    return ProveResult(
        cluster="small", at=datetime.now(UTC), seconds=1, judgement=judgement(jvms, ()), jvms=jvms, unseen=()
    )


def outcome(*consumers: Any) -> DrillOutcome:
    return DrillOutcome(
        run="R",
        hold_seconds=68,
        gap_limit_seconds=8,
        rounds=(Round(nameserver="ns1", seconds=12, tried=2, consumers=consumers),),
    )


def group(verdict: Any) -> Consuming:
    return Consuming(group="orders", broker="broker-a", services=("client1 orders",), verdict=verdict, why="because")


@pytest.mark.parametrize(
    ("proof", "movements", "consumed", "expected"),
    [
        ("on-live", ("moved", "moved"), "kept", Exit.HOLDS),
        ("on-live", ("moved", "moved"), "idle", Exit.HOLDS),
        ("on-live", ("moved", "moved"), "unjudged", Exit.HOLDS),
        ("on-live", ("moved", "moved"), "stopped", Exit.FAILS),
        ("on-live", ("moved", "stayed"), "kept", Exit.FAILS),
        ("on-live", ("moved", "adrift"), "kept", Exit.FAILS),
        ("on-live", ("moved", "not-tried"), "kept", Exit.UNJUDGED),
        ("unknown", ("moved", "moved"), "kept", Exit.UNJUDGED),
        ("unknown", ("moved", "stayed"), "kept", Exit.FAILS),
        ("off", ("moved", "moved"), "kept", Exit.FAILS),
    ],
)
def test_it_holds_only_where_all_are_on_all_moved_and_consumers_went_on(
    proof: str, movements: tuple[Any, ...], consumed: str, expected: Exit
) -> None:
    result = proved({"pid": 1}, {"pid": 2}, verdict=proof)
    moves = {
        ("client1", pid): Moved(verdict=verdict, why="because", nameserver="ns1")
        for pid, verdict in zip((1, 2), movements, strict=True)
    }
    both = drilled(result, moves, outcome(group(consumed)), 20.0)
    assert both.exit is expected
    assert [one.moved.verdict for one in both.jvms if one.moved] == list(movements)


def test_the_screen_names_each_move_and_each_group(capsys: pytest.CaptureFixture[str]) -> None:
    moved = Moved(
        verdict="moved", why="it left ns1", nameserver="ns1", seconds=3.4, resolution_seconds=1.1, to=(OTHER,)
    )
    stayed = Moved(verdict="stayed", why="it stayed", nameserver="ns1")
    result = proved({"pid": 1}, {"pid": 2})
    both = drilled(result, {("client1", 1): moved, ("client1", 2): stayed}, outcome(group("stopped")), 20.0)
    show(list(present(both)), console())
    said = " ".join(capsys.readouterr().out.split())
    for words in ("ns1 for 12 s", "3.4 s (-1.1)", "stayed", "1 of 2 left", "Consumers stopped: orders", "broker-a"):
        assert words in said, words


def test_consume_stats_are_read_as_a_4_8_0_broker_writes_them() -> None:
    body = (
        '{"consumeTps":0.0,"offsetTable":{'
        '{"brokerName":"broker-a","queueId":0,"topic":"T"}:{"brokerOffset":7,"consumerOffset":5,"lastTimestamp":1},'
        '{"brokerName":"broker-a","queueId":1,"topic":"T"}:{"brokerOffset":7,"consumerOffset":7,"lastTimestamp":1}}}'
    )
    assert len(fastjson.loads(body)["offsetTable"]) == 2
    read = admin.consume_stats("g").read(body.encode())
    assert (read.stored, read.consumed) == (14, 12)


def test_a_watching_host_tells_of_a_process_that_is_gone_and_of_one_that_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    living = {1: 10, 2: 20, 3: 30}
    told = [{"local": "10.0.0.21:1", "peer": VICTIM, "sent_ms": 1, "received_ms": 1, "stuck": False}]

    def links(pid: int) -> dict[str, str]:
        if pid == 3:
            raise PermissionError(1, "denied", "/proc/3/fd")
        return {}

    def of_all(held: Mapping[int, Any], ports: Any) -> Any:
        return dict.fromkeys(held, told), {}

    monkeypatch.setattr(
        processes, "look", lambda pid: processes.Process(pid, living[pid], "S") if pid in living else None
    )
    monkeypatch.setattr(host_flows, "links", links)
    monkeypatch.setattr(host_flows, "of_all", of_all)
    asked = [{"pid": pid, "start_ticks": ticks} for pid, ticks in ((1, 10), (2, 99), (3, 30), (4, 40))]
    seen = {one["pid"]: one for one in watching.look(asked, [9876])}
    assert seen[1]["flows"] == told
    assert (seen[2]["flows"], seen[2]["why"]) == (None, None), "another process has its pid"
    assert "ansible_become" in seen[3]["why"]
    assert (seen[4]["flows"], seen[4]["why"]) == (None, None)


def test_a_single_nameserver_is_never_hung() -> None:
    with pytest.raises(OpskitError, match="no second nameserver") as caught:
        drills.refuse(small_cluster(nameservers=small_cluster().nameservers[:1]), 8)
    assert caught.value.code is Exit.USAGE


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["--drill"], "small is a production cluster"),
        (["--drill", "--confirm", "smal"], "small is a production cluster"),
        (["--drill", "--confirm", "small", "--consumer-gap", "0"], "must be 1 to 60 seconds"),
        (["--drill", "--confirm", "small", "--consumer-gap", "nan"], "must be 1 to 60 seconds"),
    ],
)
def test_a_drill_that_must_not_be_made_is_refused_before_any_host_is_asked(
    monkeypatch: pytest.MonkeyPatch, words: list[str], refused: str
) -> None:
    monkeypatch.setattr(cli, "_cluster", lambda state: small_cluster(environment="production"))
    monkeypatch.setattr(run, "prove_all", lambda *_, **__: pytest.fail("hosts were asked"))
    done = CliRunner().invoke(cli.app, ["close-on-timeout", "prove", *words])
    assert isinstance(done.exception, OpskitError), done.output
    assert (refused in str(done.exception), done.exception.code) == (True, Exit.USAGE)


class Scripted:
    """In place of the watch: JVMs sit where told, and leave a nameserver that hangs unless they stay."""

    groups: Mapping[str, tuple[str, ...]] = {}
    offsets: Mapping[tuple[str, str], list[Offsets]] = {}
    unasked: tuple[str, ...] = ()
    untold: Mapping[tuple[str, int], str] = {}

    def __init__(self, sitting: dict[int, str], stays: set[int]) -> None:
        self.sitting, self.stays, self.hanging = sitting, stays, ""
        self.looks: dict[tuple[str, int], list[Look]] = {("client1", pid): [] for pid in sitting}

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._look())
        try:
            yield
        finally:
            task.cancel()

    async def _look(self) -> None:
        while True:
            for pid, peer in self.sitting.items():
                if peer == self.hanging and pid not in self.stays:
                    self.sitting[pid] = peer = OTHER if peer == VICTIM else VICTIM
                local = pid * 10 + (peer == OTHER)
                seen = flow(local, peer, 0, 0 if peer != self.hanging else 60)
                self.looks["client1", pid].append(look(asyncio.get_running_loop().time(), seen))
            await asyncio.sleep(0.01)

    def is_gone(self, key: tuple[str, int]) -> bool:
        return False

    def now(self, key: tuple[str, int]) -> tuple[Flow, ...]:
        return self.looks[key][-1].flows or ()


class Told:
    """In place of real nameservers."""

    def __init__(self, watch: Scripted, cluster: Cluster, fails: bool = False) -> None:
        self.watch, self.cluster, self.fails = watch, cluster, fails
        self.hung_ones: list[str] = []
        self.why = ""

    def ended(self) -> str:
        return self.why

    async def ills(self, within_seconds: float) -> tuple[str, ...]:
        return ("broker-a: ns1 does not know it",) if self.fails else ()

    @asynccontextmanager
    async def hung(self, nameserver: Nameserver, run: str, seconds: float) -> AsyncIterator["Told"]:
        self.watch.hanging = nameserver.address
        self.hung_ones.append(nameserver.host.name)
        try:
            yield self
        finally:
            self.watch.hanging = ""


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(drills, "BASELINE_SECONDS", 0.05)
    monkeypatch.setattr(drills, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(drills, "hold_seconds", lambda cluster: 0.4)

    def make(sitting: dict[int, str], stays: Collection[int] = (), **more: Any) -> tuple[Any, Told]:
        watch, cluster = Scripted(sitting, set(stays)), small_cluster()
        monkeypatch.setattr(drills, "Watch", lambda *_: watch)
        told = Told(watch, cluster, **more)
        result = proved(*({"pid": pid} for pid in sitting))
        run = type("Run", (), {"identity": "R"})()
        return drills._Rounds(cluster, result.jvms, told, run, 0.1, lambda _: None), told

    return make


async def test_each_nameserver_with_clients_that_were_not_tried_has_its_round(rounds: Any) -> None:
    going, told = rounds({1: VICTIM, 2: VICTIM, 3: OTHER})
    await going.go()
    assert told.hung_ones == ["ns1", "ns2"]
    assert {pid: (one.verdict, one.nameserver) for (_, pid), one in going.moves.items()} == {
        1: ("moved", "ns1"),
        2: ("moved", "ns1"),
        3: ("moved", "ns2"),
    }
    assert all(tried.seconds < 0.4 for tried in going.outcome().rounds), "it ends once all have moved"


async def test_one_that_stays_is_waited_for_as_long_as_the_hold(rounds: Any) -> None:
    going, told = rounds({1: VICTIM, 2: VICTIM}, {2})
    await going.go()
    assert told.hung_ones == ["ns1"]
    assert going.outcome().rounds[0].seconds == 0.4
    # 0.4 s are too short to call it staying
    assert {pid: one.verdict for (_, pid), one in going.moves.items()} == {1: "moved", 2: "not-tried"}


async def test_without_a_connection_nothing_hangs(rounds: Any) -> None:
    going, told = rounds({1: "10.9.9.9:1234"})
    await going.go()
    assert told.hung_ones == []
    assert going.moves["client1", 1].verdict == "not-tried"


async def test_a_cluster_that_is_sick_after_the_first_round_has_no_second(rounds: Any) -> None:
    going, told = rounds({1: VICTIM, 2: OTHER}, fails=True)
    await going.go()
    assert told.hung_ones == ["ns1"]
    assert going.outcome().sick == ("broker-a: ns1 does not know it",)
    assert {pid: one.verdict for (_, pid), one in going.moves.items()} == {1: "moved", 2: "not-tried"}
    assert drilled(proved({"pid": 1}, {"pid": 2}), going.moves, going.outcome(), 1.0).judgement == "fails"


PROVEN = proved({"pid": 1}, {"pid": 2}).jvms
HELD = {"event": "held", "jvms": [{"pid": pid, "flows": [], "why": None} for pid in (1, 2)]}
LINES = {
    1: {"pid": 1, "flows": [{"local": "10.0.0.21:1", "peer": VICTIM}], "why": None},
    2: {"pid": 2, "flows": None, "why": "it may not be touched"},
}


def held_program(monkeypatch: pytest.MonkeyPatch, lines: list[str], last: str | None = None) -> None:
    """Hosts whose program says these lines, and then ends with its last word or goes on."""

    @asynccontextmanager
    async def hold(endpoint: Any, request: Mapping[str, Any], on_line: Any) -> AsyncIterator[Any]:
        hand = Hand(endpoint.host, SimpleNamespace(stdin=SimpleNamespace(write=lambda data: None)))  # type: ignore[arg-type]
        for line in lines:
            on_line(line)
        if last is not None:
            hand.ended.set_result(last)
        yield hand

    monkeypatch.setattr(drill_watch, "hold_program", hold)


async def test_a_watch_keeps_what_hosts_tell_and_why_they_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    held_program(monkeypatch, [json.dumps(HELD), json.dumps({"event": "look", "jvms": list(LINES.values())})])
    watch = drill_watch.Watch(small_cluster(brokers=()), PROVEN)
    async with watch.on():
        assert [one.peer for one in watch.now(("client1", 1))] == [VICTIM]
        assert watch.untold == {("client1", 2): "it may not be touched"}
        assert watch.groups == {}


@pytest.mark.parametrize(
    ("lines", "last", "words"),
    [
        (['{"error": "no ss here"}'], None, "no ss here"),
        (["sudo: a password is required"], None, "password"),
        ([], "python3: not found", "not found"),
        ([], "", "its program ended"),
    ],
)
async def test_a_host_that_cannot_be_watched_stops_the_drill_before_anything_hangs(
    monkeypatch: pytest.MonkeyPatch, lines: list[str], last: str | None, words: str
) -> None:
    held_program(monkeypatch, lines, last)
    with pytest.raises(OpskitError, match=words) as caught:
        async with drill_watch.Watch(small_cluster(brokers=()), PROVEN).on():
            pytest.fail("nothing can be watched")
    assert (caught.value.where, caught.value.code) == ("client1", Exit.UNJUDGED)


@pytest.mark.parametrize("confirmed", [True, False])
async def test_an_undo_that_nobody_confirms_ends_with_4(monkeypatch: pytest.MonkeyPatch, confirmed: bool) -> None:
    seen: list[Any] = []
    snapshot = {"boot_id": "b", "units": {}, "tables": (), "dropins": (), "armed": ()}

    class Fault:
        def __init__(self, victims: Any, record: Any) -> None:
            seen.extend(victims)

        @asynccontextmanager
        async def held(self) -> AsyncIterator[None]:
            yield
            seen[0].before = seen[0].after = snapshot
            if confirmed:
                seen[0].restored.set()

    monkeypatch.setattr(hanging, "HeldFault", Fault)
    cluster = small_cluster()
    ends = contextlib.nullcontext() if confirmed else pytest.raises(OpskitError, match="NOT CONFIRMED")
    with ends as caught:
        async with hanging.Freezes(cluster).hung(cluster.nameservers[0], "R", 68) as hung:
            assert hung.ended() == ""
    assert caught is None or caught.value.code is Exit.UNDO_FAILED
    request = seen[0].request
    assert (request["kind"], request["serves"], request["dials"], request["undo_seconds"]) == (
        "freeze",
        [9876],
        [],
        128,
    )
