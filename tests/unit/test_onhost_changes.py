"""Undo that is armed on a host: what an interrupted run leaves is given back once, by whoever comes first."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opskit.onhost import changes, drain, operations

BROKER = ("10.0.0.11", 10911, None)
SUBJECT = "10.0.0.11:10911"


class FakeBroker:
    """brokerPermission of one broker as requests 25 and 26 see it; nothing is ever stored. down: calls that fail."""

    def __init__(self) -> None:
        self.permission, self.down, self.error = "6", 0, OSError("no answer")

    def ask(self, address: str, port: int, acl: drain.Acl, code: int, body: bytes = b"") -> bytes:
        if self.down:
            self.down -= 1
            raise self.error
        if code == drain.UPDATE_BROKER_CONFIG:
            self.permission = body.decode().strip().split("=")[1]
        answers = {
            drain.GET_BROKER_CONFIG: f"brokerPermission={self.permission}\n",
            drain.GET_BROKER_RUNTIME_INFO: json.dumps({"table": {"putMessageTimesTotal": "7"}}),
        }
        return answers.get(code, "").encode()


class FakeTimers:
    """systemd-run and systemctl: what they were asked for."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []

    def run(self, command: list[str], **_: Any) -> None:
        self.commands.append(command)


@pytest.fixture
def timers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTimers:
    timers = FakeTimers()
    monkeypatch.setattr(changes, "FOLDER", str(tmp_path))
    monkeypatch.setattr(changes, "RECORDS", str(tmp_path / "changes"))
    monkeypatch.setattr(changes.subprocess, "run", timers.run)
    return timers


@pytest.fixture
def broker(timers: FakeTimers, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBroker]:
    """A broker, and a clock on which waiting costs nothing."""
    fake, now = FakeBroker(), [0.0]
    monkeypatch.setattr(drain, "_ask", fake.ask)
    for module in (drain, changes):
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
        monkeypatch.setattr(module.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    yield fake


def begin(identity: str) -> None:
    drain.begin(identity, *BROKER, least_seconds=2, most_seconds=4, undo_seconds=24)


def record(identity: str) -> dict[str, Any]:
    return changes.load(identity)


def test_a_drain_is_undone_once(broker: FakeBroker) -> None:
    begin("one")
    assert broker.permission == "4"
    assert operations.reply({"op": "undo-all"}) == {
        "ok": {"undone": [{"id": "one", "subject": SUBJECT, "state": "undone"}]}
    }
    assert broker.permission == "6"
    assert operations.reply({"op": "undo-all"}) == {"ok": {"undone": []}}


def test_a_drain_after_an_interrupted_one_still_restores_what_was_before_both(broker: FakeBroker) -> None:
    begin("one")
    begin("two")
    assert (record("one")["state"], record("two")["undo"]["permission"]) == ("undone", "6")
    assert broker.permission == "4"
    changes.undo_all(drain.UNDO)
    assert broker.permission == "6"


def test_another_broker_s_drain_on_the_same_host_is_left_alone(broker: FakeBroker) -> None:
    changes.arm("other", "drain", "10.0.0.11:20911", {"permission": "6"}, 24)
    begin("one")
    assert changes.armed() == ["one", "other"]


def test_the_restart_that_follows_a_drain_disarms_it_also_where_the_timer_was_quicker(broker: FakeBroker) -> None:
    for identity in ("over", "late"):
        begin(identity)
    changes.undo("late", drain.UNDO)
    changes.disarm("late")
    assert record("late")["state"] == "undone"
    begin("over")
    changes.disarm("over")
    assert record("over")["state"] == "over"


def test_a_drain_that_is_undone_while_it_waits_leaves_the_broker_writable(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a Ctrl-C just after the undo was armed: the read-only that is set after it has nobody to undo it."""

    def undone_and_then_set(_: float) -> None:
        changes.undo_all(drain.UNDO)
        broker.permission = "4"

    monkeypatch.setattr(drain.time, "sleep", undone_and_then_set)
    with pytest.raises(drain.BrokerError, match="undone while it waited"):
        begin("one")
    assert broker.permission == "6"


def test_a_closed_record_holds_no_keys(broker: FakeBroker) -> None:
    begin("one")
    changes.disarm("one")
    assert "undo" not in record("one")


def test_the_timer_s_undo_tries_again_while_the_broker_does_not_answer(broker: FakeBroker, timers: FakeTimers) -> None:
    begin("one")
    request = json.loads(timers.commands[0][-1])
    assert "--collect" in timers.commands[0]
    broker.down = 10
    assert "ok" in operations.reply(request)
    assert broker.permission == "6"


def test_a_broker_that_is_down_needs_no_undo_since_a_restart_brings_its_declared_permission(broker: FakeBroker) -> None:
    begin("one")
    broker.down, broker.error = 10_000, ConnectionRefusedError("refused")
    assert "ok" in operations.reply({"op": "undo-all"})
    assert changes.armed() == []


def test_an_undo_of_all_tries_again_for_a_broker_that_is_just_stopping(broker: FakeBroker) -> None:
    begin("one")
    broker.down = 2
    assert "ok" in operations.reply({"op": "undo-all", "patience": 15})
    assert broker.permission == "6"


def test_an_undo_that_gives_up_stays_armed(broker: FakeBroker) -> None:
    begin("one")
    broker.down = 10_000
    assert operations.reply({"op": "undo", "id": "one", "patience": 60}) == {"error": "OSError: no answer"}
    assert operations.reply({"op": "undo", "id": "one"}) == {"error": "OSError: no answer"}
    assert changes.armed() == ["one"]


def test_a_retry_ends_where_the_change_is_over_meanwhile(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    begin("one")
    broker.down = 10_000
    monkeypatch.setattr(changes.time, "sleep", lambda _: changes.disarm("one"))
    assert changes.undo("one", drain.UNDO, 60)["state"] == "over"
