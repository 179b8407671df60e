"""A held fault, whatever becomes of the two ends: it is undone, and once."""

import contextlib
import fcntl
import io
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opskit.onhost import changes, faults, hold, snapshots

REQUEST = {"op": "fault", "id": "one", "subject": "ns1", "kind": "fake", "units": ["a.service"]}
REQUEST |= {"undo_seconds": 90, "quiet_seconds": 0.3}
Act = Callable[[], object]


class FakeFault:
    """in_effect: since it was injected and until it was undone. look: done at each look at its effect."""

    def __init__(self) -> None:
        self.in_effect, self.injected, self.undone = False, 0, 0
        self.look: Act = lambda: None
        self.inject_error: Exception | None = None
        self.undo_error: Exception | None = None

    def typed(self, request: dict[str, Any]) -> tuple[list[str], list[str]]:
        return ["break it"], ["mend it"]

    def plan(self, request: dict[str, Any]) -> dict[str, Any]:
        return {}

    def inject(self, fault: dict[str, Any]) -> None:
        assert changes.is_armed("one")
        self.in_effect, self.injected = True, self.injected + 1
        if self.inject_error:
            raise self.inject_error

    def effect(self, fault: dict[str, Any]) -> tuple[bool, str]:
        self.look()
        return self.in_effect, "seen"

    def undo(self, fault: dict[str, Any]) -> None:
        if self.undo_error:
            raise self.undo_error
        self.in_effect, self.undone = False, self.undone + 1


