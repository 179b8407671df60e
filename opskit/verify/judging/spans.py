"""The two spans that are judged, and whether the fault was in effect throughout; pure.

The fault: from the first effect that a victim showed to the order to undo, or to where a victim showed it no more. The
thaw: from the undo done on every victim to the end of sending.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from opskit.verify.history import Effect, Gap, PhaseName
from opskit.verify.judging.align import SECOND, Aligned, seconds
from opskit.verify.limits import Limits
from opskit.verify.result import Event


@dataclass(frozen=True)
class Span:
    """One event and how long it was watched.

    counted_from_ns: from here on a failure counts, from the order on; never after from_ns. error_ns: of from_ns.
    ends_in_thaw: what is under way at its end may be hit by the next event.
    """

    event: Event
    counted_from_ns: int
    from_ns: int
    until_ns: int
    error_ns: int = 0
    ends_in_thaw: bool = False

    @property
    def watched_ns(self) -> int:
        return self.until_ns - self.from_ns

    def holds(self, start_ns: int, end_ns: int) -> bool:
        """Whether an operation counts here. One that is under way at the undo counts where it spent most of its time.

        A send that hung for two of its three seconds before the undo was broken by the fault; one that happened to be
        on its way is the thaw's.
        """
        if end_ns < self.counted_from_ns or start_ns >= self.until_ns:
            return False
        return not self.ends_in_thaw or start_ns + end_ns < 2 * self.until_ns

    def overlapped_by(self, gaps: Iterable[Gap]) -> Gap | None:
        """The first gap that hides a part of it."""
        return next((gap for gap in gaps if gap.from_ns <= self.until_ns and gap.to_ns >= self.counted_from_ns), None)


def fault_span(aligned: Aligned) -> Span | None:
    """None where no victim ever showed the fault."""
    firsts = {victim: shown[0] for victim in aligned.history.header.victims if (shown := _shown(aligned, victim))}
    if not firsts:
        return None
    victim = min(firsts, key=lambda name: (firsts[name], aligned.clocks[name].error_ns, name))
    start = firsts[victim]
    order = min(aligned.phases.get("inject", start), start)
    return Span("fault", order, start, _undone(aligned, start), aligned.clocks[victim].error_ns, ends_in_thaw=True)


def thaw_span(aligned: Aligned) -> Span | None:
    """None where the history was cut off before the thaw or before its end."""
    phases = aligned.phases
    start, until = phases.get("thaw"), phases.get("late", phases.get("end"))
    if start is None or until is None or until <= start:
        return None
    return Span("thaw", min(phases.get("undo", start), start), start, until)


def not_in_effect(aligned: Aligned, fault: Span | None, limits: Limits) -> tuple[str, ...]:
    """Sentences: why the fault is not shown to have been in effect on every victim and throughout."""
    victims = aligned.history.header.victims
    if not victims:
        return ("nothing was to be hung: the history names no victim",)
    return tuple(sentence for victim in victims for sentence in _doubts(aligned, victim, fault, limits))


def _doubts(aligned: Aligned, victim: str, fault: Span | None, limits: Limits) -> Iterator[str]:
    shown, clock = _shown(aligned, victim), aligned.clocks.get(victim)
    if not any(effect.victim == victim and effect.shown for effect in aligned.history.effects):
        yield f"the fault was never seen in effect on {victim}"
    elif clock is None or fault is None:
        yield f"the fault on {victim} cannot be placed in time: its clock was never compared with the controller's"
    elif clock.rebooted_ns is not None and clock.rebooted_ns < fault.until_ns:
        yield f"{victim} was rebooted during the drill, so the fault did not last"
    elif gone := _gone(aligned, victim, shown):
        after = seconds(gone[0].at_ns - fault.from_ns)
        yield f"the fault was not in effect on {victim} {after:.1f} s after it began, before the undo: {gone[0].proof}"
    else:
        proofs = [fault.from_ns, *(at for at in shown if at <= fault.until_ns), fault.until_ns]
        widest, since = max((later - earlier, earlier) for earlier, later in pairwise(proofs))
        if widest > limits.proof_seconds * SECOND:
            yield (
                f"the fault was not seen in effect on {victim} for {seconds(widest):.1f} s, "
                f"from {seconds(since - fault.from_ns):.1f} s after it began"
            )


def _shown(aligned: Aligned, victim: str) -> list[int]:
    return [effect.at_ns for effect in aligned.effects if effect.victim == victim and effect.shown]


def _missed(aligned: Aligned, victim: str, after_ns: int) -> Sequence[Effect]:
    return [one for one in aligned.effects if one.victim == victim and not one.shown and one.at_ns > after_ns]


def _gone(aligned: Aligned, victim: str, shown: Sequence[int]) -> Sequence[Effect]:
    """Where it was certainly not in effect, though nobody had ordered the undo yet."""
    surely = _ordered_undo(aligned, shown[-1]) - aligned.clocks[victim].error_ns
    return [one for one in _missed(aligned, victim, shown[0]) if one.at_ns < surely]


def _ordered_undo(aligned: Aligned, otherwise_ns: int) -> int:
    """When the undo was ordered; where the history ends before that, the last phase or proof that it holds."""
    after: tuple[PhaseName, ...] = ("undo", "thaw", "late", "end")
    return min((aligned.phases[name] for name in after if name in aligned.phases), default=otherwise_ns)


def _undone(aligned: Aligned, start_ns: int) -> int:
    """The order to undo, or the earliest instant before it at which a victim that had shown the fault did not."""
    last = max(effect.at_ns for effect in aligned.effects if effect.shown)
    ends = [_ordered_undo(aligned, last)]
    for victim in aligned.history.header.victims:
        if shown := _shown(aligned, victim):
            ends += [one.at_ns for one in _missed(aligned, victim, shown[0])[:1]]
    return max(min(ends), start_ns)
