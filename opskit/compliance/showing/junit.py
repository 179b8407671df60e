"""An audit as JUnit cases; pure. They are red exactly where the audit's exit code is not 0."""

from collections.abc import Iterator, Mapping

from opskit.compliance.result import ComplianceResult, HostError, Row, at_least
from opskit.report.junit import Case, Outcome


def cases(result: ComplianceResult, families: Mapping[str, str]) -> Iterator[Case]:
    """The hosts that could not be audited, then a case for each row: class "family.control", name its subject.

    families: of each control; rows that no control made, as those about waivers, are of the family "audit". Failed: a
    finding of `fail_on` or higher. Error: what could not be judged, from the same severity on, and such hosts. Skipped,
    with the reason: what a waiver covers, what does not apply, and what is too low to count.
    """
    yield from (_host(error) for error in result.errors)
    for row in result.rows:
        outcome, message = _judged(row, result)
        yield Case(row.subject, f"{families.get(row.control, 'audit')}.{row.control}", 0.0, outcome, message)


def _host(error: HostError) -> Case:
    return Case(error.host, "audit.host", 0.0, "error", f"{error.outcome}: {error.error}")


def _judged(row: Row, result: ComplianceResult) -> tuple[Outcome, str]:
    if row.status == "holds":
        return "passed", ""
    if row.status == "not-applicable":
        return "skipped", f"Does not apply: {row.observed}"
    what = _sentence(row)
    if row.waived:
        return "skipped", f"Waived by {row.waived.owner} until {row.waived.expires}: {row.waived.reason}. {what}"
    if not at_least(row.severity, result.fail_on):
        return "skipped", f"Below {result.fail_on}, so it does not count. {what}"
    return "failed" if row.status == "fails" else "error", what


def _sentence(row: Row) -> str:
    word = "Unknown" if row.status == "unknown" else row.severity.capitalize()
    expected = row.expected and f"Expected: {row.expected}"
    return "\n".join(filter(None, (f"{word}: {row.title}", f"Observed: {row.observed}", expected, row.remedy)))
