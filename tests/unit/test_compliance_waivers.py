"""When a waiver ends, what it covers, and what is said of those that do nothing."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from clusters import small_cluster
from compliance_cases import AT, sound
from compliance_results import failing, row

from opskit.compliance.catalogue import CONTROLS
from opskit.compliance.evidence import Evidence
from opskit.compliance.result import Waived
from opskit.compliance.waivers import apply
from opskit.inventory.cluster import Cluster
from opskit.inventory.variables import VARIABLES
from opskit.inventory.waivers import WAIVERS, Waiver

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKYO, HONOLULU = timezone(timedelta(hours=9)), timezone(timedelta(hours=-10))


def waiver(id: str = "host-swap", scope: str = "*", expires: str = "2026-12-31", **other: str) -> Waiver:
    return Waiver.model_validate(
        {"id": id, "scope": scope, "owner": "ana", "reason": "OPS-1", "expires": expires} | other
    )


@pytest.mark.parametrize(
    ("at", "expired"),
    [
        (datetime(2026, 3, 1, 0, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC), False),
        (datetime(2026, 3, 2, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 8, 59, tzinfo=TOKYO), False),
        (datetime(2026, 3, 2, 9, 0, tzinfo=TOKYO), True),
        (datetime(2026, 3, 1, 14, 0, tzinfo=HONOLULU), True),
    ],
)
def test_the_last_day_ends_at_24_utc_wherever_the_controller_stands(at: datetime, expired: bool) -> None:
    assert waiver(expires="2026-03-01").is_expired(at) is expired


@pytest.mark.parametrize("day", [date(2026, 3, 1), "2026-03-01"])
def test_a_day_may_stand_in_quotes_or_not(day: Any) -> None:
    entry = {"id": "host-swap", "scope": "*", "owner": "ana", "reason": "OPS-1", "expires": day}
    assert WAIVERS.parse([entry])[0].expires == date(2026, 3, 1)


@pytest.mark.parametrize(
    "day", ["2026-3-1", "20260301", "2026-W09-7", "2026-03-01T00:00", "9999-12-31", 1, True, None, NOON]
)
def test_what_is_not_clearly_a_day_is_refused(day: Any) -> None:
    entry = {"id": "host-swap", "scope": "*", "owner": "ana", "reason": "OPS-1", "expires": day}
    with pytest.raises(ValueError, match=r"\[0\].expires is .*, which is not a day such as 2026-12-31, without a time"):
        WAIVERS.parse([entry])


def test_a_cluster_keeps_its_waivers_through_json() -> None:
    cluster = small_cluster(waivers=(waiver(),))
    assert Cluster.model_validate_json(cluster.model_dump_json()) == cluster


@pytest.mark.parametrize("status", ["fails", "unknown"])
def test_what_fails_or_is_unknown_is_covered(status: str) -> None:
    (told,) = apply([failing("host-swap", status=status)], [waiver()], NOON)
    assert told.waived == Waived(owner="ana", reason="OPS-1", expires=date(2026, 12, 31))
    assert not told.is_open


@pytest.mark.parametrize("status", ["holds", "not-applicable"])
def test_what_is_in_order_is_never_marked(status: str) -> None:
    rows = (row("host-swap", status=status),)
    assert apply(rows, [waiver()], NOON) == rows


@pytest.mark.parametrize(
    ("scope", "subject", "covered"),
    [
        ("*", "mq1 orders.service", True),
        ("mq1", "mq1 orders.service", False),
        ("mq1 *", "mq1 orders.service", True),
        ("mq[12]", "mq2", True),
        ("MQ1", "mq1", False),
        ("mq?", "mq10", False),
    ],
)
def test_a_scope_is_a_glob_over_whole_subjects(scope: str, subject: str, covered: bool) -> None:
    (told,) = apply([failing("host-swap", subject)], [waiver(scope=scope)], NOON)
    assert (told.waived is not None) is covered


def test_an_id_is_no_glob_and_covers_no_other_control() -> None:
    rows = (failing("host-swap"), failing("host-swap-file"))
    assert apply(rows, [waiver("host-*"), waiver("host")], NOON) == rows


def test_an_expired_waiver_covers_nothing() -> None:
    rows = (failing("host-swap"),)
    assert apply(rows, [waiver(expires="2026-02-28")], NOON) == rows


def test_what_an_audit_before_found_loses_a_waiver_that_expired_since() -> None:
    kept = failing("host-swap", waived=Waived(owner="ana", reason="OPS-1", expires=date(2026, 2, 28)))
    assert apply([kept], [], NOON) == (kept.model_copy(update={"waived": None}),)


def test_of_two_waivers_the_one_that_lasts_longer_is_named() -> None:
    short, long, over = (waiver(expires=day, reason=day) for day in ("2026-04-01", "2026-05-01", "2026-01-01"))
    for waivers in ([short, long, over], [over, long, short]):
        (told,) = apply([failing("host-swap")], waivers, NOON)
        assert told.waived is not None
        assert told.waived.reason == "2026-05-01"


def told_of(control: str, cluster: Cluster, evidence: Evidence | None = None) -> dict[str, str]:
    return {one.subject: one.status for one in CONTROLS[control].judge(cluster, evidence or sound(cluster))}


def test_a_waiver_of_what_is_unknown_has_an_effect() -> None:
    cluster = small_cluster(waivers=(waiver(scope="a"), waiver(scope="a-s")))
    evidence = sound(cluster)
    hosts = {name: facts for name, facts in evidence.hosts.items() if name != "a"}
    unseen = {"a": {"outcome": "timeout", "error": "no answer within 20 s"}}
    lost = evidence.model_validate(evidence.model_dump() | {"hosts": hosts, "unseen": unseen})
    assert told_of("waiver-without-effect", cluster, lost) == {"host-swap a": "holds", "host-swap a-s": "fails"}


def test_a_waiver_of_what_is_on_a_host_that_does_not_tell_may_have_an_effect() -> None:
    client = "client-leaves-hung-nameserver"
    cluster = small_cluster(waivers=(waiver(client, "client1 orders.service"), waiver(client, "client2 *")))
    unseen = {"client1": {"outcome": "timeout", "error": "no answer within 20 s"}}
    hosts = {name: facts for name, facts in sound(cluster).hosts.items() if name != "client1"}
    lost = Evidence.model_validate(sound(cluster).model_dump() | {"hosts": hosts, "unseen": unseen})
    assert told_of("waiver-without-effect", cluster, lost) == {
        f"{client} client1 orders.service": "unknown",
        f"{client} client2 *": "fails",
    }


@pytest.mark.parametrize("control", [id for id in CONTROLS if CONTROLS[id].family == "waivers"])
def test_without_waivers_these_controls_do_not_apply(control: str) -> None:
    assert told_of(control, small_cluster()) == {"cluster": "not-applicable"}


def test_each_mistake_is_told_once() -> None:
    over = datetime.fromtimestamp(AT, UTC).date() - timedelta(days=1)
    cluster = small_cluster(waivers=(waiver(expires=str(over)), waiver("host-swop", expires="2027-12-31")))
    wrong = {
        (control.id, subject)
        for control in CONTROLS.values()
        if control.family == "waivers"
        for subject, status in told_of(control.id, cluster).items()
        if status == "fails"
    }
    assert wrong == {("waiver-expired", "host-swap *"), ("waiver-unknown-control", "host-swop *")}


def test_the_controls_over_waivers_are_the_ones_that_cannot_be_waived() -> None:
    assert {id for id in CONTROLS if id.startswith("waiver-")} == {
        id for id, control in CONTROLS.items() if control.family == "waivers"
    }


def test_the_example_in_the_docs_is_a_sound_waiver() -> None:
    variable = VARIABLES["opskit_waivers"]
    (parsed,) = variable.kind.parse(yaml.safe_load(variable.example))
    assert parsed.id in CONTROLS
    assert variable.example in (Path(__file__).parents[2] / "docs" / "variables.md").read_text()
