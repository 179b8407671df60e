"""How one path of one client came through one event: the definition of a recovery window. Pure.

Evidence comes in when an operation completes. So a failure is dated at its end, a send that hung for 3 s keeps the
window open until it has failed, and an operation that is indeterminate has failed.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from opskit.verify.judging.align import Attempt
from opskit.verify.judging.spans import Span

Outcome = Literal["never failed", "recovered", "flapped", "not recovered"]


@dataclass(frozen=True)
class Recovery:
    """window_ns: time to recover; where not recovered, so long at least. outage_ns: from the start of the first failure
    to the same end, None where nothing failed. silence: the longest time in which it was down though nothing failed.
    untried_ns: since then until the end nothing succeeded and nothing was tried, so that nobody knows.
    """

    outcome: Outcome
    window_ns: int
    outage_ns: int | None
    flaps: int
    failed: int
    attempted: int
    silence: tuple[int, int] | None
    untried_ns: int | None


class _Down(NamedTuple):
    """Evidence that the path was down: seen at seen_ns, since since_ns. Sorts as it comes in.

    broke_ns: what had been well was so until then; a failure ends that when it is seen, a silence when it begins.
    """

    seen_ns: int
    since_ns: int
    broke_ns: int


def recovery(attempts: list[Attempt], span: Span, stable_ns: int, silence_ns: int) -> Recovery:
    """attempts: in the order of completion. silence_ns: longer without a success than that is an outage."""
    first = bisect_left(attempts, span.counted_from_ns, key=lambda attempt: attempt.end_ns)
    within = [one for one in attempts[first:] if span.holds(one.start_ns, one.end_ns)]
    successes = [one.end_ns for one in within if one.ok and one.end_ns <= span.until_ns]
    failures = [_Down(one.end_ns, one.start_ns, one.end_ns) for one in within if not one.ok]
    silences = [one for one in _silences(successes, span, silence_ns) if not _heard(failures, one)]
    untried = None
    if silences and silences[-1].seen_ns == span.until_ns:
        last = silences[-1].since_ns
        if all(one.start_ns < last for one in within):
            untried = silences.pop().since_ns
    down = sorted(failures + silences)
    outcome, end = _end(down, successes, span, stable_ns)
    return Recovery(
        outcome,
        window_ns=max(end - span.from_ns, 0),
        outage_ns=max(end - min(one.since_ns for one in down), 0) if down else None,
        flaps=_flaps(within),
        failed=len(failures),
        attempted=len(within),
        silence=max(
            ((one.since_ns, one.seen_ns) for one in silences), key=lambda one: (one[1] - one[0], one), default=None
        ),
        untried_ns=untried,
    )


def _end(down: list[_Down], successes: list[int], span: Span, stable_ns: int) -> tuple[Outcome, int]:
    """How it ended, and the first success after the last evidence: the earliest at which it can have recovered.

    Without one, it was down until the end of the span. Where the stable time no longer fits into the span, nobody knows
    whether it had recovered: the window is so long at least.
    """
    if not down:
        return "never failed", span.from_ns
    back = _next(successes, down[-1].seen_ns)
    if back is None or back + stable_ns > span.until_ns:
        return "not recovered", span.until_ns if back is None else back
    for earlier, later in pairwise(down):
        up = _next(successes, earlier.seen_ns)
        if up is not None and later.broke_ns - up >= stable_ns:
            return "flapped", back
    return "recovered", back


def _next(successes: list[int], after_ns: int) -> int | None:
    index = bisect_right(successes, after_ns)
    return successes[index] if index < len(successes) else None


def _silences(successes: list[int], span: Span, silence_ns: int) -> list[_Down]:
    """Stretches of the span without a success; each ends just before the success that ends it."""
    found, earlier = [], span.from_ns
    for at in successes:
        if at - earlier > silence_ns:
            found.append(_Down(at - 1, earlier, earlier))
        earlier = max(at, earlier)
    if span.until_ns - earlier > silence_ns:
        found.append(_Down(span.until_ns, earlier, earlier))
    return found


def _heard(failures: list[_Down], silence: _Down) -> bool:
    """Whether something failed in a silence: that tells of it already."""
    index = bisect_left(failures, silence.since_ns, key=lambda one: one.seen_ns)
    return index < len(failures) and failures[index].seen_ns <= silence.seen_ns


def _flaps(within: list[Attempt]) -> int:
    """How often it failed again after a success: with an operation that started after it, not one that still hung."""
    flaps, failed_before, back = 0, False, None
    for one in within:
        if one.ok:
            back = one.end_ns if failed_before and back is None else back
        elif back is None:
            failed_before = True
        elif one.start_ns >= back:
            flaps, back = flaps + 1, None
    return flaps
