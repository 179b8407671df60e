"""What must be true of every history, also of those that nobody thought of."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from verify_cases import CASES, history_of, limits_of, load

from opskit.verify.history import Clock, Effect, Gap, History, Op
from opskit.verify.judging.align import Attempt, Messages, Sent, hole
from opskit.verify.judging.judge import Judged, judge
from opskit.verify.judging.ledger import ledger
from opskit.verify.judging.recovery import Recovery, recovery
from opskit.verify.judging.series import deliveries
from opskit.verify.judging.spans import Span
from opskit.verify.judging.summary import nearest_rank

STABLE, SILENCE, NEVER = 20, 5, 10**9
SPANS = st.sampled_from(
    [
        Span("fault", 9, 10, 70, ends_in_thaw=True),
        Span("fault", 10, 10, 40, ends_in_thaw=True),
        Span("thaw", 10, 12, 70),
        Span("thaw", 10, 10, 15),
    ]
)
ATTEMPTS = st.builds(
    lambda start, took, ok: Attempt(start + took, start, ok), st.integers(0, 80), st.integers(0, 12), st.booleans()
)
MANY = st.lists(ATTEMPTS, max_size=40)
EVERY = [case for path in sorted(CASES.glob("*.yml")) for case in load(path.name)]
HOLDING = [case for case in EVERY if case["expect"].get("verdict") == "holds"]


def judged(attempts: list[Attempt], span: Span, silence: int = SILENCE) -> Recovery:
    return recovery(sorted(attempts), span, STABLE, silence)


def longer(one: Recovery, than: Recovery) -> bool:
    """What is not recovered is longer than all that is; of two of those the one that was proven for longer."""

    def rank(found: Recovery) -> tuple[bool, int]:
        return found.outcome == "not recovered" or found.untried_ns is not None, found.window_ns

    return rank(one) > rank(than)


@given(MANY, ATTEMPTS, SPANS)
def test_a_success_more_never_lengthens_a_window(attempts: list[Attempt], one: Attempt, span: Span) -> None:
    found = judged(attempts, span)
    assume(found.untried_ns is None)
    assert not longer(judged([*attempts, one._replace(ok=True)], span), found)


@given(MANY, ATTEMPTS, SPANS)
def test_a_failure_more_never_shortens_a_window(attempts: list[Attempt], one: Attempt, span: Span) -> None:
    found = judged(attempts, span)
    assume(found.untried_ns is None)
    assert not longer(found, judged([*attempts, one._replace(ok=False)], span))


@given(MANY, SPANS)
def test_a_window_is_no_longer_than_it_was_watched(attempts: list[Attempt], span: Span) -> None:
    found = judged(attempts, span)
    assert 0 <= found.window_ns <= span.watched_ns
    assert found.failed <= found.attempted <= len(attempts)
    assert found.flaps < max(found.failed, 1)
    assert (found.outcome == "never failed") == (found.outage_ns is None)


@given(MANY, SPANS)
def test_after_a_recovery_nothing_fails_for_the_stable_time(attempts: list[Attempt], span: Span) -> None:
    found = judged(attempts, span)
    end = span.from_ns + found.window_ns
    if found.outcome in ("recovered", "flapped"):
        assert end + STABLE <= span.until_ns
        assert not [one for one in attempts if span.holds(one.start_ns, one.end_ns) and not one.ok and one.end_ns > end]


@given(MANY, SPANS)
def test_the_window_ends_at_the_first_success_after_the_last_failure(attempts: list[Attempt], span: Span) -> None:
    """The definition, spelled out."""
    within = [one for one in attempts if span.holds(one.start_ns, one.end_ns)]
    failures = [one.end_ns for one in within if not one.ok]
    found = judged(attempts, span, NEVER)
    if not failures:
        assert found.outcome == "never failed"
        return
    after = [one.end_ns for one in within if one.ok and max(failures) < one.end_ns <= span.until_ns]
    end = min(after, default=span.until_ns)
    assert found.window_ns == max(end - span.from_ns, 0)
    assert (found.outcome != "not recovered") == (bool(after) and end + STABLE <= span.until_ns)


@given(MANY, SPANS, st.integers(-(10**12), 10**12))
def test_a_window_does_not_depend_on_when_it_was(attempts: list[Attempt], span: Span, by: int) -> None:
    moved = [Attempt(one.end_ns + by, one.start_ns + by, one.ok) for one in attempts]
    counted, since, until = span.counted_from_ns + by, span.from_ns + by, span.until_ns + by
    later = replace(span, counted_from_ns=counted, from_ns=since, until_ns=until)
    found, expected = judged(moved, later), judged(attempts, span)
    relative = [
        (one.outcome, one.window_ns, one.outage_ns, one.flaps, one.failed, one.attempted) for one in (found, expected)
    ]
    assert relative[0] == relative[1]


SENDS = st.dictionaries(
    st.integers(0, 9),
    st.builds(
        lambda start, took, outcome: Sent(start, start + took, outcome),
        st.integers(0, 50),
        st.integers(0, 9),
        st.sampled_from(["ok", "fail", "indeterminate"]),
    ),
)
ARRIVALS = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 12)))


def messages(sent: dict[int, Sent], arrived: list[tuple[int, int]]) -> Messages:
    made = Messages()
    made.sent, made.arrived = sent, sorted(arrived)
    return made


@given(SENDS, ARRIVALS, st.integers(0, 90))
def test_a_ledger_adds_up(sent: dict[int, Sent], arrived: list[tuple[int, int]], undo: int) -> None:
    found = ledger("c1", messages(sent, arrived), undo, 5)
    assert found.attempted == found.acknowledged + found.failed + found.indeterminate
    assert found.received == found.acknowledged - found.lost + found.recovered + found.unexpected
    assert found.received + found.duplicated == len(arrived)
    assert found.late <= found.received - found.unexpected + found.failed
    assert min(found.lost, found.duplicated, found.unexpected, found.recovered, found.late) >= 0


@given(SENDS, ARRIVALS)
def test_each_acknowledged_message_is_one_delivery(sent: dict[int, Sent], arrived: list[tuple[int, int]]) -> None:
    found = deliveries(messages(sent, arrived), 5)
    assert len(found) == sum(one.outcome == "ok" for one in sent.values())
    assert all(0 <= one.end_ns - one.start_ns <= 5 for one in found)
    lost = ledger("c1", messages(sent, arrived), None, 5).lost
    assert lost <= sum(not one.ok for one in found)


@given(st.lists(st.integers(0, 30)), st.integers(0, 30), st.integers(0, 30), st.integers(0, 10))
def test_a_hole_is_a_stretch_without_an_instant(instants: list[int], start: int, length: int, bound: int) -> None:
    end = start + length
    points = [start, *(at for at in sorted(instants) if start <= at <= end), end]
    wide = [(a, b) for a, b in pairwise(points) if b - a > bound]
    assert hole(sorted(instants), start, end, bound) == (wide[0] if wide else None)


@given(st.lists(st.integers(0, 100), min_size=1), st.floats(0.01, 1))
def test_nearest_rank_is_a_value_that_enough_do_not_exceed(values: list[float], part: float) -> None:
    found = nearest_rank(sorted(values), part)
    assert found in values
    assert sum(value <= found for value in values) >= part * len(values)
    assert sum(value < found for value in values) < part * len(values)


def of(case: dict[str, Any], history: History) -> Judged:
    return judge(history, limits_of(case), "restored")


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case["name"])
def test_neither_wall_clocks_nor_the_order_of_records_matter(case: dict[str, Any]) -> None:
    """Every host's clock is moved, and its samples with it; the wall clock jumps about; records are shuffled."""
    history, random = history_of(case), Random(case["name"])  # noqa: S311 - a shuffle
    hosts = {client.name: client.host for client in history.header.clients}
    offsets = {
        host: 10**9 * number for number, host in enumerate(sorted({*hosts.values(), *history.header.victims}), 1)
    }

    def op(one: Op) -> Op:
        by = offsets.get(hosts.get(one.client, ""), 0)
        return replace(one, start_ns=one.start_ns + by, end_ns=one.end_ns + by, wall_ns=-one.seq * 10**12)

    def clock(one: Clock) -> Clock:
        return replace(one, offset_ns=one.offset_ns - offsets[one.host])

    def effect(one: Effect) -> Effect:
        return replace(one, at_ns=one.at_ns + offsets[one.victim])

    def gap(one: Gap) -> Gap:
        by = offsets[hosts[one.client]]
        return replace(one, from_ns=one.from_ns + by, to_ns=one.to_ns + by)

    moved: dict[str, Any] = {
        "ops": map(op, history.ops),
        "clocks": map(clock, history.clocks),
        "phases": history.phases,
        "effects": map(effect, history.effects),
        "attached": history.attached,
        "gaps": map(gap, history.gaps),
    }
    for kind, records in moved.items():
        shuffled = list(records)
        random.shuffle(shuffled)
        moved[kind] = tuple(shuffled)
    assert of(case, replace(history, **moved)) == of(case, history)


@pytest.mark.parametrize(
    "case", [case for case in EVERY if case["expect"].get("verdict") == "holds"], ids=lambda case: case["name"]
)
def test_nothing_holds_without_a_fault_that_was_shown(case: dict[str, Any]) -> None:
    found = of(case, replace(history_of(case), effects=()))
    assert found.verdict.judgement == "unjudged"
    assert found.verdict.reasons
