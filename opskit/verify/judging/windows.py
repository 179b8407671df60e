"""The recovery window of every client and path, for the fault and for the thaw after it; pure. See docs/windows.md."""

from collections.abc import Iterator, Sequence

from opskit.verify.history import Gap
from opskit.verify.judging.align import CONSUME, SECOND, Aligned, hole, seconds
from opskit.verify.judging.baseline import unseen
from opskit.verify.judging.phrases import count
from opskit.verify.judging.recovery import Recovery, recovery
from opskit.verify.judging.series import Series
from opskit.verify.judging.spans import Span, fault_span, thaw_span
from opskit.verify.limits import Limits
from opskit.verify.result import Event, Window

EVENTS: tuple[Event, ...] = ("fault", "thaw")
MISSING: dict[Event, str] = {
    "fault": "the fault was never seen in effect",
    "thaw": "the history was cut off before the thaw was watched",
}
UNCLOCKED = "the clock of its host was never compared with the controller's"


def windows(aligned: Aligned, series: Sequence[Series], limits: Limits) -> tuple[Window, ...]:
    """Sorted by client, path and event."""
    spans = fault_span(aligned), thaw_span(aligned)
    found = [
        window(one, event, span, aligned.gaps.get(one.client, ()), limits)
        for one in series
        for event, span in zip(EVENTS, spans, strict=True)
    ]
    return tuple(sorted([*found, *_unclocked(aligned, limits)], key=lambda one: (one.client, one.path, one.event)))


def window(series: Series, event: Event, span: Span | None, gaps: Sequence[Gap], limits: Limits) -> Window:
    """One window. Why it is not judged, where it is not, is a clause that follows its path's name."""
    limit = limits.of(series.path, event)
    if span is None:
        return _unjudged(series.client, series.path, event, MISSING[event], limit)
    found = recovery(series.attempts, span, round(limits.stable_seconds * SECOND), series.silence_ns(limits))
    reason = _why_not(series, span, found, gaps, limits)
    judged = not reason
    return Window(
        client=series.client,
        path=series.path,
        event=event,
        outcome=found.outcome if judged else "not judged",
        seconds=seconds(found.window_ns) if judged else None,
        at_least=judged and found.outcome == "not recovered",
        outage_seconds=None if found.outage_ns is None else seconds(found.outage_ns),
        flaps=found.flaps,
        failed=found.failed,
        attempted=found.attempted,
        resolution_seconds=seconds(series.interval_ns + series.error_ns + span.error_ns),
        limit_seconds=limit,
        reason=reason or _remark(series, found, span),
    )


def _why_not(series: Series, span: Span, found: Recovery, gaps: Sequence[Gap], limits: Limits) -> str:
    def when(at_ns: int) -> str:
        return f"{seconds(at_ns - span.from_ns):.1f} s"

    if span.event == "fault" and series.path in limits.unjudged_paths:
        return "the fault itself breaks it; it is judged after the thaw"
    if gap := span.overlapped_by(gaps):
        since = f" from {when(gap.from_ns)} on" if gap.from_ns > span.from_ns else ""
        return f"nothing is known of this client{since}: {gap.reason}"
    if untried := hole(series.tries, span.from_ns, span.until_ns, series.untried_ns(limits)):
        return f"the probe tried nothing from {when(untried[0])} to {when(untried[1])} after the {span.event}"
    if span.event == "fault" and (unknown := unseen(series, span, gaps, limits)):
        return unknown
    if found.attempted < limits.least_samples:
        noun = "acknowledged message" if series.path == CONSUME else "operation"
        return f"{count(found.attempted, noun)}, {limits.least_samples} needed"
    if found.untried_ns is not None and found.outcome != "not recovered":
        return f"nothing was acknowledged from {when(found.untried_ns)} on, so nothing could be received"
    if found.outcome == "never failed" and span.watched_ns < limits.stable_seconds * SECOND:
        watched = seconds(span.watched_ns)
        return f"it was watched for {watched:.1f} s, less than the stable time of {limits.stable_seconds:g} s"
    return ""


def _remark(series: Series, found: Recovery, span: Span) -> str:
    if found.silence is None:
        return ""
    since, until = (f"{seconds(at - span.from_ns):.1f} s" for at in found.silence)
    what = "nothing was received in time" if series.path == CONSUME else "nothing succeeded"
    return f"{what} from {since} to {until} after the {span.event}"


def _unclocked(aligned: Aligned, limits: Limits) -> Iterator[Window]:
    """Clients whose clock is unknown: each of their paths, and those that the others are judged on."""
    others = {path for client, path in aligned.attempts if client not in aligned.unclocked and limits.of(path)}
    for client in aligned.unclocked:
        own = {path for name, path in aligned.attempts if name == client}
        if client in aligned.messages:
            own.add(CONSUME)
        for path in own | {path for path in others if not path.startswith("nameserver@")}:
            for event in EVENTS:
                yield _unjudged(client, path, event, UNCLOCKED, limits.of(path, event))


def _unjudged(client: str, path: str, event: Event, reason: str, limit: float | None) -> Window:
    return Window(
        client=client,
        path=path,
        event=event,
        outcome="not judged",
        seconds=None,
        failed=0,
        attempted=0,
        resolution_seconds=0.0,
        limit_seconds=limit,
        reason=reason,
    )
