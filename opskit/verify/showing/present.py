"""A drill's result for a person in a hurry, and its exit code."""

from collections.abc import Iterator

from opskit.errors import Exit
from opskit.report.shapes import Banner, Heading, Mark, Sentence, Shape, Table
from opskit.verify.result import Judgement, VerifyResult
from opskit.verify.showing.tables import every_window, summary
from opskit.verify.showing.words import keeps_limit, reasons, title, verdict_mark, what_was_done

MOST_WINDOWS = 12
CODES: dict[Judgement, Exit] = {"holds": Exit.HOLDS, "fails": Exit.FAILS, "unjudged": Exit.UNJUDGED}


def exit_code(result: VerifyResult) -> Exit:
    """A failed undo wins over whatever was judged."""
    return Exit.UNDO_FAILED if result.verdict.undo == "failed" else CODES[result.verdict.judgement]


def present(result: VerifyResult) -> Iterator[Shape]:
    """The verdict and why, a line a path, the windows that were missed, the messages, where the evidence lies."""
    verdict = f"{result.cluster}, {what_was_done(result)}: {title(result.verdict).lower()}"
    yield Banner(verdict, verdict_mark(result.verdict), reasons(result))
    yield Heading("Time to recover, all clients of a path")
    shown = summary(result, notable=True)
    yield Table(shown.columns, shown.rows)
    missed = [window for window in result.windows if keeps_limit(window) is False]
    if missed:
        yield Heading("Windows that were missed")
        yield every_window(missed[:MOST_WINDOWS])
        if len(missed) > MOST_WINDOWS:
            yield Sentence(f"and {len(missed) - MOST_WINDOWS} more; see the report", "dim")
    yield Sentence("")
    yield _messages(result)
    yield from (Sentence(note, "warn") for note in result.notes)
    yield Sentence(f"Report: {result.folder}/report.html")


def _messages(result: VerifyResult) -> Sentence:
    ledger = result.ledger
    told = [
        f"{ledger.attempted:,} messages sent, {ledger.acknowledged:,} acknowledged, {ledger.lost:,} of them lost",
        *(f"{count:,} {name}" for name, count in (("duplicated", ledger.duplicated), ("late", ledger.late)) if count),
        *([f"{ledger.unexpected:,} unexpected"] if ledger.unexpected else []),
    ]
    mark: Mark = "bad" if ledger.lost else "warn" if ledger.unexpected else "good"
    return Sentence(", ".join(told), mark)
