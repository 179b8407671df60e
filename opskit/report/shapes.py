"""The few shapes that every result is shown as: headings, sentences and tables of marked cells."""

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
class Sentence:
    """One line of prose; a mark says how it bears on the outcome."""

    text: str
    mark: Mark = "plain"


@dataclass(frozen=True)
class Table:
    """columns name the cells of each row; a row may hold plain strings or marked cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]


@dataclass(frozen=True)
class Diff:
    """A unified diff, shown line by line."""

    text: str


Shape = Heading | Sentence | Table | Diff
