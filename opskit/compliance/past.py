"""What is kept of an audit; JSON schema opskit/compliance-history/1."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.compliance.control import Severity
from opskit.compliance.result import ComplianceResult, Judgement, Row
from opskit.observe.model import Shape


def is_wrong(row: Row) -> bool:
    """Whether it fails or is unknown, waived or not."""
    return row.status in ("fails", "unknown")


class Counts(Shape):
    """Rows of an audit. critical to low: fail and no waiver covers them; unknown: the same; waived: either.

    new, fixed, became_unknown: against the audit before; what is new and waived at once is not counted.
    """

    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    unknown: int = 0
    waived: int = 0
    holds: int = 0
    not_applicable: int = 0
    new: int = 0
    fixed: int = 0
    became_unknown: int = 0

    @property
    def open(self) -> int:
        """Rows that wait for somebody."""
        return self.critical + self.high + self.medium + self.low + self.unknown


class PastRun(Shape):
    """One audit in a line. errors: hosts that could not be audited; controls: the ids of those that were judged."""

    run: str
    at: datetime
    seconds: float
    fail_on: Severity
    judgement: Judgement
    hosts: int
    errors: int
    counts: Counts
    controls: tuple[str, ...]


class PastAudit(PastRun):
    """rows: those that failed or were unknown, waived ones too."""

    rows: tuple[Row, ...]

    @property
    def line(self) -> PastRun:
        """Without its rows."""
        return PastRun.model_validate(self.model_dump(exclude={"rows"}))


class ComplianceHistory(BaseModel):
    """Newest first."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/compliance-history/1"] = Field(default="opskit/compliance-history/1", alias="schema")
    cluster: str
    runs: tuple[PastRun, ...]


def summary(result: ComplianceResult) -> PastRun:
    rows = (*result.rows, *result.fixed)
    return PastRun(
        run=result.run,
        at=result.at,
        seconds=result.seconds,
        fail_on=result.fail_on,
        judgement=result.judgement,
        hosts=result.hosts,
        errors=len(result.errors),
        counts=_counts(result.rows, rows),
        controls=tuple(dict.fromkeys(row.control for row in rows)),
    )


def _counts(rows: Sequence[Row], changed: Sequence[Row]) -> Counts:
    """changed: with those that are gone, which only count as fixed."""
    told = Counter(_kind(row) for row in rows)
    told.update(row.change for row in changed if row.change == "fixed" or (row.is_open and row.change))
    told.pop("still", None)
    return Counts.model_validate({kind.replace("-", "_"): count for kind, count in told.items()})


def _kind(row: Row) -> str:
    if row.waived is not None:
        return "waived"
    return row.severity if row.status == "fails" else row.status
