"""A drill's operations thinned out for a picture: 720,000 of them become a few hundred points a path; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import ceil
from statistics import median

from opskit.verify.align import SECOND, Attempt
from opskit.verify.history import PhaseName

MOST_BUCKETS = 300
DENSE = 0.8
"""A path whose operations fill fewer of the buckets gets wider ones."""
WIDTHS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds that one bucket may be wide."""

Attempts = Mapping[tuple[str, str], Sequence[Attempt]]
"""By (client, path), on the controller's clock."""


@dataclass(frozen=True)
class Axis:
    """Equal buckets of `width` seconds from `start` on; 0 is the instant from which windows count, and begins one."""

    origin_ns: int
    start: float
    width: float
    count: int

    @property
    def end(self) -> float:
        return round(self.start + self.width * self.count, 3)

    @property
    def starts(self) -> tuple[float, ...]:
        return tuple(round(self.start + self.width * number, 3) for number in range(self.count))

    def seconds(self, at_ns: int) -> float:
        return (at_ns - self.origin_ns) / SECOND

    def bucket(self, at_ns: int) -> int:
        """Its number; outside 0..count-1 where the instant lies beyond the axis."""
        return int((self.seconds(at_ns) - self.start) // self.width)


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
    before, after = (origin - first) / SECOND, max((last - origin) / SECOND, 0)
    span = max(before + after, WIDTHS[0])
    width = next((width for width in WIDTHS if span <= width * (most - 2)), span / (most - 2))
    buckets_before = ceil(before / width)
    return Axis(origin, -buckets_before * width, width, max(buckets_before + ceil(after / width), 1))


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
    filled = sum(map(bool, took))
    step = 1 if filled > DENSE * on.count else 2 * ceil(on.count / filled)
    edges = sorted({0, *range(on.bucket(on.origin_ns) % step, on.count, step), on.count})
    pieces = list(pairwise(edges))
    merged = [list(chain.from_iterable(took[first:last])) for first, last in pieces]
    return Curve(
        path,
        tuple(on.starts[first] for first, _ in pieces),
        tuple(max(values, default=None) for values in merged),
        tuple(median(values) if values else None for values in merged),
        tuple(len(values) / (last - first) / on.width for values, (first, last) in zip(merged, pieces, strict=True)),
        tuple(sum(failed[first:last]) / (last - first) / on.width for first, last in pieces),
    )
