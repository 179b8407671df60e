"""An audit as JUnit: red exactly where its exit code is not 0."""

from pathlib import Path

import pytest
from compliance_results import WAIVED, audit, failing, mixed, row, still
from junitparser import JUnitXml

from opskit.compliance.judge import judgement
from opskit.compliance.result import HostError, Row
from opskit.compliance.showing.junit import cases
from opskit.report.junit import write_junit

UNKNOWN = row(status="unknown", observed="mq1 did not tell")


@pytest.mark.parametrize(
    "of, outcome, says",
    [
        (row(), "passed", ""),
        (failing(), "failed", "High: Namesrv apart as it should\nObserved: the nameserver and broker a run on it\n"
         "Expected: No host runs both.\nMove it."),
        (failing(severity="medium"), "failed", "Medium: "),
        (failing(severity="low"), "skipped", "Below medium, so it does not count. Low: "),
        (UNKNOWN, "error", "Unknown: Namesrv apart as it should\nObserved: mq1 did not tell"),
        (UNKNOWN.model_copy(update={"severity": "low"}), "skipped", "Below medium, so it does not count. Unknown: "),
        (still(waived=WAIVED), "skipped", "Waived by ana until 2026-03-09: replaced in April. High: "),
        (row(status="not-applicable", observed="ACL is not declared."), "skipped", "Does not apply: ACL is not"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_row(of: Row, outcome: str, says: str) -> None:
    (case,) = cases(audit(of), {})
    assert case.outcome == outcome
    assert case.message.startswith(says)


@pytest.mark.parametrize("severity", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("fail_on", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("status", ["fails", "unknown", "holds", "not-applicable"])
@pytest.mark.parametrize("waived", [None, WAIVED])
@pytest.mark.parametrize("errors", [(), (HostError(host="mq9", outcome="timeout", error="no answer"),)])
def test_red_exactly_where_the_audit_does_not_hold(severity, fail_on, status, waived, errors) -> None:  # type: ignore[no-untyped-def]
    of = row(severity=severity, status=status, waived=waived)
    found = cases(audit(of, fail_on=fail_on, errors=errors), {})
    red = any(case.outcome in ("failed", "error") for case in found)
    assert red is (judgement([of], errors, fail_on) != "holds")


def test_names_are_family_control_and_subject(tmp_path: Path) -> None:
    write_junit(tmp_path / "junit.xml", "opskit compliance", cases(mixed(), {"namesrv-apart": "placement"}))
    suite = next(iter(JUnitXml.fromfile(str(tmp_path / "junit.xml"))))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (9, 2, 2, 3)
    named = [(case.classname, case.name) for case in suite]
    assert named[:2] == [("audit.host", "mq3"), ("placement.namesrv-apart", "mq1")]
    assert ("audit.swap-off", "mq2") in named
