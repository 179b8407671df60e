"""Past drills side by side, and what changed between two."""

import io
from pathlib import Path

import pytest
from drills import holding, incident
from rich.console import Console

from opskit.errors import Exit, OpskitError
from opskit.report.terminal import show
from opskit.runs.past import Finished, Past, Unreadable
from opskit.verify.result import VerifyResult
from opskit.verify.showing.compare import Direction, Slowest, compare, direction, drill, history
from opskit.verify.showing.present_history import present_history

BEFORE, AFTER = "20261122T144400Z-verify-3f9a1c", "20261123T090000Z-verify-77b2e0"


def slowest(seconds: float | None, at_least: bool = False, resolution: float = 0.2) -> Slowest:
    return Slowest(
        path="produce",
        event="fault",
        seconds=seconds,
        at_least=at_least,
        failed=1,
        attempted=9,
        resolution_seconds=resolution,
        limit_seconds=30,
    )


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (slowest(124.0), slowest(29.6), "better"),
        (slowest(2.1), slowest(6.9), "worse"),
        (slowest(2.1), slowest(2.4), "same"),
        (slowest(2.0), slowest(2.5), "worse"),
        (slowest(2.0, resolution=5), slowest(7.0), "same"),
        (slowest(0.0), slowest(0.0), "same"),
        (slowest(90.0, at_least=True), slowest(12.0), "better"),
        (slowest(90.0, at_least=True), slowest(95.0), "unknown"),
        (slowest(90.0, at_least=True), slowest(330.0, at_least=True), "same"),
        (slowest(12.0), slowest(90.0, at_least=True), "worse"),
        (slowest(120.0), slowest(90.0, at_least=True), "unknown"),
        (slowest(None), slowest(3.0), "unknown"),
        (slowest(3.0), slowest(None), "unknown"),
        (None, slowest(3.0), "unknown"),
        (slowest(3.0), None, "unknown"),
    ],
)
def test_a_change_is_told_only_beyond_both_resolutions(
    before: Slowest | None, after: Slowest | None, change: Direction
) -> None:
    assert direction(before, after) == change


@pytest.fixture
def past() -> Past[VerifyResult]:
    newer = holding().result.model_copy(update={"run": AFTER, "hold_seconds": 120.0})
    runs = ((AFTER, newer), (BEFORE, incident().result))
    return Past(
        tuple(Finished(name, Path("/runs") / name, report) for name, report in runs),
        ("20261121T080000Z-verify-000001",),
        (Unreadable("20261120T080000Z-verify-000002", "schema: Field required"),),
    )


def screen(past: Past[VerifyResult], compared: tuple[str, str] | None = None) -> str:
    text = io.StringIO()
    show(present_history(history("orders", past, compared)), Console(file=text, width=220))
    return text.getvalue()


def test_each_drill_is_a_line_with_its_slowest_paths(past: Past[VerifyResult]) -> None:
    lines = screen(past).splitlines()
    newer, older = lines[1], lines[2]
    assert newer.split()[0] == "77b2e0"
    assert "! holds, this run only" in newer
    assert older.split()[0] == "3f9a1c"
    assert older.count("✘ ≥ 90 s") == 2
    assert "! 20261121T080000Z-verify-000001 has no report: it was cut off, or is still on" in lines
    assert "! 20261120T080000Z-verify-000002 cannot be read: schema: Field required" in lines


def test_two_runs_are_compared_path_by_path_and_what_else_differed_is_said(past: Past[VerifyResult]) -> None:
    text = screen(past, ("3f9a1c", AFTER))
    assert f"From {BEFORE} to {AFTER}" in text
    assert "! Not the same drill: held for: 90 s, then 120 s" in text
    produce = next(
        line for line in text.splitlines() if line.startswith("produce  ") and "hang" in line and "±" in line
    )
    assert "≥ 90 s" in produce
    assert produce.rstrip().endswith("✔ better")
    assert "repeat what matters" in text


def test_a_path_that_one_run_lacks_is_not_measured() -> None:
    before, after = drill(incident().result), drill(holding().result)
    less = after.model_copy(update={"paths": after.paths[1:]})
    changes = {(one.path, one.event): one for one in compare(before, less).changes}
    assert changes["produce", "fault"].after is None
    assert changes["produce", "fault"].change == "unknown"


@pytest.mark.parametrize(("name", "what"), [("ffffff", "no finished run is called 'ffffff'"), ("", "no finished run")])
def test_a_run_that_is_not_there_is_a_wrong_usage(past: Past[VerifyResult], name: str, what: str) -> None:
    with pytest.raises(OpskitError, match=what) as error:
        history("orders", past, ("3f9a1c", name))
    assert error.value.code is Exit.USAGE


def test_a_cluster_without_a_drill_says_so() -> None:
    assert "orders has no finished drill yet." in screen(Past((), (), ()))


def test_a_failed_undo_stays_visible() -> None:
    result = incident().result
    failed = result.model_copy(update={"verdict": result.verdict.model_copy(update={"undo": "failed"})})
    assert "fails, UNDO FAILED" in screen(Past((Finished(BEFORE, Path(), failed),), (), ()))
