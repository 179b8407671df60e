"""What is kept of an audit; JSON schema opskit/compliance-history/1."""

from collections import Counter
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.compliance.control import Severity
from opskit.compliance.result import SEVERITIES, ComplianceResult, Judgement, Row
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
    return PastRun(
        run=result.run,
        at=result.at,
        seconds=result.seconds,
        fail_on=result.fail_on,
        judgement=result.judgement,
        hosts=result.hosts,
        errors=len(result.errors),
        counts=_counts(result),
        controls=tuple(sorted({row.control for row in (*result.rows, *result.fixed)})),
    )


def _counts(result: ComplianceResult) -> Counts:
    told = Counter(_kind(row) for row in result.rows)
    changes = Counter(row.change for row in result.rows if row.is_open or row.change == "fixed")
    return Counts(
        **{severity: told[severity] for severity in SEVERITIES},
        unknown=told["unknown"],
        waived=told["waived"],
        holds=told["holds"],
        not_applicable=told["not-applicable"],
        new=changes["new"],
        fixed=changes["fixed"] + len(result.fixed),
        became_unknown=changes["became-unknown"],
    )


def _kind(row: Row) -> str:
    if row.waived is not None:
        return "waived"
    return row.severity if row.status == "fails" else row.status
