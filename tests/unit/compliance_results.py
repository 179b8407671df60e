"""Audits by hand, for the tests of what is made of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from opskit.compliance.result import ComplianceResult, HostError, Row, Waived

AT = datetime(2026, 3, 2, 6, 4, tzinfo=UTC)
WAIVED = Waived(owner="ana", reason="replaced in April", expires=date(2026, 3, 9))


def row(control: str = "namesrv-apart", subject: str = "mq1", **other: Any) -> Row:
    """A row of a control whose title follows from its id."""
    values = {"severity": "high", "status": "holds", "title": f"{control.replace('-', ' ').capitalize()} as it should"}
    return Row(control=control, subject=subject, **(values | other))


def failing(control: str = "namesrv-apart", subject: str = "mq1", **other: Any) -> Row:
    values = {
        "status": "fails",
        "observed": "the nameserver and broker a run on it",
        "expected": "No host runs both.",
        "remedy": "Move it.",
        "change": "new",
        "first_seen": AT,
    }
    return row(control, subject, **(values | other))


def still(control: str = "swap-off", subject: str = "mq2", days: float = 12, **other: Any) -> Row:
    return failing(control, subject, **({"change": "still", "first_seen": AT - timedelta(days=days)} | other))


def audit(*rows: Row, **other: Any) -> ComplianceResult:
    """Of a cluster named prod, all in order unless told."""
    values = {
        "cluster": "prod",
        "run": "20260302T060400Z-compliance-abc123",
        "at": AT,
        "seconds": 4.2,
        "fail_on": "medium",
        "judgement": "holds",
        "hosts": 48,
        "since": "20260301T060400Z-compliance-0fe123",
    }
    return ComplianceResult(rows=rows, **(values | other))


def mixed() -> ComplianceResult:
    """One of each kind."""
    return audit(
        failing(),
        still(severity="medium"),
        row("clock-sync", "mq3", status="unknown", observed="mq3 did not tell: timeout", change="became-unknown"),
        row("heap", "mq3", status="unknown", severity="low", observed="mq3 did not tell: timeout", change="still"),
        still("unit-hardened", "mq4", waived=WAIVED),
        row("acl-on", "cluster", status="not-applicable", observed="ACL is not declared."),
        row("limits", "mq1", change="fixed"),
        row("limits", "mq2"),
        judgement="fails",
        errors=(HostError(host="mq3", outcome="timeout", error="no answer within 20 s"),),
        fixed=(still("topic-spread", "orders"),),
    )