class Ends:
    """Both pipes of the held program. send, hang_up, stop_listening: what the controller does."""

    def __init__(self) -> None:
        theirs, self._ours = os.pipe()
        self._said, self.out = os.pipe()
        self.lines = io.BufferedReader(io.FileIO(theirs))
        self._open = {self._ours, self._said}

    def send(self, words: str) -> None:
        os.write(self._ours, words.encode())

    def hang_up(self) -> None:
        self._close(self._ours)

    def stop_listening(self) -> None:
        self._close(self._said)

    def fill(self) -> None:
        """A connection that takes nothing any more."""
        os.set_blocking(self.out, False)
        fcntl.fcntl(self.out, fcntl.F_SETPIPE_SZ, 4096)
        with contextlib.suppress(BlockingIOError):
            while os.write(self.out, b" "):
                continue

    def said(self) -> list[dict[str, Any]]:
        os.close(self.out)
        with os.fdopen(self._said, "rb") as file:
            self._open.discard(self._said)
            return [json.loads(line) for line in file]

    def close(self) -> None:
        for end in tuple(self._open):
            self._close(end)
        self.lines.close()

    def _close(self, end: int) -> None:
        self._open.discard(end)
        os.close(end)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeFault:
    fault = FakeFault()
    monkeypatch.setattr(changes, "FOLDER", str(tmp_path))
    monkeypatch.setattr(changes, "RECORDS", str(tmp_path / "changes"))
    monkeypatch.setattr(changes, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(changes.subprocess, "run", lambda *words, **_: None)
    monkeypatch.setattr(hold, "UNDO_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(hold, "EFFECT_SECONDS", 0.05)
    monkeypatch.setattr(hold, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(faults, "plan", lambda request: {"id": "one", "boot_id": "boot-1", "by_hand": ["mend it"]})
    monkeypatch.setattr(snapshots, "take", lambda units: {"units": units, "armed": changes.armed()})
    monkeypatch.setitem(faults.KINDS, "fake", fault)
    monkeypatch.setitem(faults.UNDO, "fake", fault.undo)
    return fault


@pytest.fixture
def ends() -> Iterator[Ends]:
    found = Ends()
    yield found
    found.close()


def test_a_drill_from_hello_to_undone(fake: FakeFault, ends: Ends) -> None:
    fake.look = lambda: ends.send("beat\nundo\n")
    assert hold.run(REQUEST, ends.lines, ends.out) == 0
    said = ends.said()
    assert [found["event"] for found in said] == ["hello", "armed", "injected", "effect", "beat", "undone"]
    hello, armed, injected, effect, beat, undone = said
    assert (hello["boot_id"], hello["snapshot"]["armed"]) == ("boot-1", [])
    assert (armed["undo_seconds"], armed["by_hand"]) == (90, ["mend it"])
    instants = [hello["mono_ns"], injected["began_ns"], injected["mono_ns"], effect["mono_ns"], beat["mono_ns"]]
    assert sorted(instants) == instants
    assert (effect["shown"], effect["proof"]) == (True, "seen")
    assert (undone["why"], undone["snapshot"]["armed"]) == ("undo", [])
    assert (fake.injected, fake.undone) == (1, 1)


def end_by_signal(signum: int) -> Callable[[Ends], Act]:
    return lambda ends: lambda: os.kill(os.getpid(), signum)


ENDS: list[tuple[str, Callable[[Ends], Act], str]] = [
    ("the controller asks for it", lambda ends: lambda: ends.send("undo\n"), "undo"),
    ("in two parts", lambda ends: lambda: (ends.send("un"), ends.send("do\n")), "undo"),
    ("the connection is lost", lambda ends: ends.hang_up, "gone"),
    ("the controller falls silent", lambda ends: lambda: None, "silence"),
    ("SIGTERM", end_by_signal(signal.SIGTERM), "signal"),
    ("SIGHUP", end_by_signal(signal.SIGHUP), "signal"),
    ("Ctrl-C", end_by_signal(signal.SIGINT), "signal"),
    ("somebody else undoes it", lambda ends: lambda: changes.undo("one", faults.UNDO), "elsewhere"),
    ("the proof fails", lambda ends: lambda: (_ for _ in ()).throw(OSError("no systemd")), "error"),
]


@pytest.mark.parametrize(("act", "why"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_it_is_undone_at_once_whatever_ends_it(
    act: Callable[[Ends], Act], why: str, fake: FakeFault, ends: Ends
) -> None:
    """The controller beats at first, and then something happens."""
    ends.send("beat\n")
    happens = [act(ends), lambda: None, lambda: None]
    fake.look = lambda: happens.pop()() if happens else None
    assert hold.run(REQUEST, ends.lines, ends.out) == 0
    assert (fake.in_effect, fake.undone, changes.armed()) == (False, 1, [])
    said = ends.said()
    assert said[-1]["event"] == "undone"
    assert said[-1]["why"] == why
    assert [found["error"] for found in said if "error" in found] == (["OSError: no systemd"] if why == "error" else [])


def test_a_controller_that_beats_is_not_silent(fake: FakeFault, ends: Ends) -> None:
    began = time.monotonic()

    def look() -> None:
        ends.send("beat\n" if time.monotonic() - began < 1 else "undo\n")

    fake.look = look
    assert hold.run(REQUEST, ends.lines, ends.out) == 0
    assert ends.said()[-1]["why"] == "undo"
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("deafen", [Ends.stop_listening, Ends.fill], ids=["it is gone", "it takes nothing any more"])
def test_a_controller_that_does_not_listen_keeps_nothing_from_being_undone(
    deafen: Callable[[Ends], None], fake: FakeFault, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opskit.onhost.talk.WRITE_SECONDS", 0.1)
    happens = [lambda: deafen(ends)]
    began = time.monotonic()
    fake.look = lambda: (happens.pop()() if happens else None, ends.send("beat\n"))
    assert hold.run(REQUEST, ends.lines, ends.out) == 0
    assert (fake.injected, fake.undone, changes.armed()) == (1, 1, [])
    assert time.monotonic() - began < 1


def test_a_fault_that_cannot_be_injected_is_undone(fake: FakeFault, ends: Ends) -> None:
    fake.inject_error = faults.FaultError("these do not stop")
    assert hold.run(REQUEST, ends.lines, ends.out) == 0
    said = ends.said()
    assert [found.get("event") for found in said] == ["hello", "armed", None, "undone"]
    assert (said[2], fake.undone) == ({"error": "these do not stop"}, 1)


def test_a_fault_that_is_refused_touches_nothing(fake: FakeFault, ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(request: dict[str, Any]) -> dict[str, Any]:
        raise faults.FaultError("nft is not installed here")

    monkeypatch.setattr(faults, "plan", refuse)
    assert hold.run(REQUEST, ends.lines, ends.out) == 1
    assert ends.said() == [{"error": "nft is not installed here"}]
    assert (fake.injected, fake.undone, changes.armed()) == (0, 0, [])


def test_a_fault_that_is_undone_before_it_is_injected_never_is(
    fake: FakeFault, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = changes.arm

    def undone_at_once(*words: Any) -> None:
        arm(*words)
        changes.undo_all(faults.UNDO)

    monkeypatch.setattr(changes, "arm", undone_at_once)
    assert hold.run(REQUEST, ends.lines, ends.out) == 0
    assert (fake.injected, ends.said()[-1]["why"]) == (0, "elsewhere")


EARLY: list[tuple[str, Callable[[Ends], Act], str]] = [
    ("the controller asks for it", lambda ends: lambda: ends.send("beat\nundo\n"), "undo"),
    ("the connection is lost", lambda ends: ends.hang_up, "gone"),
    ("SIGTERM", end_by_signal(signal.SIGTERM), "signal"),
]


@pytest.mark.parametrize(("act", "why"), [row[1:] for row in EARLY], ids=[row[0] for row in EARLY])
def test_what_ends_it_while_it_is_armed_spares_the_host_the_fault(
    act: Callable[[Ends], Act], why: str, fake: FakeFault, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = changes.arm

    def ended_meanwhile(*words: Any) -> None:
        arm(*words)
        act(ends)()

    monkeypatch.setattr(changes, "arm", ended_meanwhile)
    assert hold.run(REQUEST, ends.lines, ends.out) == 0
    assert (fake.injected, changes.armed()) == (0, [])
    last = ends.said()[-1]
    assert (last["event"], last["why"]) == ("undone", why)


def test_an_undo_that_fails_stays_armed_and_tells_what_to_type(fake: FakeFault, ends: Ends) -> None:
    fake.undo_error = faults.FaultError("a.service was started and is failed")
    fake.look = lambda: ends.send("undo\n")
    assert hold.run(REQUEST, ends.lines, ends.out) == 1
    assert ends.said()[-1] == {
        "event": "undo-failed",
        "why": "undo",
        "error": "a.service was started and is failed",
        "by_hand": ["mend it"],
    }
    assert changes.armed() == ["one"]


def test_what_cannot_be_told_afterwards_is_no_failed_undo(
    fake: FakeFault, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(units: list[str]) -> dict[str, Any]:
        if fake.undone:
            raise OSError("no systemd")
        return {}

    monkeypatch.setattr(snapshots, "take", take)
    ends.hang_up()
    assert hold.run(REQUEST, ends.lines, ends.out) == 0
    said = ends.said()[-1]["error"]
    assert said == "it is undone, but what is there now cannot be told: OSError: no systemd"


def test_the_signals_and_the_process_are_as_before(fake: FakeFault, ends: Ends) -> None:
    before = [signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    ends.send("undo\n")
    hold.run(REQUEST, ends.lines, ends.out)
    assert [signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)] == before
    assert signal.set_wakeup_fd(-1) == -1
