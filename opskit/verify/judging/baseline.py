"""Whether the paths were well before the fault; pure.

A path that failed makes the whole run worthless: the cluster was not well. One that nobody saw is not judged itself.
"""

from collections import defaultdict
from collections.abc import Sequence

from opskit.verify.history import Gap
from opskit.verify.judging.align import SECOND, hole
from opskit.verify.judging.phrases import some
from opskit.verify.judging.series import Series
from opskit.verify.judging.spans import Span
from opskit.verify.limits import Limits


def weaknesses(series: Sequence[Series], fault: Span, limits: Limits) -> tuple[str, ...]:
    """Sentences, one a path that has a window and failed before the fault."""
    when = f"in the last {limits.baseline_seconds:g} s before the fault"
    return tuple(
        f"the baseline is too weak: {path} of {some(clients)} failed {when}"
        for path, clients in _failed(series, fault, limits).items()
        if limits.of(path) is not None
    )


def doubts(series: Sequence[Series], fault: Span, limits: Limits) -> tuple[str, ...]:
    """The same for paths without a window: for the reader, the verdict does not hang on them."""
    return tuple(
        f"{path} of {some(clients)}, which has no window, failed shortly before the fault"
        for path, clients in _failed(series, fault, limits).items()
        if limits.of(path) is None
    )


def unseen(series: Series, fault: Span, gaps: Sequence[Gap], limits: Limits) -> str:
    """Why nobody knows how this path was before the fault, as a clause; empty where it is known."""
    end = fault.counted_from_ns
    start = end - _length(series, limits)
    before = _before(series, limits)
    if any(gap.from_ns < end and gap.to_ns > start for gap in gaps):
        return f"nothing is known of this client {before}"
    if hole(series.tries, start, end, series.untried_ns(limits)):
        return f"it was not tried all the time {before}"
    if not any(one.ok and start <= one.end_ns < end for one in series.attempts):
        return f"it had no success {before}"
    return ""


def _before(series: Series, limits: Limits) -> str:
    return f"in the last {_length(series, limits) / SECOND:g} s before the fault"


def _length(series: Series, limits: Limits) -> int:
    """A path that is tried seldom needs a longer baseline to be seen at all."""
    return max(round(limits.baseline_seconds * SECOND), 2 * series.interval_ns)


def _failed(series: Sequence[Series], fault: Span, limits: Limits) -> dict[str, list[str]]:
    """Path → clients. What was under way at the fault failed before it, where it spent most of its time before."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    end = fault.counted_from_ns
    for one in series:
        start = end - _length(one, limits)
        if any(not op.ok and op.end_ns >= start and op.start_ns + op.end_ns < 2 * end for op in one.attempts):
            found[one.path].append(one.client)
    return dict(sorted(found.items()))
