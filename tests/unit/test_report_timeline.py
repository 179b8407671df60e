"""Where things lie on a time line."""

import pytest

from opskit.report.shapes import Bar, Cell, Row, Span, Timeline
from opskit.report.timeline import place, shades


@pytest.mark.parametrize(
    ("density", "paths"),
    [
        ((), []),
        ((0, 0, 0), []),
        ((0, 1, 1, 0), [(4, "M1 0h2v1h-2z")]),
        ((0.01, 0.25, 0.26, 1), [(1, "M0 0h2v1h-2z"), (2, "M2 0h1v1h-1z"), (4, "M3 0h1v1h-1z")]),
        ((1, 0, 1), [(4, "M0 0h1v1h-1zM2 0h1v1h-1z")]),
    ],
)
def test_neighbours_of_one_level_are_one_rectangle(density: tuple[float, ...], paths: list[tuple[int, str]]) -> None:
    assert list(shades(density)) == paths


def line(*bars: Bar, start: float = -20, end: float = 180) -> Timeline:
    return Timeline(
        "", start, end, (Span(0, 90, "held"), Span(90, 90, "thaw")), (Row("", Cell(""), bars=bars),), ("",) * 3
    )


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        (Bar(0, 90, "≥ 90 s", limit=30), (10, 45, "inside", 25)),
        (Bar(0, 6, "6 s", limit=None), (10, 3, "right", None)),
        (Bar(170, 178, "8 s", limit=200), (95, 4, "left", None)),
        (Bar(-50, 400, "all of it"), (0, 100, "inside", None)),
    ],
)
def test_bars_lie_in_per_cent_and_stay_on_the_axis(bar: Bar, expected: tuple[float, float, str, float | None]) -> None:
    placed = place(line(bar)).rows[0].bars[0]
    assert (placed.left, placed.width, placed.label_place, placed.limit) == expected


def test_spans_are_shaded_and_an_instant_is_a_line() -> None:
    assert [(span.left, span.width) for span in place(line()).spans] == [(10, 45), (55, 0)]


@pytest.mark.parametrize(
    ("start", "end", "texts"),
    [
        (-20, 180, ["0 s", "30 s", "60 s", "90 s", "120 s", "150 s", "180 s"]),
        (0, 4, ["0 s", "1 s", "2 s", "3 s", "4 s"]),
        (-60, 1500, ["0 min", "5 min", "10 min", "15 min", "20 min", "25 min"]),
        (0, 0, ["0 s"]),
    ],
)
def test_ticks_are_few_and_round(start: float, end: float, texts: list[str]) -> None:
    assert [tick.text for tick in place(line(start=start, end=end)).ticks] == texts
