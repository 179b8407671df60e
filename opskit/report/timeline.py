"""Where everything of a time line lies on its axis, in per cent of the width; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil

from opskit.report.shapes import Bar, Cell, Mark, Span, Timeline

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds between two ticks."""
MOST_TICKS = 9
LEVELS = 4
"""Shades of a row's density; the faintest is still seen."""
INSIDE = 18.0
"""From this width on, a bar holds its own label."""
RIGHT = 82.0
"""A label beyond this point would leave the page."""


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class PlacedBar:
    """label_place: inside the bar, or the side of it where there is room."""

    left: float
    width: float
    label: str
    label_place: str
    mark: Mark
    open_end: bool
    limit: float | None


@dataclass(frozen=True)
class PlacedSpan:
    left: float
    width: float
    label: str
    mark: Mark


@dataclass(frozen=True)
class PlacedRow:
    """shades: (level from 1, an SVG path over as many units as the density has values)."""

    label: str
    note: str
    outcome: Cell
    group: str
    bars: tuple[PlacedBar, ...]
    shades: tuple[tuple[int, str], ...]
    units: int


@dataclass(frozen=True)
class Placed:
    ticks: tuple[Tick, ...]
    spans: tuple[PlacedSpan, ...]
    rows: tuple[PlacedRow, ...]


def place(timeline: Timeline) -> Placed:
    """What begins or ends beyond the axis is cut at its edge."""
    scale = _Scale(timeline.start, timeline.end)
    return Placed(
        tuple(scale.ticks()),
        tuple(_span(span, scale) for span in timeline.spans),
        tuple(
            PlacedRow(
                row.label,
                row.note,
                row.outcome,
                row.group,
                tuple(_bar(bar, scale) for bar in row.bars),
                tuple(shades(row.density)),
                len(row.density),
            )
            for row in timeline.rows
        ),
    )


def shades(density: Sequence[float]) -> Iterator[tuple[int, str]]:
    """Neighbours of one level are one rectangle, so that 500 rows stay small."""
    runs: dict[int, list[str]] = {}
    for level, group in groupby(enumerate(density), key=lambda item: ceil(item[1] * LEVELS)):
        if level:
            first, *rest = group
            width = len(rest) + 1
            runs.setdefault(min(level, LEVELS), []).append(f"M{first[0]} 0h{width}v1h-{width}z")
    yield from ((level, "".join(parts)) for level, parts in sorted(runs.items()))


@dataclass(frozen=True)
class _Scale:
    start: float
    end: float

    def at(self, instant: float) -> float:
        inside = min(max(instant, self.start), self.end)
        return round((inside - self.start) / ((self.end - self.start) or 1) * 100, 2)

    def ticks(self) -> Iterator[Tick]:
        span = self.end - self.start
        step = next((step for step in STEPS if span / step <= MOST_TICKS), span / MOST_TICKS)
        number = ceil(self.start / step)
        while number * step <= self.end:
            at = number * step
            yield Tick(self.at(at), f"{at / 60:g} min" if step % 60 == 0 else f"{at:g} s")
            number += 1


def _span(span: Span, scale: _Scale) -> PlacedSpan:
    left = scale.at(span.start)
    return PlacedSpan(left, round(scale.at(span.end) - left, 2), span.label, span.mark)


def _bar(bar: Bar, scale: _Scale) -> PlacedBar:
    left, right = scale.at(bar.start), scale.at(bar.end)
    width = round(right - left, 2)
    beside = "right" if right <= RIGHT else "left"
    limit = None if bar.limit is None or not scale.start <= bar.limit <= scale.end else scale.at(bar.limit)
    return PlacedBar(left, width, bar.label, "inside" if width >= INSIDE else beside, bar.mark, bar.open_end, limit)
