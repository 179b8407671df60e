"""All instants of a history on the controller's monotonic clock, operations gathered by client and path; pure.

A host's clock is tied to the controller's by its sample with the smallest error, of those the one nearest to the fault.
Samples that contradict it by more than their errors (a suspended machine, drift) add to the error of the host.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from opskit.verify.history import FOREVER, Clock, Effect, Gap, History, OperationOutcome, PhaseName

CONSUME = "consume"
FRESH_PRODUCER = "bootstrap@producer"
SECOND = 1_000_000_000


def seconds(nanoseconds: int) -> float:
    """Microseconds are finer than any clock here."""
    return round(nanoseconds / SECOND, 6)


class Attempt(NamedTuple):
    """One operation. Sorts by completion: that is when it becomes evidence."""

    end_ns: int
    start_ns: int
    ok: bool


class Sent(NamedTuple):
    start_ns: int
    end_ns: int
    outcome: OperationOutcome


class Messages:
    """sent: by number. arrived: (instant, number) of each delivery, in order."""

    __slots__ = ("arrived", "sent")

    def __init__(self) -> None:
        self.sent: dict[int, Sent] = {}
        self.arrived: list[tuple[int, int]] = []


@dataclass(frozen=True)
class HostClock:
    """moved_ns: by how much its samples contradict each other beyond their errors; it is part of the error.

    rebooted_ns: nothing is known of the host's clock after that.
    """

    offset_ns: int
    error_ns: int
    moved_ns: int = 0
    rebooted_ns: int | None = None


CONTROLLER = HostClock(0, 0)


@dataclass(frozen=True)
class Aligned:
    """clocks: by host. clients: the clock of each client's host, where it is known. attempts: by (client, path), in the
    order of completion, all but consume. messages, gaps: by client.

    unclocked: clients whose host has no clock sample; their instants are their own host's, fit for differences alone.
    """

    history: History
    clocks: Mapping[str, HostClock]
    clients: Mapping[str, HostClock]
    attempts: Mapping[tuple[str, str], list[Attempt]]
    messages: Mapping[str, Messages]
    gaps: Mapping[str, tuple[Gap, ...]]
    effects: tuple[Effect, ...]
    phases: Mapping[PhaseName, int]
    unclocked: frozenset[str]


def align(history: History) -> Aligned:
    """Every operation of the header's clients, and of the controller; of anybody else the clock is unknown."""
    phases = _phases(history)
    clocks = host_clocks(history.clocks, phases.get("inject", 0))
    hosts = {client.name: client.host for client in history.header.clients}
    askers = {op.client for op in history.ops if op.path.startswith("nameserver@")} - hosts.keys()
    known = {name: clocks[host] for name, host in hosts.items() if host in clocks} | dict.fromkeys(askers, CONTROLLER)
    attempts, messages = _gather(history, known)
    return Aligned(
        history=history,
        clocks=clocks,
        clients=known,
        attempts=attempts,
        messages=messages,
        gaps=_gaps(history, known),
        effects=tuple(
            sorted(
                (
                    replace(effect, at_ns=effect.at_ns + clocks[effect.victim].offset_ns)
                    for effect in history.effects
                    if effect.victim in clocks
                ),
                key=lambda effect: (effect.at_ns, effect.victim, effect.shown, effect.proof),
            )
        ),
        phases=phases,
        unclocked=frozenset(({client for client, _ in attempts} | messages.keys() | hosts.keys()) - known.keys()),
    )


def host_clocks(samples: Iterable[Clock], near_ns: int) -> dict[str, HostClock]:
    """By host, of the boot in which it was first seen. near_ns: of equally good samples the nearest to it is taken."""
    by_host: defaultdict[str, list[Clock]] = defaultdict(list)
    for sample in samples:
        by_host[sample.host].append(sample)
    return {host: _host_clock(found, near_ns) for host, found in by_host.items()}


def _host_clock(samples: list[Clock], near_ns: int) -> HostClock:
    boot = min(samples, key=lambda one: (one.at_ns, one.boot_id)).boot_id
    same = [one for one in samples if one.boot_id == boot]
    best = min(same, key=lambda one: (one.error_ns, abs(one.at_ns - near_ns), one.at_ns, one.offset_ns))
    # what cannot be told apart from a wrong offset is an error of it
    error = max(best.error_ns, *(abs(one.offset_ns - best.offset_ns) - one.error_ns for one in same))
    other = min((one.at_ns for one in samples if one.boot_id != boot), default=FOREVER)
    last = max(one.at_ns for one in same if one.at_ns <= other)
    return HostClock(best.offset_ns, error, error - best.error_ns, None if other == FOREVER else last)


def _phases(history: History) -> dict[PhaseName, int]:
    entered: dict[PhaseName, int] = {}
    for phase in history.phases:
        entered[phase.name] = min(phase.at_ns, entered.get(phase.name, phase.at_ns))
    return entered


def _gather(
    history: History, known: Mapping[str, HostClock]
) -> tuple[dict[tuple[str, str], list[Attempt]], dict[str, Messages]]:
    attempts: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)
    messages: defaultdict[str, Messages] = defaultdict(Messages)
    for op in history.ops:
        clock = known.get(op.client)
        offset = clock.offset_ns if clock else 0
        start, end, path = op.start_ns + offset, op.end_ns + offset, op.path
        if path == CONSUME:
            # a delivery that did not come about is told by its send alone
            if op.message is not None and op.outcome == "ok":
                messages[op.client].arrived.append((end, op.message))
            continue
        attempts[op.client, path].append(Attempt(end, start, op.outcome == "ok"))
        if op.message is not None and (path.startswith("produce") or path == FRESH_PRODUCER):
            _send(messages[op.client].sent, op.message, Sent(start, end, op.outcome))
    for found in attempts.values():
        found.sort()
    for one in messages.values():
        one.arrived.sort()
    return dict(attempts), dict(messages)


def _send(sent: dict[int, Sent], message: int, send: Sent) -> None:
    """A number that was sent twice against the contract: what promises most is kept, so that nothing lost is hidden."""
    promises = ("fail", "indeterminate", "ok")
    earlier = sent.get(message)
    if earlier is None or (promises.index(earlier.outcome), earlier) < (promises.index(send.outcome), send):
        sent[message] = send


def _gaps(history: History, known: Mapping[str, HostClock]) -> dict[str, tuple[Gap, ...]]:
    """A host that came up again leaves its clients in a gap without an end."""
    gaps: defaultdict[str, list[Gap]] = defaultdict(list)
    for gap in history.gaps:
        offset = known[gap.client].offset_ns if gap.client in known else 0
        gaps[gap.client].append(replace(gap, from_ns=gap.from_ns + offset, to_ns=gap.to_ns + offset))
    for client in history.header.clients:
        clock = known.get(client.name)
        if clock and clock.rebooted_ns is not None:
            gaps[client.name].append(Gap(client.name, clock.rebooted_ns, FOREVER, f"{client.host} was rebooted"))
    return {
        client: tuple(sorted(found, key=lambda gap: (gap.from_ns, gap.to_ns, gap.reason)))
        for client, found in gaps.items()
    }


def hole(instants: list[int], start_ns: int, end_ns: int, bound_ns: int) -> tuple[int, int] | None:
    """The first stretch longer than the bound, between start and end, in which none of the sorted instants lies."""
    earlier = start_ns
    for at in instants[bisect_left(instants, start_ns) :]:
        if at - earlier > bound_ns or at > end_ns:
            break
        earlier = at
    else:
        at = end_ns
    at = min(at, end_ns)
    return (earlier, at) if at - earlier > bound_ns else None
