"""The sentences of a verdict: what broke a window, what could not be judged, what was kept; pure.

Clients with the same fate share a sentence, which names the one that had it worst.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from opskit.verify.history import Attached
from opskit.verify.judging.align import Aligned
from opskit.verify.judging.phrases import count, some
from opskit.verify.limits import Limits
from opskit.verify.result import Event, Ledger, Window

Watched = Mapping[Event, float]
"""Seconds that each event was watched."""


def breaks(window: Window, limits: Limits) -> bool:
    """Whether it certainly was not kept; a coarse figure must exceed its window by more than its resolution."""
    if window.limit_seconds is None or window.seconds is None:
        return False
    blur = window.resolution_seconds if coarse(window, limits) else 0.0
    return window.seconds - blur > window.limit_seconds


def coarse(window: Window, limits: Limits) -> bool:
    return window.limit_seconds is not None and window.resolution_seconds > limits.coarsest * window.limit_seconds


def broken(windows: Iterable[Window], limits: Limits, watched: Watched) -> Iterator[str]:
    for group in _groups((one for one in windows if breaks(one, limits)), lambda one: one.outcome):
        worst = group[0]
        yield f"{_who(group)}: {worst.path} {_came_through(worst, watched)}; its window is {worst.limit_seconds:g} s"


def undecided(windows: Iterable[Window], limits: Limits, watched: Watched) -> Iterator[str]:
    """Not recovered within the time that it was watched, which was too short for its window."""
    found = (one for one in windows if one.at_least and not breaks(one, limits) and not coarse(one, limits))
    for group in _groups(found, lambda _: ""):
        worst = group[0]
        needed = (worst.limit_seconds or 0) + limits.stable_seconds
        yield (
            f"{_who(group)}: {worst.path} {_came_through(worst, watched)}, which is too short to judge its window of "
            f"{worst.limit_seconds:g} s: {_longer(worst.event)} for {needed:g} s at least"
        )


def blurred(windows: Iterable[Window], limits: Limits) -> Iterator[str]:
    found = (one for one in windows if one.seconds is not None and coarse(one, limits) and not breaks(one, limits))
    for group in _groups(found, lambda _: ""):
        worst = max(group, key=lambda one: one.resolution_seconds)
        yield (
            f"{_who(group)}: {worst.path} was measured with a resolution of {worst.resolution_seconds:.2f} s after the "
            f"{worst.event}, coarser than {limits.coarsest:.0%} of its window of {worst.limit_seconds:g} s"
        )


def unknown(windows: Iterable[Window]) -> Iterator[str]:
    """Windows that were not judged, one sentence a reason."""
    found: defaultdict[tuple[str, Event], list[Window]] = defaultdict(list)
    for one in windows:
        if one.outcome == "not judged":
            found[one.reason, one.event].append(one)
    for (reason, event), group in found.items():
        clients, paths = sorted({one.client for one in group}), sorted({one.path for one in group})
        yield f"{some(clients)}: {', '.join(paths)} not judged after the {event}: {reason}"


def untried(windows: Sequence[Window], limits: Limits) -> Iterator[str]:
    """Paths that have a window, and nobody tried them."""
    if not limits.windows:
        yield "no path has a window, so there is nothing to judge"
    seen = {name for one in windows for name in (one.path, one.path.partition("@")[0])}
    for path in sorted(limits.windows.keys() - seen):
        yield f"nobody tried {path}, which has a window of {limits.windows[path]:g} s"


def unattached(aligned: Aligned, limits: Limits) -> Iterator[str]:
    """A hung nameserver hurts those that are attached to it."""
    order = aligned.phases.get("inject")
    latest: dict[str, Attached] = {}
    for one in sorted(aligned.history.attached, key=lambda one: (one.at_ns, one.nameservers)):
        if order is None or one.at_ns <= order:
            latest[one.client] = one
    names = {client.name for client in aligned.history.header.clients}
    victims = set(limits.victim_nameservers)
    attached = sum(client in names and bool(victims & set(one.nameservers)) for client, one in latest.items())
    if attached < limits.required_attached:
        yield (
            f"{count(attached, 'client')} attached to a nameserver that was to hang ({', '.join(sorted(victims))}), "
            f"{limits.required_attached} needed"
        )


def lost(aligned: Aligned, ledgers: Iterable[Ledger]) -> tuple[list[str], list[str]]:
    """What is certainly lost; what may have arrived where nobody looked."""
    certain, doubtful = [], []
    end = aligned.phases.get("end")
    for one in ledgers:
        gaps = [gap for gap in aligned.gaps.get(one.client, ()) if end is None or gap.from_ns <= end]
        messages = count(one.lost, "acknowledged message")
        if one.lost and gaps:
            doubtful.append(f"{one.client}: {messages} may have been received unseen: {gaps[0].reason}")
        elif one.lost and end is None:
            doubtful.append(f"{one.client}: {messages} not received yet when the history was cut off")
        elif one.lost:
            certain.append(f"{one.client}: {messages} never received: lost")
    return certain, doubtful


def kept(windows: Iterable[Window]) -> Iterator[str]:
    for group in _groups(windows, lambda _: ""):
        worst = group[0]
        slowest = "never failed" if worst.outcome == "never failed" else f"recovered in {worst.seconds:.1f} s at most"
        clients, limit = count(len(group), "client"), f"{worst.limit_seconds:g} s"
        yield f"{worst.path} {slowest} after the {worst.event}, {clients}; its window is {limit}"


def _came_through(window: Window, watched: Watched) -> str:
    if window.outcome == "not recovered" and window.event == "fault":
        return f"did not recover while the fault was held, {watched['fault']:.0f} s"
    if window.outcome == "not recovered":
        return f"did not recover in the {watched['thaw']:.0f} s that were watched after the thaw"
    if window.outcome == "flapped":
        return f"failed again after a stable time, and recovered {window.seconds:.1f} s after the {window.event}"
    return f"recovered only {window.seconds:.1f} s after the {window.event}"


def _longer(event: Event) -> str:
    return "hold the fault" if event == "fault" else "go on after the thaw"


def _groups(windows: Iterable[Window], fate: Callable[[Window], str]) -> list[list[Window]]:
    """By event, path and fate; the worst first in each."""
    found: defaultdict[tuple[Event, str, str], list[Window]] = defaultdict(list)
    for one in windows:
        found[one.event, one.path, fate(one)].append(one)
    for group in found.values():
        group.sort(key=lambda one: (not one.at_least, -(one.seconds or 0), one.client))
    return [found[key] for key in sorted(found)]


def _who(group: Sequence[Window]) -> str:
    return some([one.client for one in group])
