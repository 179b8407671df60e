"""What a deploy says of itself, as a table: events in, exit code and sentences out."""

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from opskit.deploy import account
from opskit.deploy.present import exit_code, present
from opskit.deploy.result import DeployResult, DrainResult, FileResult, HostResult, RestartResult, Smoke, UndoFailure
from opskit.reach.playbook import Event, PlaybookResult
from opskit.report.shapes import Sentence
from opskit.report.terminal import show

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "account" / "cases.yml").read_text())
PLANNED = (
    HostResult(
        host="a",
        files=(FileResult(path="/etc/rocketmq/conf/broker.conf", diff="-x=1\n+x=2"),),
        restarts=(RestartResult(component="broker", reason="broker.conf changes"),),
    ),
    HostResult(host="b", releases=("/opt/rocketmq/client/5.4.0-d1",)),
)


def event(case: dict[str, Any]) -> Event:
    result: dict[str, Any] = {}
    if "files" in case:
        result["changed_files"] = [f"/etc/rocketmq/conf/{name}" for name in case["files"]]
    if "unpacked" in case:
        result["unpacked"] = [f"/opt/rocketmq/client/{name}" for name in case["unpacked"]]
    if "restart" in case:
        result |= {"component": "broker", "restart": True, "reason": case["restart"]}
    if "msg" in case:
        result["msg"] = case["msg"]
    outcome = case.get("outcome", "ok")
    return Event("Roll the masters", "Gate", case["host"], outcome, case.get("changed", outcome == "ok"), result)


def smoke(sent: int, received: int, failed: int = 0, lost: int = 0) -> Smoke:
    return Smoke(
        host="client1",
        client="5.4.0",
        brokers=("broker-a",),
        sent=sent,
        acknowledged=sent - failed,
        received=received,
        failed=failed,
        lost=lost,
        duplicates=0,
        seconds=1.5,
    )


def result_of(case: dict[str, Any]) -> DeployResult:
    events = [event(found) for found in case["events"]]
    played = PlaybookResult(case["played"], case.get("output", ""))
    done = account.changed(PLANNED, events)
    return DeployResult(
        cluster="small",
        run="run-1",
        outcome=case["played"],
        terminated=case.get("terminated", False),
        changed=done,
        unchanged=(),
        pending=account.pending(PLANNED, done),
        failure=account.failure(played, events, case.get("silent", ())),
        undone=tuple(case.get("undone", ())),
        undo_failed=tuple(UndoFailure(**found) for found in case.get("undo_failed", ())),
        smoke_unjudged=case.get("smoke_unjudged", ""),
        smoke=(smoke(**case["smoke"]),) if "smoke" in case else (),
        seconds=7,
    )


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_account(case: dict[str, Any]) -> None:
    result = result_of(case)
    assert exit_code(result).name == case["exit"]
    assert [host.host for host in result.changed] == case.get("changed", [])
    assert list(result.pending) == case["pending"]
    last = list(present(result, diff=False))[-1]
    assert isinstance(last, Sentence)
    assert last.text == case["says"]
    assert (last.mark == "good") == (case["exit"] == "HOLDS")


def test_a_restart_alone_does_not_finish_a_host_whose_file_is_old() -> None:
    events = [event({"host": "a", "restart": "it is inactive"}), event({"host": "b", "unpacked": ["5.4.0-d1"]})]
    assert account.pending(PLANNED, account.changed(PLANNED, events)) == ("a",)


def test_drains_are_told_with_what_still_came_in() -> None:
    drained = Event("s", "t", "a", "ok", True, {"seconds": 38.1, "still_per_second": 2.5})
    assert account.drains([drained, event({"host": "a"})]) == (
        DrainResult(host="a", seconds=38.1, still_per_second=2.5),
    )


def shown(result: DeployResult, diff: bool) -> str:
    out = io.StringIO()
    show(present(result, diff), Console(file=out, width=160))
    return out.getvalue()


def test_a_check_shows_what_would_change_and_its_diffs() -> None:
    checked = DeployResult(cluster="small", run="r", outcome="checked", changed=PLANNED, unchanged=("c",), seconds=1)
    text = shown(checked, diff=True)
    for line in (
        "What would change",
        "a: /etc/rocketmq/conf/broker.conf",
        "+x=2",
        "broker (broker.conf changes)",
        "small: 2 hosts would change, 1 as declared, 1 servers (re)started, 1 s",
    ):
        assert line in text
    assert "+x=2" not in shown(checked, diff=False)
    assert exit_code(checked).name == "HOLDS"


def test_a_roll_shows_its_drains_and_its_smoke_test() -> None:
    done = result_of(CASES[0]).model_copy(
        update={
            "drains": (
                DrainResult(host="a", seconds=38.1, still_per_second=0),
                DrainResult(host="b", seconds=70, still_per_second=2.5),
            ),
            "smoke": (smoke(sent=9, received=9),),
        }
    )
    text = shown(done, diff=False)
    assert "a was read-only for 38.1 s before it stopped\n" in text
    assert "b was read-only for 70 s before it stopped, 2.5 messages/s still came in" in text
    assert "client1" in text
