"""Past drills as a table, and the comparison of two as another."""

from collections.abc import Iterator

from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table
from opskit.verify.showing.compare import Comparison, Direction, PastDrill, PathChange, Slowest, VerifyHistory, told
from opskit.verify.showing.words import MARKS, seconds

SHOWN = ("produce", "consume", "route")
CHANGES: dict[Direction, Mark] = {"better": "good", "worse": "bad", "same": "dim", "unknown": "warn"}
EVENTS = {"fault": "hang", "thaw": "thaw"}


def present_history(history: VerifyHistory) -> Iterator[Shape]:
    """A line a drill, newest first; then, where two are compared, a line a path."""
    if history.drills:
        columns = ("run", "when", "scenario", "fault", "clients", "verdict", *SHOWN, "lost")
        yield Table(columns, tuple(_row(drill) for drill in history.drills))
    else:
        yield Sentence(f"{history.cluster} has no finished drill yet.", "dim")
    for name in history.unfinished:
        yield Sentence(f"{name} has no report: it was cut off, or is still on", "warn")
    for one in history.unreadable:
        yield Sentence(f"{one.run} cannot be read: {one.reason}", "warn")
    if history.comparison:
        yield from _comparison(history.comparison)


def _row(drill: PastDrill) -> tuple[Cell | str, ...]:
    slowest = {one.path: one for one in drill.paths if one.event == "fault"}
    verdict = "holds, this run only" if drill.in_this_run_only else drill.judgement
    mark: Mark = "bad" if drill.undo == "failed" else "warn" if drill.in_this_run_only else MARKS[drill.judgement]
    return (
        drill.run.rsplit("-", 1)[-1],
        f"{drill.at:%Y-%m-%d %H:%M}",
        drill.scenario,
        drill.fault,
        ", ".join(drill.releases),
        Cell(f"{verdict}, UNDO FAILED" if drill.undo == "failed" else verdict, mark),
        *(_figure(slowest.get(path)) for path in SHOWN),
        Cell(f"{drill.lost:,}", "bad" if drill.lost else "plain"),
    )


def _figure(one: Slowest | None) -> Cell:
    late = one is not None and one.limit_seconds is not None and (one.seconds or 0) > one.limit_seconds
    return Cell(told(one), "bad" if late else "plain" if one and one.seconds is not None else "dim")


def _comparison(comparison: Comparison) -> Iterator[Shape]:
    yield Heading(f"From {comparison.before} to {comparison.after}")
    for difference in comparison.differences:
        yield Sentence(f"Not the same drill: {difference}", "warn")
    yield Table(
        ("path", "after the", "before", "after", "resolution", "failed before", "failed after", "change"),
        tuple(_change(change) for change in comparison.changes),
    )
    worse = [one for one in comparison.changes if one.change == "worse"]
    better = [one for one in comparison.changes if one.change == "better"]
    yield Sentence(
        f"{len(better)} paths better, {len(worse)} worse. One drill is one sample: the phase of the timers alone moves "
        "a window, so repeat what matters.",
        "bad" if worse else "good" if better else "dim",
    )


def _change(one: PathChange) -> tuple[Cell | str, ...]:
    sides = (one.before, one.after)
    blur = sum(side.resolution_seconds for side in sides if side)
    failed = (f"{side.failed:,} of {side.attempted:,}" if side else "-" for side in sides)
    mark = CHANGES[one.change]
    return (
        one.path,
        EVENTS[one.event],
        told(one.before),
        told(one.after),
        f"± {seconds(blur)}",
        *failed,
        Cell(one.change, mark),
    )
