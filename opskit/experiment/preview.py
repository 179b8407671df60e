"""What an experiment would do, in the order in which one lab would do it; pure."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.experiment.prepare import PreparedRow, Setup, arguments
from opskit.experiment.schedule import drill_seconds, next_row, remaining_seconds
from opskit.inventory.cluster import Frozen
from opskit.report.shapes import Sentence, Shape, Table


class PreviewRow(Frozen):
    """setup: what its lab needs before it, where one lab made all rows; seconds: about, without that.

    arguments: those of `opskit verify failover`.
    """

    name: str
    inventory: str
    setup: str
    hosts: tuple[str, ...]
    fault: str
    hold_seconds: float
    arguments: tuple[str, ...]
    seconds: float


class Preview(BaseModel):
    """The result of --dry-run. seconds: about how long all takes on so many labs."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/verify-experiment-plan/1"] = Field(
        default="opskit/verify-experiment-plan/1", alias="schema"
    )
    name: str
    jobs: int
    seconds: float
    rows: tuple[PreviewRow, ...]


def preview(name: str, rows: Sequence[PreparedRow], jobs: int) -> Preview:
    """Rows of a table that is sound."""
    return Preview(name=name, jobs=jobs, seconds=remaining_seconds(rows, (), jobs), rows=tuple(_in_order(list(rows))))


def present_preview(planned: Preview) -> Iterator[Shape]:
    """For the terminal."""
    rows = tuple(
        (row.name, row.setup, ", ".join(row.hosts), row.fault, f"{row.hold_seconds:g} s", f"{row.seconds:.0f} s")
        for row in planned.rows
    )
    yield Table(("row", "before it", "would hang", "fault", "held", "about"), rows)
    about = f"{len(rows)} rows, about {planned.seconds / 60:.0f} min on {planned.jobs} labs side by side"
    yield Sentence(f"{about}. Nothing was touched.")


def _in_order(waiting: list[PreparedRow]) -> Iterator[PreviewRow]:
    running: Setup | None = None
    while row := next_row(waiting, running):
        waiting.remove(row)
        yield PreviewRow(
            name=row.name,
            inventory=str(row.inventory),
            setup=_before(running, row.setup),
            hosts=tuple(victim.host for victim in row.plan.victims),
            fault=row.row.fault,
            hold_seconds=row.plan.hold_seconds,
            arguments=arguments(row.row),
            seconds=drill_seconds(row),
        )
        running = row.setup


def _before(running: Setup | None, wanted: Setup) -> str:
    if running is None or running.servers != wanted.servers:
        return "new lab"
    return "nothing" if running == wanted else "other client jars"
