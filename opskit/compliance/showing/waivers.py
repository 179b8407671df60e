"""The declared waivers: how long each lasts, and what it covered in the last audit."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.compliance.past.audits import PastAudit
from opskit.compliance.result import Row
from opskit.inventory.cluster import Cluster
from opskit.inventory.waivers import SOON_DAYS, Waiver
from opskit.observe.model import Shape as Frozen
from opskit.report.shapes import Cell, Sentence, Shape, Table


class DeclaredWaiver(Frozen):
    """days_left: 0 on its last day, below 0 after it. covered: rows of the last audit, None where there was none."""

    id: str
    scope: str
    owner: str
    reason: str
    expires: date
    days_left: int
    covered: int | None


class WaiverList(BaseModel):
    """In the order of the inventory. run: the last audit."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/compliance-waivers/1"] = Field(default="opskit/compliance-waivers/1", alias="schema")
    cluster: str
    run: str | None
    waivers: tuple[DeclaredWaiver, ...]


def declared(cluster: Cluster, last: PastAudit | None, at: datetime) -> WaiverList:
    return WaiverList(
        cluster=cluster.name,
        run=last.run if last else None,
        waivers=tuple(
            DeclaredWaiver(
                **waiver.model_dump(),
                days_left=waiver.days_left(at),
                covered=last and _covered(waiver, last.rows),
            )
            for waiver in cluster.waivers
        ),
    )


def _covered(waiver: Waiver, rows: Sequence[Row]) -> int:
    return sum(row.waived is not None and waiver.is_about(row.control, row.subject) for row in rows)


def present(found: WaiverList) -> Iterator[Shape]:
    """One line a waiver."""
    if not found.waivers:
        yield Sentence("No waiver is declared: opskit_waivers, usually in group_vars/all/waivers.yml.", "dim")
        return
    yield Table(("control", "scope", "expires", "covers", "owner", "reason"), tuple(map(_row, found.waivers)))
    if found.run is None:
        yield Sentence("What they cover is known after the first `opskit compliance run`.", "dim")


def _row(one: DeclaredWaiver) -> tuple[Cell | str, ...]:
    covers = "" if one.covered is None else str(one.covered)
    return one.id, one.scope, _expiry(one), covers, one.owner, one.reason


def _expiry(one: DeclaredWaiver) -> Cell:
    if one.days_left < 0:
        return Cell(f"{one.expires}, expired", "bad")
    left = f"{one.expires}, {one.days_left} day{'' if one.days_left == 1 else 's'} left"
    return Cell(left, "warn" if one.days_left <= SOON_DAYS else "plain")
