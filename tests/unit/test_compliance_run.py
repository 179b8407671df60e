"""A whole audit, but for the asking: what is kept of it, and what it does where nothing can be kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from clusters import small_cluster
from compliance_cases import AT, sound

from opskit.compliance import run
from opskit.compliance.evidence import Evidence, Unseen
from opskit.compliance.past import history
from opskit.compliance.result import ComplianceResult
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Cluster
from opskit.inventory.waivers import Waiver

Audit = Callable[[Evidence, Cluster], ComplianceResult]


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """An audit of what it is given."""
    monkeypatch.setenv("OPSKIT_STATE", str(tmp_path / "state"))

    def judged(evidence: Evidence, cluster: Cluster) -> ComplianceResult:
        monkeypatch.setattr(run, "gather", lambda *_: evidence)
        return run.audit(cluster, run.Options(), lambda _: None)[0]

    return judged


def later(evidence: Evidence, days: int, **changes: Any) -> Evidence:
    return evidence.model_copy(update={"at": evidence.at + timedelta(days=days), **changes})


def test_an_audit_is_kept_whole(audit: Audit, tmp_path: Path) -> None:
    result = audit(sound(), small_cluster())
    assert (result.judgement, result.since) == ("holds", None)
    folder = tmp_path / "state" / "runs" / "small" / result.run
    assert ComplianceResult.model_validate_json((folder / "report.json").read_bytes()) == result
    assert Evidence.model_validate_json(zstandard.decompress((folder / "evidence.json.zst").read_bytes())) == sound()
    assert [one.run for one in history.runs("small")] == [result.run]
    assert audit(sound(), small_cluster()).since == result.run


def test_a_host_that_stops_telling_hides_a_finding_no_longer_than_its_waiver(audit: Audit) -> None:
    """The rows of before are carried on while nobody can judge them, and with them their waivers of that day."""
    control, name = "client-leaves-hung-nameserver", "client1 orders.service"
    promise = {"id": control, "scope": "*", "owner": "ana", "reason": "OPS-1", "expires": "2026-09-22"}
    cluster = small_cluster(waivers=(Waiver.model_validate(promise),))
    jvm = {"pid": 5, "start_ticks": 1, "unit": "orders.service", "constructed": {"value": "off", "why": "so"}}
    held = {"jar": "/a.jar", "state": "off", "release": "4.8.0"}
    facts = sound().hosts["client1"].model_dump() | {"jvms": [jvm | {"clients": [held]}]}
    before = sound().model_dump() | {"hosts": sound().model_dump()["hosts"] | {"client1": facts}}
    hosts = {host: one for host, one in sound().hosts.items() if host != "client1"}
    gone = {"hosts": hosts, "unseen": {"client1": Unseen(outcome="timeout", error="no answer within 20 s")}}

    def told(evidence: Evidence) -> list[tuple[str, bool]]:
        rows = audit(evidence, cluster).rows
        return [(row.status, row.is_open) for row in rows if (row.control, row.subject) == (control, name)]

    assert datetime.fromtimestamp(AT, UTC).date().isoformat() == "2026-09-21"
    assert told(Evidence.model_validate(before)) == [("fails", False)]
    assert told(later(sound(), 1, **gone)) == [("unknown", False)]
    assert told(later(sound(), 2, **gone)) == [("unknown", True)]


@pytest.mark.parametrize("broken", ["a file in its place", "not for this user"])
def test_a_place_that_cannot_be_written_to_is_told_before_anybody_is_asked(
    audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    if broken == "not for this user":
        monkeypatch.setattr("os.access", lambda *_: False)
    else:
        (tmp_path / "state").touch()
    with pytest.raises(OpskitError) as told:
        audit(sound(), small_cluster())
    assert told.value.code == Exit.UNJUDGED
    assert told.value.what.startswith("audits cannot be kept: ")
