"""The few shapes that every result is shown as: prose and tables anywhere, time lines and charts on a page.

Instants and lengths on a time axis are seconds from an origin that the maker chooses.
"""

from dataclasses import dataclass
from typing import Literal

Mark = Literal["good", "bad", "warn", "dim", "plain"]


@dataclass(frozen=True)
class Cell:
    text: str
    mark: Mark = "plain"


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Subheading:
    """A title below a heading; it makes no part of its own. note: shown quietly beside it."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Sentence:
    """One line of prose; a mark says how it bears on the outcome."""

    text: str
    mark: Mark = "plain"


@dataclass(frozen=True)
class Table:
    """columns name the cells of each row; a row may hold plain strings or marked cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Diff:
    """A unified diff, shown line by line."""

    text: str


@dataclass(frozen=True)
class Banner:
    """The outcome of the whole in a few words, then why."""

    text: str
    mark: Mark
    reasons: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One number to remember. note: what it is measured against."""

    label: str
    value: str
    note: str = ""
    mark: Mark = "plain"


@dataclass(frozen=True)
class Figures:
    cards: tuple[Figure, ...]


@dataclass(frozen=True)
class Span:
    """A stretch of time that is shaded on every row and in every chart; one of no length is a line."""

    start: float
    end: float
    label: str
    mark: Mark = "plain"


@dataclass(frozen=True)
class Bar:
    """A stretch of time on one row, its end labelled. open_end: it went on for longer than was seen.

    limit: the instant by which it had to end, None where there is none.
    """

    start: float
    end: float
    label: str
    mark: Mark = "plain"
    open_end: bool = False
    limit: float | None = None


@dataclass(frozen=True)
class Row:
    """One row of a time line: what it is of, how it ended, and what beside that a reader must see.

    group: title above it and its neighbours of the same group. density: per equal stretch of the whole axis, the share
    from 0 to 1 that went wrong.
    """

    label: str
    outcome: Cell
    note: str = ""
    group: str = ""
    bars: tuple[Bar, ...] = ()
    density: tuple[float, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """Rows over one axis from start to end. legend: what a row's density, bars and limits mean."""

    caption: str
    start: float
    end: float
    spans: tuple[Span, ...]
    rows: tuple[Row, ...]
    legend: tuple[str, str, str]


@dataclass(frozen=True)
class Series:
    """values: one for each x, None where there is none."""

    name: str
    values: tuple[float | None, ...]
    mark: Mark = "plain"


@dataclass(frozen=True)
class Chart:
    """Lines over time, from start to end. unit of y: "s" is shown as µs, ms or s as fits; "/s" is drawn in steps, each
    of which lasts until the next x. summary: what the picture says, in words.
    """

    caption: str
    start: float
    end: float
    x: tuple[float, ...]
    series: tuple[Series, ...]
    spans: tuple[Span, ...]
    unit: str
    logarithmic: bool = False
    summary: str = ""


@dataclass(frozen=True)
class Listing:
    """Text to be copied as it is."""

    text: str


@dataclass(frozen=True)
class Fold:
    """Details that a page shows when asked for."""

    text: str
    shapes: "tuple[Shape, ...]"


Shape = Heading | Subheading | Sentence | Table | Diff | Banner | Figures | Timeline | Chart | Listing | Fold
