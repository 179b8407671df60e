"""From the history of a drill to what it shows: windows, ledger, verdict; pure. docs/windows.md defines each figure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opskit.verify.history import History
from opskit.verify.judging.align import SECOND, Aligned, align, seconds
from opskit.verify.judging.baseline import doubts, weaknesses
from opskit.verify.judging.ledger import ledgers, total
from opskit.verify.judging.phrases import count
from opskit.verify.judging.series import Series, all_series, longest_gap_seconds
from opskit.verify.judging.spans import Span, fault_span, not_in_effect, thaw_span
from opskit.verify.judging.summary import fresh, summaries
from opskit.verify.judging.verdict import verdict
from opskit.verify.judging.windows import windows
from opskit.verify.limits import Limits
from opskit.verify.result import Event, FreshClients, Ledger, PathSummary, Undo, Verdict, Window

SLOW_START_SECONDS = 3.0
NOTABLE_CLOCK_SECONDS = 0.1


@dataclass(frozen=True)
class Judged:
    """What the history alone shows. hold_seconds: how long the fault was in effect, 0 where that was never seen."""

    verdict: Verdict
    windows: tuple[Window, ...]
    summaries: tuple[PathSummary, ...]
    ledger: Ledger
    """All clients together."""
    ledgers: tuple[Ledger, ...]
    fresh: tuple[FreshClients, ...]
    longest_gap_seconds: float | None
    hold_seconds: float
    notes: tuple[str, ...]


def judge(history: History, limits: Limits, undo: Undo) -> Judged:
    """undo: what the caller saw of it. Whether a verdict holds beyond this run is for the prediction to say."""
    aligned = align(history)
    fault, thaw = fault_span(aligned), thaw_span(aligned)
    series = all_series(aligned, limits)
    measured = windows(aligned, series, limits)
    accounts = ledgers(aligned, limits)
    watched: dict[Event, float] = {span.event: seconds(span.watched_ns) for span in (fault, thaw) if span}
    void = (*not_in_effect(aligned, fault, limits), *_before_and_during(series, fault, measured, limits))
    return Judged(
        verdict=verdict(aligned, measured, accounts, void, watched, limits, undo),
        windows=measured,
        summaries=summaries(measured),
        ledger=total(accounts),
        ledgers=accounts,
        fresh=fresh(aligned, fault),
        longest_gap_seconds=longest_gap_seconds(aligned, fault),
        hold_seconds=watched.get("fault", 0.0),
        notes=tuple(_notes(aligned, series, fault, total(accounts), limits)),
    )


def _before_and_during(
    series: Sequence[Series], fault: Span | None, measured: Sequence[Window], limits: Limits
) -> Iterator[str]:
    """A weak baseline; and what the fault must break, and did not: it was in effect on something else."""
    if fault is None:
        return
    yield from weaknesses(series, fault, limits)
    for path in sorted(limits.unjudged_paths):
        mine = [one for one in measured if one.path == path and one.event == "fault"]
        tried = sum(one.attempted for one in mine)
        if tried >= limits.least_samples and not any(one.failed or one.outage_seconds for one in mine):
            yield f"{path} was tried {tried} times while it was to hang, and never failed: nothing hung there"


def _notes(
    aligned: Aligned, series: Sequence[Series], fault: Span | None, messages: Ledger, limits: Limits
) -> Iterator[str]:
    for client, gaps in sorted(aligned.gaps.items()):
        yield from (f"A part of the history of {client} is missing: {gap.reason}." for gap in gaps)
    for client in sorted(aligned.unclocked):
        yield f"{client} is not judged: the clock of its host was never compared with the controller's."
    for host, clock in sorted(aligned.clocks.items()):
        if clock.moved_ns > NOTABLE_CLOCK_SECONDS * SECOND:
            yield f"The clock of {host} moved by {seconds(clock.moved_ns):.1f} s; windows there are the coarser for it."
    if messages.unexpected:
        yield f"{count(messages.unexpected, 'message')} arrived that nobody had sent, or whose send had been refused."
    if fault is None:
        return
    delay = seconds(fault.from_ns - fault.counted_from_ns)
    if delay > SLOW_START_SECONDS:
        yield f"The fault was seen in effect {delay:.1f} s after it was ordered; windows count from when it was seen."
    yield from (f"{doubt}." for doubt in doubts(series, fault, limits))
    thawed = aligned.phases.get("thaw")
    for victim in aligned.history.header.victims:
        after = [one.at_ns for one in aligned.effects if one.victim == victim and one.shown]
        if thawed is not None and after and after[-1] > thawed + aligned.clocks[victim].error_ns:
            yield f"{victim} still showed the fault {seconds(after[-1] - thawed):.1f} s after it was said to be undone."
