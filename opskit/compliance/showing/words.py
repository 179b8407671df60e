"""What an audit's screens and pages say in words; pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from opskit.compliance.result import SEVERITIES, ComplianceResult, Judgement, Row, Waived
from opskit.compliance.showing.metrics import expiry, is_new
from opskit.inventory.waivers import SOON_DAYS
from opskit.report.shapes import Cell, Mark

MARKS: dict[Judgement, Mark] = {"holds": "good", "fails": "bad", "unjudged": "warn"}


def verdict(result: ComplianceResult) -> str:
    """The judgement in words."""
    match result.judgement:
        case "fails":
            return f"{result.cluster} has findings of severity {result.fail_on} or higher"
        case "unjudged":
            return f"{result.cluster} could not be judged in full"
        case _:
            return f"{result.cluster} holds: no finding of severity {result.fail_on} or higher"


def counts(result: ComplianceResult) -> str:
    """Open findings by severity, then what else there is, how many hosts and how long."""
    found = Counter(row.severity for row in result.rows if row.is_open and row.status == "fails")
    unknown = sum(row.is_open and row.status == "unknown" for row in result.rows)
    told = [f"{found[severity]} {severity}" for severity in reversed(SEVERITIES) if found[severity]] or ["no finding"]
    for number, word in (
        (unknown, "unknown"),
        (sum(map(is_new, result.rows)), "new"),
        (len(fixed(result)), "fixed"),
        (len(waived(result)), "waived"),
    ):
        if number:
            told.append(f"{number} {word}")
    unheard = f", {len(result.errors)} could not be audited" if result.errors else ""
    return f"{', '.join(told)}; {counted(result.hosts, 'host')} in {result.seconds:g} s{unheard}"


def waived(result: ComplianceResult) -> list[Row]:
    """What fails or is unknown, and a waiver covers."""
    return [row for row in result.rows if row.status in ("fails", "unknown") and row.waived]


def fixed(result: ComplianceResult) -> list[Row]:
    """What was open in the run before: it holds now, or its subject is gone."""
    return [*(row for row in result.rows if row.change == "fixed"), *result.fixed]


def change(row: Row, at: datetime) -> Cell:
    """NEW, or for how long."""
    if is_new(row):
        return Cell("NEW" if row.change == "new" else "NEW, could be judged before", "warn")
    return Cell(f"for {age(at - row.first_seen)}" if row.first_seen else "", "dim")


def age(length: timedelta) -> str:
    """In days, below two days in hours."""
    hours = int(length / timedelta(hours=1))
    return counted(length.days, "day") if hours >= 48 else f"{hours} h" if hours else "less than 1 h"


def expires(one: Waived, at: datetime) -> Cell:
    """Until when a waiver holds; a warning where that is soon."""
    left = expiry(one) - at
    soon = (one.expires - at.astimezone(UTC).date()).days <= SOON_DAYS
    return Cell(f"{one.expires}{f', {age(left)} left' if soon else ''}", "warn" if soon else "plain")


def few(names: Iterable[str], most: int) -> str:
    """The first names, and how many more there are; each once."""
    known: Sequence[str] = list(dict.fromkeys(names))
    # the last would take as much room as its "and 1 more"
    shown = known if len(known) <= most + 1 else known[:most]
    return ", ".join(shown) + (f" and {len(known) - len(shown)} more" if len(known) > len(shown) else "")


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
