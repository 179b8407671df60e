"""The post-mortem again: a drill that must fail, and for the right reason."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import deployed

from opskit.verify import history
from opskit.verify.history import Op

HOLD = 600 if os.environ.get("OPSKIT_TEST_LONG") else 90
Figure = Callable[[str], None]


def test_in_the_layout_of_the_incident_old_clients_stay_broken_for_as_long_as_the_host_hangs(
    tmp_path: Path, figure: Figure
) -> None:
    with deployed("incident", tmp_path) as running:
        words = ("verify", "failover", "--scenario", "host", "--window", "30", "--hold", str(HOLD))
        done = running.run("--format", "json", *words, timeout=HOLD + 400)
        result = done.json
    assert done.code == 1, done.said
    assert result["verdict"]["judgement"] == "fails"
    assert result["verdict"]["undo"] == "restored"
    route, produce = (_of(result, path) for path in ("route", "produce"))
    consume, lost = _failed(_of(result, "consume")), result["ledger"]["lost"]
    figure(f"incident, {HOLD} s: route {_failed(route)}, produce {_failed(produce)}, consume {consume}, lost {lost}")
    for window in route:
        assert window["outcome"] == "not recovered", window
    asked = _whole_in_the_fault(Path(result["folder"]) / "history.jsonl.zst", "route")
    figure(f"route queries that began and ended while the host hung: {len(asked)}, all failed")
    assert len(asked) > HOLD, "two clients ask once a second"
    assert {op.outcome for op in asked} <= {"fail", "indeterminate"}
    for window in produce:
        assert window["outcome"] == "not recovered", window
        assert 0.1 * window["attempted"] < window["failed"] < window["attempted"], window
    assert all(reason.startswith(("client1", "route", "produce", "consume")) for reason in result["verdict"]["reasons"])
    assert result["ledger"]["lost"] == 0


def _whole_in_the_fault(path: Path, of: str) -> list[Op]:
    """Lab hosts share this machine's clock, so that instants of hosts and of the controller compare as they are."""
    recorded = history.read(path)
    fault = next(effect.at_ns for effect in recorded.effects if effect.shown)
    undo = next(phase.at_ns for phase in recorded.phases if phase.name == "undo")
    return [op for op in recorded.ops if op.path == of and op.start_ns > fault and op.end_ns < undo]


def _of(result: dict[str, Any], path: str) -> list[dict[str, Any]]:
    return [one for one in result["windows"] if (one["path"], one["event"]) == (path, "fault")]


def _failed(windows: list[dict[str, Any]]) -> str:
    return f"{sum(one['failed'] for one in windows)} of {sum(one['attempted'] for one in windows)} failed"
