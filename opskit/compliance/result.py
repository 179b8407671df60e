"""The result of `opskit compliance run`: JSON schema opskit/compliance/1."""

import hashlib
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.compliance.control import Severity, Status
from opskit.errors import Exit
from opskit.observe.model import Shape

Judgement = Literal["holds", "fails", "unjudged"]
Change = Literal["new", "still", "became-unknown", "fixed"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


class Waived(Shape):
    """The waiver that covers a row. Its last day ends at 24:00 UTC."""

    owner: str
    reason: str
    expires: date


class Row(Shape):
    """One control for one subject. change: since the run before, None where nothing was or is open.

    first_seen: when it began to fail or to be unknown, without a break since; None where it does neither.
    """

    control: str
    severity: Severity
    title: str
    subject: str
    host: str | None = None
    status: Status
    observed: str = ""
    expected: str = ""
    remedy: str = ""
    evidence: tuple[str, ...] = ()
    waived: Waived | None = None
    change: Change | None = None
    first_seen: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """The same from run to run, whatever was observed."""
        return hashlib.sha256(f"{self.control}\0{self.subject}".encode()).hexdigest()[:16]

    @property
    def is_open(self) -> bool:
        """It fails, or nobody can say; and no waiver covers it."""
        return self.status in ("fails", "unknown") and self.waived is None


class HostError(Shape):
    """A host that could not be audited. outcome: unreachable, timeout, failed, garbled."""

    host: str
    outcome: str
    error: str


class ComplianceResult(BaseModel):
    """One audit. since: the run it was compared with.

    fails: an open finding of `fail_on` or higher; unjudged: none, but a host or a control of that severity could not be
    judged.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/compliance/1"] = Field(default="opskit/compliance/1", alias="schema")
    cluster: str
    run: str
    at: datetime
    seconds: float
    fail_on: Severity
    judgement: Judgement
    hosts: int
    errors: tuple[HostError, ...] = ()
    rows: tuple[Row, ...]
    fixed: tuple[Row, ...] = ()
    """Rows of the run before that were open, and that no row of this run is about any more: the subject is gone."""
    since: str | None = None

    @property
    def exit(self) -> Exit:
        return {"holds": Exit.HOLDS, "fails": Exit.FAILS, "unjudged": Exit.UNJUDGED}[self.judgement]


def at_least(severity: Severity, least: Severity) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
