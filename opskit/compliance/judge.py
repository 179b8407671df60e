"""Evidence becomes rows: every control on every subject. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from opskit.compliance.control import Control, Severity
from opskit.compliance.evidence import Evidence
from opskit.compliance.result import HostError, Judgement, Row, at_least
from opskit.inventory.cluster import Cluster


def judge(cluster: Cluster, evidence: Evidence, controls: Iterable[Control]) -> tuple[Row, ...]:
    """A row for each control and each subject that it is about, in the order of the catalogue."""
    return tuple(_rows(cluster, evidence, controls))


def _rows(cluster: Cluster, evidence: Evidence, controls: Iterable[Control]) -> Iterator[Row]:
    for control in controls:
        for outcome in control.judge(cluster, evidence):
            wrong = outcome.status in ("fails", "unknown")
            yield Row(
                control=control.id,
                severity=control.severity,
                title=control.title,
                subject=outcome.subject,
                host=outcome.host,
                status=outcome.status,
                observed=outcome.observed,
                expected=(outcome.expected or control.expects) if wrong else "",
                remedy=(outcome.remedy or control.remedy) if wrong else "",
                evidence=outcome.evidence,
            )


def errors(evidence: Evidence) -> tuple[HostError, ...]:
    """The hosts that did not tell, each with its reason."""
    return tuple(
        HostError(host=host, outcome=one.outcome, error=one.error) for host, one in sorted(evidence.unseen.items())
    )


def judgement(rows: Sequence[Row], unheard: Sequence[HostError], fail_on: Severity) -> Judgement:
    """fails: something open fails at `fail_on` or above; unjudged: a host or such a control could not be judged."""
    grave = [row for row in rows if row.is_open and at_least(row.severity, fail_on)]
    if any(row.status == "fails" for row in grave):
        return "fails"
    return "unjudged" if grave or unheard else "holds"
