"""An audit as one page that needs nothing else; pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC

from opskit.compliance.result import SEVERITIES, ComplianceResult, at_least
from opskit.compliance.showing import parts, words
from opskit.compliance.showing.metrics import is_new
from opskit.report import html
from opskit.report.shapes import Banner, Figure, Figures, Fold, Heading, Sentence, Shape, Table

LINES = 15
"""Of one table; the others are folded."""


def render(result: ComplianceResult) -> str:
    """report.html."""
    at = result.at.astimezone(UTC)
    before = f"compared with run {result.since}" if result.since else "the first of this cluster"
    subtitle = f"{at.day} {at:%B %Y, %H:%M} UTC, run {result.run}, {before}"
    return html.page(f"{result.cluster}: compliance", page(result), subtitle)


def page(result: ComplianceResult) -> Iterator[Shape]:
    """What matters most comes first; nothing is left out."""
    rows = [row for row in result.rows if row.is_open]
    yield Banner(words.verdict(result), words.MARKS[result.judgement], (Sentence(words.counts(result)),))
    yield Figures(tuple(_figures(result)))
    yield from parts.findings(result, rows, _folded, True)
    yield from parts.unknown(result, rows, _folded)
    yield from parts.unheard(result, _folded)
    yield from parts.fixed(result, _folded)
    yield from parts.waived(result, _folded)
    yield from parts.not_applicable(result, _folded)
    yield from _holds(result)


def _figures(result: ComplianceResult) -> Iterator[Figure]:
    for severity in reversed(SEVERITIES):
        found = [row for row in result.rows if row.is_open and row.status == "fails" and row.severity == severity]
        new = sum(map(is_new, found))
        counts = bool(found) and at_least(severity, result.fail_on)
        note = f"{new:,} new" if new else "none new" if found else ""
        yield Figure(severity.capitalize(), f"{len(found):,}", note, "bad" if counts else "plain")
    unknown = sum(row.is_open and row.status == "unknown" for row in result.rows)
    yield Figure("Unknown", f"{unknown:,}", "could not be judged", "warn" if unknown else "plain")
    told = result.hosts - len(result.errors)
    yield Figure("Hosts", f"{told:,}", f"of {result.hosts:,} audited", "bad" if result.errors else "plain")


def _holds(result: ComplianceResult) -> Iterator[Shape]:
    held = Counter((row.control, row.title) for row in result.rows if row.status == "holds")
    if held:
        rows = tuple((title, control, f"{number:,}") for (control, title), number in held.items())
        yield Heading("What is as it should be")
        yield Sentence(f"{sum(held.values()):,} of {len(result.rows):,} checks hold.")
        yield Fold(words.counted(len(rows), "control"), (Table(("control", "", "subjects"), rows),))


def _folded(table: Table) -> Iterator[Shape]:
    yield Table(table.columns, table.rows[:LINES])
    if len(table.rows) > LINES:
        yield Fold(f"{len(table.rows) - LINES:,} more", (Table(table.columns, table.rows[LINES:]),))
