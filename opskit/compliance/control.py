"""What a control is, and the table that each enters. A control is a pure function from evidence to outcomes."""

from collections.abc import Callable, Iterator
from typing import Literal

from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.observe.model import Shape

Severity = Literal["low", "medium", "high", "critical"]
Family = Literal["placement", "nameservers", "clients", "settings", "host", "topics", "drills", "waivers"]
Status = Literal["holds", "fails", "unknown", "not-applicable"]


class Outcome(Shape):
    """What became of one control for one subject.

    subject: stable from run to run, as an operator names it: a host, "HOST UNIT", a topic. observed: a sentence without
    the subject's secrets; for unknown and not-applicable, the reason. host: where to look; None for the whole cluster.
    expected, remedy: where they differ from the control's own. evidence: where it was seen: "file: key", "request 26".
    """

    subject: str
    status: Status
    observed: str = ""
    host: str | None = None
    expected: str = ""
    remedy: str = ""
    evidence: tuple[str, ...] = ()


Judge = Callable[[Cluster, Evidence], Iterator[Outcome]]


class ControlTold(Shape):
    """A control in words. id: stable, kebab-case, begins with what it is about. looks_at: what is observed; expects:
    what holds.

    remedy: an opskit command where there is one. references: pages of opskit's docs, RocketMQ issues.
    """

    id: str
    family: Family
    severity: Severity
    title: str
    rationale: str
    looks_at: str
    expects: str
    remedy: str
    references: tuple[str, ...] = ()


class Control(ControlTold):
    judge: Judge


CONTROLS: dict[str, Control] = {}


def control(
    id: str,
    family: Family,
    severity: Severity,
    title: str,
    *,
    rationale: str,
    looks_at: str,
    expects: str,
    remedy: str,
    references: tuple[str, ...] = (),
) -> Callable[[Judge], Judge]:
    """Enter a function into the table, under an id that nobody has yet."""

    def enter(judge: Judge) -> Judge:
        if id in CONTROLS:
            raise ValueError(f"two controls are named {id}")
        CONTROLS[id] = Control(
            id=id,
            family=family,
            severity=severity,
            title=title,
            rationale=rationale,
            looks_at=looks_at,
            expects=expects,
            remedy=remedy,
            references=references,
            judge=judge,
        )
        return judge

    return enter


def holds(subject: str, host: str | None = None) -> Outcome:
    return Outcome(subject=subject, status="holds", host=host)


def fails(
    subject: str, observed: str, host: str | None = None, *, remedy: str = "", evidence: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(subject=subject, status="fails", observed=observed, host=host, remedy=remedy, evidence=evidence)


def unknown(subject: str, why: str, host: str | None = None) -> Outcome:
    return Outcome(subject=subject, status="unknown", observed=why, host=host)


def not_applicable(subject: str, why: str, host: str | None = None) -> Outcome:
    return Outcome(subject=subject, status="not-applicable", observed=why, host=host)
