"""What each client did on each path, in the order of completion; deliveries are operations too. Pure."""

from dataclasses import dataclass
from itertools import pairwise

from opskit.verify.judging.align import CONSUME, SECOND, Aligned, Attempt, Messages, seconds
from opskit.verify.judging.spans import Span
from opskit.verify.limits import Limits

MOST = 0.9
"""Part of the distances between two starts that may not be wider than the interval."""
JITTER = 1.5
SEVERAL = 5
"""So many intervals without anything are no jitter."""


@dataclass(frozen=True)
class Series:
    """One path of one client.

    tries: sorted instants at which the probe set out, of consume those of its sends. interval_ns: between two of them,
    as the header says or as was seen, the longer. error_ns: of the client's clock.
    """

    client: str
    path: str
    attempts: list[Attempt]
    tries: list[int]
    interval_ns: int
    error_ns: int

    def untried_ns(self, limits: Limits) -> int:
        """For longer than that without a try, the probe did not work."""
        return max(round(limits.untried_seconds * SECOND), SEVERAL * self.interval_ns)

    def silence_ns(self, limits: Limits) -> int:
        """For longer than that without a success, the path is down."""
        return max(round(limits.silence_seconds * SECOND), SEVERAL * self.interval_ns)


def deliveries(messages: Messages, deadline_ns: int) -> list[Attempt]:
    """One operation for each acknowledged message, from the end of its send to its first arrival.

    Failed where it did not arrive within the deadline; that is known when the deadline is over. A message that was
    never acknowledged promised nothing: whether it arrives is for the ledger.
    """
    arrived: dict[int, int] = {}
    for at, message in messages.arrived:
        arrived.setdefault(message, at)
    found = []
    for message, send in messages.sent.items():
        if send.outcome == "ok":
            start, deadline = send.end_ns, send.end_ns + deadline_ns
            end = arrived.get(message, deadline + 1)
            # a message may arrive before its send has returned
            found.append(Attempt(max(end, start), start, True) if end <= deadline else Attempt(deadline, start, False))
    found.sort()
    return found


def all_series(aligned: Aligned, limits: Limits) -> tuple[Series, ...]:
    """Of every client and path that was tried or that has a window, without those whose clock is unknown.

    A client that never tried a path on which others are judged has a series without attempts: silence is no success.
    """
    header = aligned.history.header
    interval, deadline = header.interval_ns, round(limits.consume_deadline_seconds * SECOND)
    found: dict[tuple[str, str], tuple[list[Attempt], list[int]]] = {}
    for key, attempts in aligned.attempts.items():
        found[key] = (attempts, sorted(attempt.start_ns for attempt in attempts))
    for client, messages in aligned.messages.items():
        sends = sorted(send.start_ns for send in messages.sent.values())
        found[client, CONSUME] = (deliveries(messages, deadline), sends)
    names = [client.name for client in header.clients]
    judged = {path for client, path in found if client in names and limits.of(path) is not None}
    for client in names:
        for path in judged:
            found.setdefault((client, path), ([], []))
    return tuple(
        Series(client, path, attempts, tries, seen_interval_ns(tries, interval), aligned.clients[client].error_ns)
        for (client, path), (attempts, tries) in sorted(found.items())
        if client not in aligned.unclocked
    )


def seen_interval_ns(tries: list[int], said_ns: int) -> int:
    """The interval that was said, unless nine tenths of the distances do not keep to it: then what nine tenths keep."""
    distances = sorted(later - earlier for earlier, later in pairwise(tries))
    if not distances:
        return said_ns
    seen = distances[min(int(len(distances) * MOST), len(distances) - 1)]
    return seen if seen > JITTER * said_ns else said_ns


def longest_gap_seconds(aligned: Aligned, fault: Span | None) -> float | None:
    """The longest time in which a consumer received nothing while the fault was in effect, over all clients.

    None where no consumer's record is whole for that time.
    """
    if fault is None:
        return None
    longest = [
        _longest_gap(messages, fault)
        for client, messages in aligned.messages.items()
        if client not in aligned.unclocked and not fault.overlapped_by(aligned.gaps.get(client, ()))
    ]
    return seconds(max(longest)) if longest else None


def _longest_gap(messages: Messages, fault: Span) -> int:
    within = [at for at, _ in messages.arrived if fault.from_ns <= at <= fault.until_ns]
    instants = [fault.from_ns, *within, fault.until_ns]
    return max(later - earlier for earlier, later in pairwise(instants))
