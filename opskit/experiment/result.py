"""The result of `opskit verify experiment`: JSON schema opskit/verify-experiment/1. Seconds are seconds."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.inventory.cluster import Frozen, Scalar
from opskit.verify.result import Event, Judgement

RowState = Literal["judged", "unjudged", "undo failed", "not run"]
Layout = Literal["all", "shared", "separate"]


class Machine(Frozen):
    """Where the labs stood. memory_gib: of the whole machine; java: of the labs' hosts, "" where it was not asked."""

    cores: int
    memory_gib: float
    kernel: str
    java: str = ""


class PathFigures(Frozen):
    """One path over all clients of one instance layout, in the worst of a row's drills.

    seconds: the longest time to recover, null where no drill judged it; at_least: it did not recover, so long was it
    watched. failed and attempted are sums over the drills.
    """

    path: str
    event: Event
    layout: Layout
    seconds: float | None
    at_least: bool
    failed: int
    attempted: int
    limit_seconds: float | None


class FreshFigures(Frozen):
    """Fresh clients started while the fault was in effect."""

    path: str
    failed: int
    attempted: int


class WorstCase(Frozen):
    """What the timers allow at most for a path; null: no timer ends it."""

    path: str
    seconds: float | None


class Figures(Frozen):
    """What was measured, over all drills of a row. held_seconds: of the shortest; the other figures of the worst."""

    drills: int
    held_seconds: float
    victims: tuple[str, ...]
    paths: tuple[PathFigures, ...]
    longest_gap_seconds: float | None
    fresh: tuple[FreshFigures, ...]
    acknowledged: int
    lost: int
    late: int
    predicted: tuple[WorstCase, ...]
    in_this_run_only: bool


class RowResult(Frozen):
    """One row. as_expected: null where the row expects nothing, or was not run.

    sentence: why it is what it is. opskit: version and commit that made it. pages: the reports of its drills, in the
    folder rows/.
    """

    name: str
    note: str
    scenario: str
    fault: str
    servers: str
    clients: str
    settings: dict[str, dict[str, Scalar]]
    """Of the first nameserver, broker and client host; what is not there is at its default."""
    expect: Judgement | None
    state: RowState
    judgement: Judgement | None = None
    as_expected: bool | None = None
    sentence: str = ""
    figures: Figures | None = None
    at: datetime | None = None
    opskit: str = ""
    pages: tuple[str, ...] = ()


class ExperimentResult(BaseModel):
    """A whole table. file: as it was given; folder: where its reports lie."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/verify-experiment/1"] = Field(default="opskit/verify-experiment/1", alias="schema")
    name: str
    about: str
    file: str
    folder: str
    machines: tuple[Machine, ...]
    """Those that the rows were made on; one, unless the folder was carried to another."""
    rows: tuple[RowResult, ...]
