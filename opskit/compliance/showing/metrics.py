"""An audit as Prometheus gauges; pure. Their number depends on the controls and waivers, never on the hosts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import product
from typing import get_args

from opskit.compliance.control import Status
from opskit.compliance.result import SEVERITIES, ComplianceResult, Row, Waived
from opskit.report.prometheus import Metric, Sample

STATES = ("open", "unknown", "waived")
"""Of what is not as it should be. open: it fails and no waiver covers it; unknown: nobody can say."""
OPEN_STATES = ("open", "unknown")
STATUSES = (*get_args(Status), "waived")
Labels = tuple[tuple[str, str], ...]


def metrics(result: ComplianceResult, last_success: datetime | None) -> Iterator[Metric]:
    """Gauges of the last audit; label cluster on each. What counts is there with 0 too, so that an alert can end.

    last_success: the last audit that could judge all, this one included; None where there never was one.
    """
    base = {"cluster": result.cluster}

    def one(name: str, description: str, value: float) -> Metric:
        return Metric(f"opskit_compliance_{name}", description, (Sample(base, value),))

    def many(name: str, description: str, counted: Mapping[Labels, float]) -> Metric:
        samples = tuple(Sample(base | dict(labels), value) for labels, value in counted.items())
        return Metric(f"opskit_compliance_{name}", description, samples)

    yield many(
        "findings",
        "What is not as it should be. open: it fails; unknown: it could not be judged; waived: a waiver covers it.",
        _by_severity(STATES, Counter((row.severity, state) for row in result.rows if (state := _state(row)))),
    )
    yield many(
        "new_findings",
        "Findings of the last audit that the one before did not have.",
        _by_severity(OPEN_STATES, Counter((row.severity, _state(row)) for row in result.rows if is_new(row))),
    )
    yield one(
        "fixed_findings",
        "Findings of the audit before that are gone.",
        len(result.fixed) + sum(row.change == "fixed" for row in result.rows),
    )
    yield many("subjects", "Hosts, JVMs, topics and other subjects of a control, by what became of them.", _by(result))
    yield many(
        "waiver_expiry_timestamp_seconds",
        "When the first waiver of an owner for a control ends, in Unix time.",
        _expiries(result),
    )
    yield one("hosts", "Hosts of the inventory.", result.hosts)
    yield one("host_errors", "Hosts that could not be audited.", len(result.errors))
    yield one("duration_seconds", "How long the audit took.", result.seconds)
    yield one("last_run_timestamp_seconds", "When the last audit began, in Unix time.", result.at.timestamp())
    yield one(
        "last_success_timestamp_seconds",
        "When the last audit began that could judge everything, in Unix time; 0 where there was none.",
        last_success.timestamp() if last_success else 0,
    )


def is_new(row: Row) -> bool:
    """It is open, and in the run before it was not so."""
    return row.is_open and row.change in ("new", "became-unknown")


def expiry(waived: Waived) -> datetime:
    """The instant at which a waiver ends: its last day ends at 24:00 UTC."""
    return datetime.combine(waived.expires + timedelta(days=1), time(), UTC)


def _state(row: Row) -> str:
    if row.status not in ("fails", "unknown"):
        return ""
    return "waived" if row.waived else "open" if row.status == "fails" else "unknown"


def _status(row: Row) -> str:
    return "waived" if _state(row) == "waived" else row.status


def _by_severity(states: tuple[str, ...], counted: Mapping[tuple[str, str], int]) -> dict[Labels, float]:
    return {
        (("severity", severity), ("state", state)): counted.get((severity, state), 0)
        for severity, state in product(SEVERITIES, states)
    }


def _by(result: ComplianceResult) -> dict[Labels, float]:
    counted = Counter((row.control, row.severity, _status(row)) for row in result.rows)
    return {
        (("control", control), ("severity", severity), ("status", status)): counted[control, severity, status]
        for (control, severity), status in product(
            dict.fromkeys((row.control, row.severity) for row in result.rows), STATUSES
        )
    }


def _expiries(result: ComplianceResult) -> dict[Labels, float]:
    found: dict[Labels, float] = {}
    for row in result.rows:
        if row.waived:
            labels = (("control", row.control), ("owner", row.waived.owner))
            ends = expiry(row.waived).timestamp()
            found[labels] = min(found.get(labels, ends), ends)
    return found
