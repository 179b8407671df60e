"""Windows of all clients put together, and fresh clients by the nameserver that they met; pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil, inf

from opskit.verify.judging.align import Aligned
from opskit.verify.judging.spans import Span
from opskit.verify.result import Event, FreshClients, PathSummary, Window


def summaries(windows: Iterable[Window]) -> tuple[PathSummary, ...]:
    """By path and event. A client that has not recovered took for ever: a figure that it decides is null."""
    by_path: defaultdict[tuple[str, Event], list[Window]] = defaultdict(list)
    for window in windows:
        by_path[window.path, window.event].append(window)
    return tuple(_summary(path, event, found) for (path, event), found in sorted(by_path.items()))


def _summary(path: str, event: Event, windows: Sequence[Window]) -> PathSummary:
    judged = [one for one in windows if one.outcome != "not judged"]
    took = sorted(inf if one.at_least or one.seconds is None else one.seconds for one in judged)
    return PathSummary(
        path=path,
        event=event,
        clients=len(windows),
        not_recovered=sum(one.outcome == "not recovered" for one in judged),
        not_judged=len(windows) - len(judged),
        max_seconds=nearest_rank(took, 1.0),
        p99_seconds=nearest_rank(took, 0.99),
        p50_seconds=nearest_rank(took, 0.5),
        failed=sum(one.failed for one in windows),
        attempted=sum(one.attempted for one in windows),
        limit_seconds=windows[0].limit_seconds,
    )


def nearest_rank(ordered: Sequence[float], part: float) -> float | None:
    """The smallest value that at least this part of all does not exceed; None where there is none, or it has no end."""
    if not ordered:
        return None
    value = ordered[max(ceil(part * len(ordered)), 1) - 1]
    return None if value == inf else value


def fresh(aligned: Aligned, fault: Span | None) -> tuple[FreshClients, ...]:
    """Clients that were started while the fault was in effect; one whose nameserver is unknown stands under ``."""
    if fault is None:
        return ()
    counts: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for op in aligned.history.ops:
        if op.path.startswith("bootstrap@") and op.client not in aligned.unclocked:
            start = op.start_ns + aligned.clients[op.client].offset_ns
            if fault.from_ns <= start < fault.until_ns:
                count = counts[op.path, op.via]
                count[0] += op.outcome != "ok"
                count[1] += 1
    return tuple(
        FreshClients(path=path, nameserver=via, failed=failed, attempted=attempted)
        for (path, via), (failed, attempted) in sorted(counts.items())
    )
