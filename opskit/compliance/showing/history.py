"""Past audits as a trend, and what is different between two of them; pure."""

from collections.abc import Iterator, Sequence

from opskit.compliance.past.audits import ComplianceHistory, PastRun
from opskit.compliance.past.changes import ComplianceDiff
from opskit.compliance.result import SEVERITIES, Row
from opskit.compliance.showing import words
from opskit.compliance.showing.parts import SEVERITY_MARKS
from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table

BAR = 20
"""Width of the longest bar."""
EIGHTHS = " ▏▎▍▌▋▊▉"
CHANGE_MARKS: dict[str | None, Mark] = {"new": "bad", "became-unknown": "warn", "fixed": "good"}


def present_history(history: ComplianceHistory) -> Iterator[Shape]:
    """A line an audit, newest first, with what was open as a bar."""
    if not history.runs:
        yield Sentence(f"{history.cluster} has not been audited yet.", "dim")
        return
    most = max(one.counts.open for one in history.runs)
    worst_first = tuple(reversed(SEVERITIES))
    yield Table(
        ("run", "when", "verdict", "hosts", "controls", *worst_first, "unknown", "waived", "new", "fixed", "open"),
        tuple(_line(one, most) for one in history.runs),
    )
    yield _trend(history.runs)


def present_diff(diff: ComplianceDiff, verbose: bool = False) -> Iterator[Shape]:
    """verbose: also what is as before."""
    yield Heading(f"From {_named(diff.before)} to {_named(diff.after)}")
    if diff.uncompared:
        yield Sentence(f"Judged in one of the two only, so not compared: {', '.join(diff.uncompared)}", "warn")
    if diff.changed:
        yield Heading("New, or unknown now")
        yield _rows(diff.changed, diff.after)
    if diff.fixed:
        yield Heading("Fixed")
        yield _rows(diff.fixed, diff.before)
    if diff.still and verbose:
        yield Heading("As before")
        yield _rows(diff.still, diff.after)
    new = sum(row.change == "new" for row in diff.changed)
    counts = (
        f"{new} new, {len(diff.changed) - new} became unknown, {len(diff.fixed)} fixed, {len(diff.still)} as before."
    )
    yield Sentence(counts, "bad" if new else "warn" if diff.changed else "good" if diff.fixed else "dim")


def _line(one: PastRun, most: int) -> tuple[Cell | str, ...]:
    counts = one.counts
    failing = (counts.critical, counts.high, counts.medium, counts.low)
    unheard = Cell(f"{one.hosts}, {one.errors} not audited", "warn") if one.errors else f"{one.hosts}"
    return (
        _short(one),
        f"{one.at:%Y-%m-%d %H:%M}",
        Cell(one.judgement, words.MARKS[one.judgement]),
        unheard,
        f"{len(one.controls)}",
        *(_count(number, SEVERITY_MARKS[name]) for name, number in zip(reversed(SEVERITIES), failing, strict=True)),
        _count(counts.unknown, "warn"),
        _count(counts.waived, "plain"),
        _count(counts.new + counts.became_unknown, "bad"),
        _count(counts.fixed, "good"),
        f"{counts.open:>4} {bar(counts.open, most)}",
    )


def bar(number: int, most: int) -> str:
    """Of as many eighths of a letter as fit; anything above 0 is seen."""
    eighths = max(round(number / most * BAR * 8), 1) if number else 0
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _count(number: int, mark: Mark) -> Cell:
    return Cell(f"{number:,}", mark) if number else Cell("-", "dim")


def _trend(runs: Sequence[PastRun]) -> Sentence:
    newest, oldest = runs[0], runs[-1]
    if len({frozenset(one.controls) for one in runs}) > 1:
        return Sentence("Not all of these audits judged the same controls, so their counts do not compare.", "warn")
    now, then = newest.counts.open, oldest.counts.open
    mark: Mark = "good" if now < then else "bad" if now > then else "dim"
    return Sentence(f"{then:,} open on {oldest.at:%Y-%m-%d}, {now:,} on {newest.at:%Y-%m-%d}.", mark)


def _rows(rows: Sequence[Row], run: PastRun) -> Table:
    """The worst first; ages as they were in that run."""
    ordered = sorted(rows, key=lambda row: (-SEVERITIES.index(row.severity), row.control, row.subject))
    return Table(
        ("severity", "change", "control", "subject", "since", "observed"),
        tuple(
            (
                Cell(row.severity, SEVERITY_MARKS[row.severity]),
                Cell(f"{row.change}{', waived' if row.waived else ''}", CHANGE_MARKS.get(row.change, "plain")),
                row.control,
                row.subject,
                words.age(run.at - row.first_seen) if row.first_seen else "-",
                row.observed,
            )
            for row in ordered
        ),
    )


def _short(one: PastRun) -> str:
    return one.run.rsplit("-", 1)[-1]


def _named(one: PastRun) -> str:
    return f"{_short(one)} ({one.at:%Y-%m-%d %H:%M})"
