"""An audit for a terminal: the judgement, what is wrong, the worst first, and what changed; pure."""

from collections.abc import Iterator

from opskit.compliance.result import ComplianceResult
from opskit.compliance.showing import parts, words
from opskit.compliance.showing.metrics import is_new
from opskit.report.shapes import Banner, Sentence, Shape, Table

LINES = 12
"""Of one table, without verbose."""


def present(result: ComplianceResult, new_only: bool = False, verbose: bool = False) -> Iterator[Shape]:
    """new_only: only what the run before did not have, and what is fixed; the judgement and its counts are of all.

    verbose: also what controls expect, where it was seen, every line, and what does not apply.
    """
    long = _whole if verbose else _cut
    rows = [row for row in result.rows if row.is_open and (not new_only or is_new(row))]
    yield Banner(f"{words.verdict(result)}: {words.counts(result)}", words.MARKS[result.judgement])
    yield from parts.findings(result, rows, long, verbose)
    yield from parts.unknown(result, rows, long)
    yield from parts.unheard(result, long)
    yield from parts.fixed(result, long)
    if new_only:
        older = sum(row.is_open for row in result.rows) - len(rows)
        yield Sentence(f"\nNot shown: {older:,} open since earlier runs, {len(words.waived(result)):,} waived", "dim")
    else:
        yield from parts.waived(result, long)
    if verbose:
        yield from parts.not_applicable(result, long)


def _whole(table: Table) -> Iterator[Shape]:
    yield table


def _cut(table: Table) -> Iterator[Shape]:
    yield Table(table.columns, table.rows[:LINES])
    if len(table.rows) > LINES:
        yield Sentence(f"and {len(table.rows) - LINES:,} more; with --verbose all of them", "dim")
