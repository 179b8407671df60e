"""`opskit verify restore`: what the hosts answered in; states and an exit code out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from clusters import small_cluster
from test_status_cli import inventory

from opskit.change import hosts
from opskit.cli import main as cli
from opskit.errors import Exit
from opskit.inventory.cluster import Endpoint
from opskit.onhost.kill import START_SECONDS
from opskit.reach.sweep import HostResult
from opskit.verify import restore

CLEAN = HostResult("a", "ok", {"undone": []})
CASES: list[tuple[HostResult, str, Exit]] = [
    (CLEAN, "clean", Exit.HOLDS),
    (HostResult("a", "ok", {"undone": [{"kind": "kill", "subject": "ns1"}]}), "undone", Exit.HOLDS),
    (HostResult("a", "failed", error="b.service was started and is failed"), "failed", Exit.UNDO_FAILED),
    (HostResult("a", "garbled", error="sudo: a password is required"), "failed", Exit.UNDO_FAILED),
    (HostResult("a", "unreachable", error="no answer to SSH within 10 s"), "out of reach", Exit.UNJUDGED),
    (HostResult("a", "timeout", error="no answer within 230 s"), "still at work", Exit.UNJUDGED),
]


class Hosts:
    """All hosts give one answer. asked: whom, how long."""

    def __init__(self, answer: HostResult) -> None:
        self.answer = answer
        self.asked: list[tuple[list[str], float]] = []

    def sweep(
        self, requests: Mapping[str, Any], endpoints: Sequence[Endpoint], timeout_seconds: float
    ) -> dict[str, HostResult]:
        self.asked.append((list(requests), timeout_seconds))
        return {endpoint.host: self.answer for endpoint in endpoints}


@pytest.mark.parametrize(("answer", "state", "code"), CASES, ids=[f"{case[0].outcome}, so {case[1]}" for case in CASES])
def test_each_answer_has_a_state(answer: HostResult, state: str, code: Exit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "sweep", Hosts(answer).sweep)
    result = restore.restore_all(small_cluster())
    assert {(one.state, one.detail) for one in result.hosts} == {(state, answer.error)}
    assert restore.exit_code(result) == code


def test_two_units_have_the_time_to_start_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Hosts(CLEAN)
    monkeypatch.setattr(hosts, "sweep", fake.sweep)
    restore.restore_all(small_cluster())
    assert fake.asked[0][1] > 2 * START_SECONDS


@pytest.mark.parametrize(
    ("release", "asked", "said"), [("4.8.0", True, ""), ("9.9.9", True, "[release-unknown]"), ([], False, "")]
)
def test_an_inventory_that_the_rules_reject_will_do_if_it_names_the_hosts(
    release: Any,
    asked: bool,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake = Hosts(CLEAN)
    monkeypatch.setattr(hosts, "sweep", fake.sweep)
    path = inventory(tmp_path, 9876, 10911, rocketmq_release=release)
    monkeypatch.setattr("sys.argv", ["opskit", "-i", str(path), "verify", "restore"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == (Exit.HOLDS if asked else Exit.USAGE)
    assert [sorted(names) for names, _ in fake.asked] == ([["a", "c", "ns1", "ns2"]] if asked else [])
    assert said in capsys.readouterr().err
