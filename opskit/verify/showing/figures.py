"""A drill's operations thinned out for a picture: 720,000 of them become a few hundred points a path; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import ceil
from statistics import median

from opskit.verify.history import PhaseName
from opskit.verify.judging.align import SECOND, Attempt

MOST_BUCKETS = 300
DENSE = 0.6
"""A path whose operations fill a smaller part of the buckets gets wider ones."""
WIDTHS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds that one bucket may be wide."""

Attempts = Mapping[tuple[str, str], Sequence[Attempt]]
"""By (client, path), on the controller's clock."""


@dataclass(frozen=True)
class Axis:
    """Equal buckets, so many before 0, which is the instant from which windows count."""

    origin_ns: int
    width_ns: int
    before: int
    count: int

    @property
    def width(self) -> float:
        return self.width_ns / SECOND

    @property
    def starts(self) -> tuple[float, ...]:
        """Of each bucket, in seconds."""
        return tuple((number - self.before) * self.width_ns / SECOND for number in range(self.count))

    @property
    def start(self) -> float:
        return -self.before * self.width_ns / SECOND

    @property
    def end(self) -> float:
        return (self.count - self.before) * self.width_ns / SECOND

    def seconds(self, at_ns: int) -> float:
        return (at_ns - self.origin_ns) / SECOND

    def bucket(self, at_ns: int) -> int:
        """Its number; outside 0..count-1 where the instant lies beyond the axis."""
        return (at_ns - self.origin_ns) // self.width_ns + self.before


@dataclass(frozen=True)
class Curve:
    """All clients of one path, a value for each of `starts`. slowest and median: seconds that operations took, failed
    ones too; None where none started. attempted, failed: per second; one that stayed open counts as failed.
    """

    path: str
    starts: tuple[float, ...]
    slowest: tuple[float | None, ...]
    median: tuple[float | None, ...]
    attempted: tuple[float, ...]
    failed: tuple[float, ...]


@dataclass(frozen=True)
class Thinned:
    """shares: (client, path) → part of the operations that failed, a value for each bucket in which they started."""

    curves: tuple[Curve, ...]
    shares: Mapping[tuple[str, str], tuple[float, ...]]


def axis(attempts: Attempts, phases: Mapping[PhaseName, int], fault_ns: int | None, most: int = MOST_BUCKETS) -> Axis:
    """From the first phase until no more was sent; by the operations alone where no phase was written.

    What started before the first phase was warm-up. The operations end a run that was cut off. fault_ns: from when
    windows count.
    """
    instants = list(phases.values()) or [one.start_ns for found in attempts.values() for one in found] or [0]
    first, last = min(instants), phases.get("late", phases.get("end"))
    if last is None:
        last = max((one.end_ns for found in attempts.values() for one in found), default=max(instants))
    origin = phases.get("inject", first) if fault_ns is None else fault_ns
    span = max(last - first, 1)
    widths = (round(width * SECOND) for width in WIDTHS)
    width = next((width for width in widths if span <= width * (most - 2)), -(-span // (most - 2)))
    before = -((first - origin) // width)
    return Axis(origin, width, before, max(before - (origin - last) // width, 1))


def thin(attempts: Attempts, on: Axis) -> Thinned:
    """Paths in the order in which they first appear."""
    took: dict[str, list[list[float]]] = {}
    failed: dict[str, list[int]] = {}
    shares: dict[tuple[str, str], tuple[float, ...]] = {}
    for (client, path), found in attempts.items():
        all_took = took.setdefault(path, [[] for _ in range(on.count)])
        all_failed = failed.setdefault(path, [0] * on.count)
        counts, bad = [0] * on.count, [0] * on.count
        for end_ns, start_ns, ok in found:
            if 0 <= (bucket := on.bucket(start_ns)) < on.count:
                all_took[bucket].append((end_ns - start_ns) / SECOND)
                counts[bucket] += 1
                bad[bucket] += not ok
        for bucket, count in enumerate(bad):
            all_failed[bucket] += count
        shares[client, path] = tuple(one / (of or 1) for one, of in zip(bad, counts, strict=True))
    return Thinned(tuple(_curve(path, took[path], failed[path], on) for path in took if any(took[path])), shares)


def _curve(path: str, took: list[list[float]], failed: list[int], on: Axis) -> Curve:
    filled = [number for number, values in enumerate(took) if values]
    span = filled[-1] - filled[0] + 1
    step = 1 if len(filled) > DENSE * span else 2 * ceil(span / len(filled))
    edges = sorted({0, *range(on.before % step, on.count, step), on.count})
    pieces, starts = list(pairwise(edges)), on.starts
    merged = [list(chain.from_iterable(took[first:last])) for first, last in pieces]
    return Curve(
        path,
        tuple(starts[first] for first, _ in pieces),
        tuple(max(values, default=None) for values in merged),
        tuple(median(values) if values else None for values in merged),
        tuple(len(values) / (last - first) / on.width for values, (first, last) in zip(merged, pieces, strict=True)),
        tuple(sum(failed[first:last]) / (last - first) / on.width for first, last in pieces),
    )
