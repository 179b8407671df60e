"""What is new, still, unknown or fixed since another audit."""

from datetime import timedelta
from typing import Any

import pytest
from compliance_results import AT, WAIVED, audit, failing, row

from opskit.compliance.past.audits import PastAudit, summary
from opskit.compliance.past.changes import between, compare
from opskit.compliance.result import Row

NOW = AT + timedelta(days=1)
C, OTHER = "host-swap", "host-clock"


def of(status: str, first_seen: Any = AT, **other: Any) -> Row:
    """A row as a run leaves it, where it is wrong with the time since when."""
    wrong = status in ("fails", "unknown")
    return row(C, status=status, first_seen=first_seen if wrong else None, **other)


def fresh(status: str, **other: Any) -> Row:
    return of(status, None, **other)


@pytest.mark.parametrize(
    ("before", "now", "change", "first_seen"),
    [
        # nothing about it before
        ([], fresh("fails"), "new", NOW),
        ([], fresh("unknown"), "became-unknown", NOW),
        ([], fresh("holds"), None, None),
        ([], fresh("not-applicable"), None, None),
        # it failed before
        ([of("fails")], fresh("fails"), "still", AT),
        ([of("fails")], fresh("unknown"), "became-unknown", AT),
        ([of("fails")], fresh("holds"), "fixed", None),
        ([of("fails")], fresh("not-applicable"), "fixed", None),
        # it was unknown before
        ([of("unknown")], fresh("unknown"), "still", AT),
        ([of("unknown")], fresh("fails"), "new", AT),
        ([of("unknown")], fresh("holds"), "fixed", None),
        # it was in order before
        ([of("holds")], fresh("fails"), "new", NOW),
        ([of("holds")], fresh("unknown"), "became-unknown", NOW),
        ([of("not-applicable")], fresh("holds"), None, None),
        # waivers
        ([of("fails")], fresh("fails", waived=WAIVED), "still", AT),
        ([of("fails", waived=WAIVED)], fresh("fails", waived=WAIVED), "still", AT),
        ([of("fails", waived=WAIVED)], fresh("fails"), "new", AT),
        ([of("unknown", waived=WAIVED)], fresh("unknown"), "became-unknown", AT),
        ([of("fails", waived=WAIVED)], fresh("holds"), "fixed", None),
        # what was observed does not matter, nor does the severity
        ([of("fails", observed="80 %", severity="low")], fresh("fails", observed="81 %"), "still", AT),
    ],
)
def test_a_row_against_the_run_before(before: list[Row], now: Row, change: str | None, first_seen: Any) -> None:
    ((told,), fixed) = compare(before, [now], NOW, {C})
    assert (told.change, told.first_seen) == (change, first_seen)
    assert told.model_copy(update={"change": None, "first_seen": None}) == now
    assert fixed == ()


def test_in_the_first_run_ever_nothing_has_changed() -> None:
    (broken, sound), fixed = compare(None, [fresh("fails"), row(OTHER)], NOW, {C, OTHER})
    assert (broken.change, broken.first_seen) == (None, NOW)
    assert (sound.change, sound.first_seen) == (None, None)
    assert fixed == ()


def test_an_outage_of_the_host_does_not_make_its_findings_younger() -> None:
    rows: tuple[Row, ...] = (of("fails"),)
    for day, status in enumerate(("unknown", "fails"), 1):
        rows, _ = compare(rows, [fresh(status)], AT + timedelta(days=day), {C})
    assert (rows[0].change, rows[0].first_seen) == ("new", AT)


def test_a_break_makes_them_young_again() -> None:
    rows: tuple[Row, ...] = (of("fails"),)
    for day, status in enumerate(("holds", "fails"), 1):
        rows, _ = compare(rows, [fresh(status)], AT + timedelta(days=day), {C})
    assert rows[0].first_seen == AT + timedelta(days=2)


def test_what_is_gone_is_fixed_and_keeps_its_age() -> None:
    gone = of("fails", subject="mq9")
    rows, fixed = compare([gone], [row(C)], NOW, {C})
    assert rows == (row(C),)
    assert fixed == (gone.model_copy(update={"change": "fixed"}),)
    assert fixed[0].first_seen == AT


@pytest.mark.parametrize("now", [[], [row(C, subject="mq1")]])
def test_what_stood_on_a_host_that_does_not_tell_is_not_fixed(now: list[Row]) -> None:
    """A tool with an old client on a broker's host: no control tells of that host, since it is no client host."""
    gone = of("fails", subject="mq9 exporter.service", host="mq9")
    rows, fixed = compare([gone], now, NOW, {C}, {"mq9"})
    assert [(one.subject, one.status, one.change) for one in rows[len(now) :]] == [
        ("mq9 exporter.service", "unknown", "became-unknown")
    ]
    assert fixed == ()
    assert [one.subject for one in compare([gone], now, NOW, {C}).fixed] == ["mq9 exporter.service"]


def test_what_was_in_order_and_is_gone_is_no_news() -> None:
    assert compare([of("holds", subject="mq9")], [], NOW, {C}).fixed == ()


def test_a_run_of_a_few_controls_fixes_nothing_else() -> None:
    _, fixed = compare([of("fails")], [failing(OTHER)], NOW, {OTHER})
    assert fixed == ()


def test_two_of_one_name_are_not_fixed_while_one_is_wrong() -> None:
    now = [fresh("holds"), fresh("fails"), fresh("fails")]
    rows, fixed = compare([of("fails", AT + timedelta(hours=1)), of("fails")], now, NOW, {C})
    assert [(one.change, one.first_seen) for one in rows] == [(None, None), ("still", AT), ("still", AT)]
    assert fixed == ()


def past(run: str, *rows: Row, days: int = 0) -> PastAudit:
    result = audit(*rows, run=f"20260302T060400Z-compliance-{run}", at=AT + timedelta(days=days))
    return PastAudit(**dict(summary(result)), rows=tuple(one for one in rows if one.status in ("fails", "unknown")))


def test_any_two_runs_can_be_compared() -> None:
    began = AT + timedelta(days=3)
    one = past("one", of("fails"), of("fails", subject="gone"), of("holds", subject="mq3"))
    two = past(
        "two", of("fails"), of("holds", subject="gone"), of("fails", began, subject="mq3", change="still"), days=9
    )
    diff = between("prod", one, two)
    assert [(row.subject, row.change, row.first_seen) for row in diff.changed] == [("mq3", "new", began)]
    assert [row.subject for row in diff.still] == ["mq1"]
    assert [(row.subject, row.change) for row in diff.fixed] == [("gone", "fixed")]
    assert diff.uncompared == ()
    assert (diff.before.run, diff.after.run) == (one.run, two.run)
    assert [row.subject for row in between("prod", two, one).fixed] == ["mq3"]


def test_a_control_that_only_one_of_the_two_judged_is_not_compared() -> None:
    one = past("one", of("fails"), failing(OTHER))
    two = past("two", of("fails"), failing("host-disk"))
    diff = between("prod", one, two)
    assert (diff.changed, diff.fixed) == ((), ())
    assert diff.uncompared == ("host-clock", "host-disk")


def test_runs_can_be_compared_where_a_host_stopped_telling() -> None:
    one = past("one", of("fails", subject="mq1 orders.service", host="mq1"))
    two = past("two", of("unknown", subject="mq1", host="mq1"), days=9)
    diff = between("prod", one, two)
    assert [(row.subject, row.change) for row in diff.changed] == [
        ("mq1", "became-unknown"),
        ("mq1 orders.service", "became-unknown"),
    ]
    assert diff.fixed == ()
