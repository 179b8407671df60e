"""A drill as one page: verdict, figures, time line, curves, tables, and all that a sceptic asks for; pure."""

from collections.abc import Iterator
from datetime import UTC

from opskit.report import html
from opskit.report.shapes import Banner, Figure, Figures, Fold, Heading, Listing, Sentence, Shape
from opskit.verify.judging.align import Aligned
from opskit.verify.judging.series import all_series
from opskit.verify.judging.spans import fault_span, thaw_span
from opskit.verify.limits import Limits
from opskit.verify.result import VerifyResult
from opskit.verify.showing import tables
from opskit.verify.showing.figures import axis, thin
from opskit.verify.showing.timeline import failures, latencies, shading, timeline
from opskit.verify.showing.words import (
    bound,
    judged_predictions,
    keeps_limit,
    reasons,
    scenario_in_words,
    seconds,
    slowest,
    title,
    verdict_mark,
    what_was_done,
    worst_case,
)

EVERY_PATH = Limits(windows={})
"""What is drawn needs no windows; a delivery fails after the same time as in the judgement."""


def render(result: VerifyResult, aligned: Aligned) -> str:
    """report.html."""
    at = result.at.astimezone(UTC)
    subtitle = f"{scenario_in_words(result.scenario)}\n{at.day} {at:%B %Y, %H:%M} UTC, run {result.run}"
    return html.page(f"{result.cluster}: {what_was_done(result)}", page(result, aligned), subtitle)


def page(result: VerifyResult, aligned: Aligned) -> Iterator[Shape]:
    """What matters most comes first."""
    attempts = {(one.client, one.path): one.attempts for one in all_series(aligned, EVERY_PATH)}
    fault, thaw = fault_span(aligned), thaw_span(aligned)
    on = axis(attempts, aligned.phases, fault.from_ns if fault else None)
    thinned, shaded = thin(attempts, on), shading(fault, thaw, on)
    yield Banner(title(result.verdict), verdict_mark(result.verdict), reasons(result))
    yield Figures(tuple(_figures(result)))
    yield Heading("Time line")
    yield from timeline(result, thinned.shares, aligned.effects, shaded, on)
    if failing := tuple(failures(thinned.curves, shaded, on)):
        yield Heading("Failures")
        yield Sentence("Operations per second that were attempted, and that failed; all clients of a path.", "dim")
        yield from failing
    if thinned.curves:
        yield Heading("Latency")
        yield Sentence("How long operations took, by the instant at which they began; failed ones too.", "dim")
        yield from latencies(thinned.curves, shaded, on)
    yield Heading("Windows")
    yield from tables.windows(result)
    if result.predictions:
        yield Heading("Prediction")
        yield from tables.predictions(result)
    yield Heading("Messages")
    yield from tables.messages(result)
    if result.fresh:
        yield Heading("Fresh clients")
        yield tables.fresh(result)
    yield Heading("Who took part")
    yield from tables.parties(result)
    if result.notes:
        yield Heading("Notes")
        yield from (Sentence(note) for note in result.notes)
    yield Heading("Evidence")
    yield from _evidence(result)


def _figures(result: VerifyResult) -> Iterator[Figure]:
    if worst := slowest(result.windows):
        whose = f"limit {seconds(worst.limit_seconds)}; {worst.path} of {worst.client}"
        whose += ", after the thaw" if worst.event == "thaw" else ""
        took = seconds(worst.seconds, at_least=worst.at_least)
        yield Figure("Slowest recovery", took, whose, "good" if keeps_limit(worst) else "bad")
        hung = [one for one in result.windows if one.event == "fault" and keeps_limit(one) is not None]
        failed, attempted = sum(one.failed for one in hung), sum(one.attempted for one in hung)
        if attempted:
            share = f"{100 * failed / attempted:.2g} %"
            yield Figure("Failed while it hung", share, f"{failed:,} of {attempted:,} operations on judged paths")
    ledger = result.ledger
    lost = f"of {ledger.acknowledged:,} acknowledged; {ledger.duplicated:,} duplicated"
    yield Figure("Messages lost", f"{ledger.lost:,}", lost, "bad" if ledger.lost else "good")
    if result.longest_gap_seconds is not None:
        yield Figure("Longest consumer silence", seconds(result.longest_gap_seconds), "between fault and undo")
    if predicted := worst_case(judged_predictions(result)):
        yield Figure("Worst case by the timers", bound(predicted), f"{predicted.path}; {predicted.client}")


def _evidence(result: VerifyResult) -> Iterator[Shape]:
    yield Sentence(
        f"Every operation lies in history.jsonl.zst beside this page, the figures in report.json: {result.folder}"
    )
    if result.commands:
        yield Fold(f"The {len(result.commands)} commands of this run", (Listing("\n".join(result.commands)),))
