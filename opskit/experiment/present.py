"""An experiment as shapes, for a terminal and for its page; pure."""

from collections.abc import Iterator

from opskit.errors import Exit
from opskit.experiment.cells import (
    layout_table,
    number,
    page_table,
    settings_table,
    short_table,
    thaw_table,
    theory_table,
    verdict,
)
from opskit.experiment.figures import exit_code
from opskit.experiment.result import ExperimentResult, Layout, PathFigures, RowResult
from opskit.report.shapes import Banner, Bar, Cell, Figure, Figures, Heading, Mark, Row, Sentence, Shape, Timeline
from opskit.verify.options import WINDOWED

METHOD = (
    "Each row is a drill of opskit verify failover on an embedded lab: real servers, and the official Java client in "
    "two instance layouts. A window counts from the fault in effect to the first success after which nothing fails for "
    "the stable time, of the slowest client; > marks one that did not recover while the fault was held. failed/n "
    "counts the operations of all clients in that time. Lost: acknowledged, never received; late: received only after "
    "the undo. The predicted worst case is the sum of the timers."
)
GRAIN = 100
"""Stretches of the picture's axis."""
ALL: Layout = "all"


def present(result: ExperimentResult) -> Iterator[Shape]:
    """For the terminal: the table in short, why rows are not as expected, where the reports lie."""
    yield short_table(result)
    yield Sentence("")
    yield _banner(result)
    yield Sentence(f"Report: {result.folder}/experiment.html, for docs: {result.folder}/experiment.md")


def page(result: ExperimentResult) -> Iterator[Shape]:
    """For experiment.html, below its title and `origin`."""
    yield _banner(result)
    yield Figures(tuple(_figures(result)))
    if result.about:
        yield Sentence(result.about)
    yield Heading("Results")
    yield page_table(result)
    yield Sentence(METHOD, "dim")
    if any(row.figures for row in result.rows):
        yield Heading("Time to recover, side by side")
        yield timeline(result)
        yield Heading("The theory beside the measurement")
        yield theory_table(result)
        yield Heading("By layout of the client instances")
        yield layout_table(result)
        yield Heading("After the undo")
        yield thaw_table(result)
    if found := tuple(reasons(result)):
        yield Heading("Why rows do not hold")
        yield from (Sentence(reason) for reason in found)
    yield Heading("What ran")
    yield settings_table(result)


def timeline(result: ExperimentResult) -> Timeline:
    """The windows of every row over one axis, path by path, from the fault in effect on."""
    measured = [(row, row.figures) for row in result.rows if row.figures]
    end = max((figures.held_seconds for _, figures in measured), default=1.0)
    rows = tuple(
        _timeline_row(row, one, figures.held_seconds, end)
        for path in WINDOWED
        for row, figures in measured
        for one in figures.paths
        if (one.path, one.event, one.layout) == (path, "fault", ALL)
    )
    legend = ("share of operations that failed while the fault was held", "time to recover", "limit")
    return Timeline("Seconds since the fault was in effect; the slowest client of each row.", 0, end, (), rows, legend)


def reasons(result: ExperimentResult) -> Iterator[str]:
    """Why a row does not hold, or could not be judged."""
    yield from (f"{row.name}: {row.sentence}" for row in result.rows if row.sentence and row.judgement != "holds")


def origin(result: ExperimentResult) -> Iterator[str]:
    """Machine, dates, the opskit that measured, how to do it again."""
    for machine in result.machines:
        java = f", {machine.java}" if machine.java else ""
        yield f"{machine.cores} cores, {machine.memory_gib:g} GiB of memory, kernel {machine.kernel}{java}."
    measured = [row for row in result.rows if row.at]
    if dates := sorted({f"{row.at:%Y-%m-%d}" for row in measured}):
        versions = sorted({row.opskit for row in measured})
        yield f"Measured on {' to '.join(dict.fromkeys((dates[0], dates[-1])))} with opskit {', '.join(versions)}."
    releases = sorted({row.servers for row in measured} | {row.clients for row in measured})
    if releases:
        yield f"RocketMQ releases: {', '.join(releases)}."
    yield f"To do it again: opskit verify experiment {result.file}"


def _banner(result: ExperimentResult) -> Banner:
    missed = [row for row in result.rows if row.as_expected is False]
    waiting = [row for row in result.rows if row.state == "not run"]
    lines = tuple(
        Sentence(f"{row.name}: {verdict(row).text}. {row.sentence}", verdict(row).mark)
        for row in result.rows
        if row.as_expected is False or row.state in ("unjudged", "undo failed")
    )
    match exit_code(result.rows):
        case Exit.UNDO_FAILED:
            return Banner("An undo failed", "bad", lines)
        case Exit.FAILS:
            return Banner(f"{len(missed)} of {len(result.rows)} rows turned out otherwise than expected", "bad", lines)
        case Exit.UNJUDGED:
            return Banner("Some rows could not be judged", "warn", lines)
        case _ if waiting:
            return Banner(f"{len(waiting)} of {len(result.rows)} rows are still to be run", "warn", lines)
        case _:
            return Banner("Every row turned out as expected", "good", lines)


def _figures(result: ExperimentResult) -> Iterator[Figure]:
    rows = result.rows
    yield Figure("Rows", str(len(rows)), f"{sum(row.expect is not None for row in rows)} with an expectation")
    for judgement in ("holds", "fails", "unjudged"):
        found = sum(row.judgement == judgement for row in rows)
        yield Figure(judgement.capitalize(), str(found))
    measured = [row.figures for row in rows if row.figures]
    lost, acknowledged = sum(one.lost for one in measured), sum(one.acknowledged for one in measured)
    yield Figure("Messages lost", f"{lost:,}", f"of {acknowledged:,} acknowledged", "bad" if lost else "good")


def _timeline_row(row: RowResult, one: PathFigures, held: float, end: float) -> Row:
    limit = one.limit_seconds
    missed = limit is not None and (one.at_least or (one.seconds or 0) > limit)
    mark: Mark = "bad" if missed else "good"
    text = f"{'not recovered in ' if one.at_least else ''}{number(one.seconds)} s"
    share = one.failed / one.attempted if one.attempted else 0.0
    stretch = round(held / end * GRAIN)
    return Row(
        label=row.name,
        outcome=Cell(text, mark) if one.seconds is not None else Cell("not judged", "dim"),
        note=f"{one.failed:,} of {one.attempted:,} failed",
        group=one.path,
        bars=(Bar(0, one.seconds, text, mark, one.at_least, limit),) if one.seconds else (),
        density=(*[share] * stretch, *[0.0] * (GRAIN - stretch)),
    )
