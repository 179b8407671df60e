"""Operations thinned out for pictures: nothing that failed is thinned away."""

import pytest
from drills import SECOND, incident, many
from hypothesis import given
from hypothesis import strategies as st

from opskit.verify.history import PhaseName
from opskit.verify.judging.align import Attempt
from opskit.verify.showing.figures import MOST_BUCKETS, Axis, axis, thin


def attempts(*found: tuple[float, float, bool]) -> dict[tuple[str, str], list[Attempt]]:
    """(start, end, ok) in seconds, all of one client and path."""
    return {("c", "produce"): [Attempt(round(end * SECOND), round(start * SECOND), ok) for start, end, ok in found]}


@pytest.mark.parametrize(
    ("phases", "fault", "expected"),
    [
        ({"baseline": 0, "inject": 20, "undo": 110, "late": 180, "end": 260}, 20.5, (-21, 180 - 20.5, 1)),
        ({"baseline": 0, "inject": 20, "end": 260}, 20, (-20, 240, 1)),
        ({"baseline": 0, "inject": 20}, None, (-20, 30 - 20, 0.2)),
        ({}, None, (0, 30, 0.2)),
        ({"baseline": 0, "late": 3600, "end": 3610}, 600, (-600, 3000, 15)),
    ],
)
def test_the_axis_spans_the_traffic_and_a_bucket_begins_with_the_fault(
    phases: dict[PhaseName, float], fault: float | None, expected: tuple[float, float, float]
) -> None:
    at = {name: round(second * SECOND) for name, second in phases.items()}
    on = axis(attempts((0, 30, True)), at, None if fault is None else round(fault * SECOND))
    start, end, width = expected
    assert (on.start, on.width) == (start, width)
    assert end <= on.end < end + width
    assert on.count <= MOST_BUCKETS
    assert on.starts[on.bucket(on.origin_ns)] == 0


def test_slowest_median_and_failed_of_each_bucket() -> None:
    found = attempts((0, 0.01, True), (0.2, 0.22, True), (0.4, 3.4, False), (2, 2.5, True), (9, 10, False))
    curve = thin(found, Axis(0, SECOND, 0, 3)).curves[0]
    assert curve.slowest == (3.0, None, 0.5)
    assert curve.median == (0.02, None, 0.5)
    assert curve.attempted == (3, 0, 1)
    assert curve.failed == (1, 0, 0)


def test_a_share_is_of_the_operations_that_started_in_the_bucket() -> None:
    found = attempts((0, 1, False), (0.1, 1, True), (0.2, 1, True), (0.3, 1, True), (2, 3, False))
    assert thin(found, Axis(0, SECOND, 0, 3)).shares == {("c", "produce"): (0.25, 0.0, 1.0)}


def test_rare_operations_get_wider_buckets_and_one_of_them_begins_with_the_fault() -> None:
    found = attempts(*((at, at + 1, at >= 0) for at in range(-15, 150, 5)))
    on = Axis(0, SECOND, 15, 165)
    curve = thin(found, on).curves[0]
    assert 0 in curve.starts
    assert all(curve.attempted)
    assert [bool(failed) for failed in curve.failed] == [start < 0 for start in curve.starts]


@given(
    st.lists(st.tuples(st.floats(-20, 200), st.floats(0, 10), st.booleans()), max_size=60),
    st.sampled_from((0.2, 1, 15)),
)
def test_nothing_is_counted_twice_and_nothing_is_lost(
    operations: list[tuple[float, float, bool]], width: float
) -> None:
    found = attempts(*((start, start + took, ok) for start, took, ok in operations))
    on = Axis(0, round(width * SECOND), 200, 1600)
    thinned = thin(found, on)
    for curve in thinned.curves:
        widths = [later - start for start, later in zip(curve.starts, (*curve.starts[1:], on.end), strict=True)]
        for values, count in (
            (curve.attempted, len(operations)),
            (curve.failed, sum(not ok for *_, ok in operations)),
        ):
            total = sum(value * of for value, of in zip(values, widths, strict=True))
            assert total == pytest.approx(sum(1 for _ in range(count)))
    assert bool(thinned.curves) == bool(operations)


def test_any_number_of_operations_becomes_a_few_hundred_points_a_path() -> None:
    found = {key: [Attempt(*one) for one in ops] for key, ops in many(4, 900, 0.1).items()}
    thinned = thin(found, axis(found, {}, None))
    assert len(thinned.curves) == 4
    assert all(150 < len(curve.starts) <= MOST_BUCKETS for curve in thinned.curves)
    assert {len(share) for share in thinned.shares.values()} == {len(thinned.curves[0].starts)}


def test_a_true_history_is_drawn_on_the_clock_of_the_controller() -> None:
    drill = incident()
    on = axis(drill.aligned.attempts, drill.aligned.phases, drill.aligned.phases["fault"])
    shares = thin(drill.aligned.attempts, on).shares["app1/4.8.0/shared", "produce@broker-a"]
    failing = [start for start, share in zip(on.starts, shares, strict=True) if share == 1]
    assert -1 <= failing[0] <= 1
    assert 88 <= failing[-1] <= 91
