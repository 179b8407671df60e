"""What changed between two audits: new, still, became unknown, fixed. Pure; JSON schema opskit/compliance-diff/1."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from opskit.compliance.past.audits import PastAudit, PastRun, is_wrong
from opskit.compliance.result import Change, Row


class Compared(NamedTuple):
    """rows: those of now, each with its change; fixed: those of before that no row of now is about any more."""

    rows: tuple[Row, ...]
    fixed: tuple[Row, ...]


class ComplianceDiff(BaseModel):
    """From one audit to another. changed: rows of the later that are new or became unknown; fixed: of the earlier.

    uncompared: controls that only one of the two judged.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/compliance-diff/1"] = Field(default="opskit/compliance-diff/1", alias="schema")
    cluster: str
    before: PastRun
    after: PastRun
    changed: tuple[Row, ...]
    still: tuple[Row, ...]
    fixed: tuple[Row, ...]
    uncompared: tuple[str, ...] = ()


def compare(
    before: Sequence[Row] | None,
    now: Sequence[Row],
    at: datetime,
    judged: Collection[str],
    unseen: Collection[str] = (),
) -> Compared:
    """before: rows of the audit before, with those that waivers covered; None where there was none, so that nothing can
    have changed. now: after waivers were applied. judged: the controls of this audit; others fixed nothing. unseen: the
    hosts that did not tell.

    A subject that is gone is fixed, but for one that the control cannot see any more: that one is unknown, and comes
    after the rows of now.
    What a waiver covered before and none covers now counts as seen for the first time, but keeps its first_seen.
    """
    earlier: dict[tuple[str, str], list[Row]] = {}
    for row in before or ():
        if is_wrong(row):
            earlier.setdefault(_key(row), []).append(row)
    wrong = {_key(row) for row in now if is_wrong(row)}
    present = {_key(row) for row in now}
    rows = tuple(_compared(row, earlier.get(_key(row), ()), before is None, at, _key(row) in wrong) for row in now)
    gone = [row for key, found in earlier.items() if key not in present for row in found if row.control in judged]
    silent = {(row.control, row.host) for row in now if row.status == "unknown" and row.subject == row.host}
    blind = {control for control, _ in silent}
    hidden = [
        row
        for row in gone
        if row.host in unseen or (row.control, row.host) in silent or (row.host is None and row.control in blind)
    ]
    return Compared((*rows, *map(_hidden, hidden)), tuple(_fixed(row) for row in gone if row not in hidden))


def between(cluster: str, before: PastAudit, after: PastAudit) -> ComplianceDiff:
    """What is different in `after`, with what both of them judged."""
    both = {*before.controls} & {*after.controls}
    now = [row for row in after.rows if row.control in both]
    compared = compare(before.rows, now, after.at, both)
    told, hidden = compared.rows[: len(now)], compared.rows[len(now) :]
    rows = [row.model_copy(update={"first_seen": kept.first_seen}) for row, kept in zip(told, now, strict=True)]
    rows += hidden
    return ComplianceDiff(
        cluster=cluster,
        before=before.line,
        after=after.line,
        changed=tuple(row for row in rows if row.change != "still"),
        still=tuple(row for row in rows if row.change == "still"),
        fixed=compared.fixed,
        uncompared=tuple(sorted({*before.controls} ^ {*after.controls})),
    )


def _key(row: Row) -> tuple[str, str]:
    return row.control, row.subject


def _hidden(row: Row) -> Row:
    """What was wrong, and whose host does not tell of it any more: it is not fixed by that."""
    change: Change = "still" if row.status == "unknown" else "became-unknown"
    observed = (
        row.observed if row.status == "unknown" else f"its host does not tell of it any more; before: {row.observed}"
    )
    return row.model_copy(update={"status": "unknown", "observed": observed, "change": change})


def _fixed(row: Row) -> Row:
    return row.model_copy(update={"change": "fixed"})


def _compared(row: Row, earlier: Sequence[Row], is_first: bool, at: datetime, is_open: bool) -> Row:
    """earlier: rows of the same control and subject; two JVMs of one name give two of them.

    is_open: whether it, or another of the same name, is wrong now.
    """
    if not is_wrong(row):
        return row if is_open or not earlier else _fixed(row)
    first_seen = min((one.first_seen or at for one in earlier), default=at)
    change = None if is_first else _change(row, earlier)
    return row.model_copy(update={"change": change, "first_seen": first_seen})


def _change(row: Row, earlier: Sequence[Row]) -> Change:
    if any(one.status == row.status and (row.waived or not one.waived) for one in earlier):
        return "still"
    return "new" if row.status == "fails" else "became-unknown"
