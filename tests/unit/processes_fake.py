"""A host of made-up processes: signals stop them and let them go on; nothing is run."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from opskit.onhost import changes, faults, freeze, nft, processes, units

CGROUP = "/system.slice/a.service"
STATES = {signal.SIGSTOP: "T", signal.SIGCONT: "S"}

REQUEST: dict[str, Any] = {
    "op": "fault",
    "id": "20261122-ab12",
    "subject": "ns1",
    "kind": "freeze",
    "units": ["a.service"],
    "serves": [10911, 10909],
    "dials": [9876],
    "ssh_port": 2222,
    "undo_seconds": 90,
    "quiet_seconds": 5,
}


class FakeProc:
    """signalled: (pid, signal) in order; deaf: pids that no signal moves; forks: pid → child that comes at its stop."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.signalled = folder, list[tuple[int, int]]()
        self.deaf, self.forks = set[int](), dict[int, int]()
        (folder / "sys/kernel/random").mkdir(parents=True)
        self.boot("boot-1")

    def boot(self, identity: str) -> None:
        (self.folder / "sys/kernel/random/boot_id").write_text(identity + "\n")

    def add(self, pid: int, threads: str = "S", ticks: int = 0, cgroup: str = f"0::{CGROUP}") -> None:
        """threads: the state of each; ticks: ten times the pid where not given."""
        for number, state in enumerate(threads):
            stat = f"{pid + number} (a (b) c) {state} " + " ".join(["1"] * 18) + f" {ticks or pid * 10} 1 1\n"
            task = self.folder / str(pid) / "task" / str(pid + number)
            task.mkdir(parents=True, exist_ok=True)
            (task / "stat").write_text(stat)
            if not number:
                (self.folder / str(pid) / "stat").write_text(stat)
        (self.folder / str(pid) / "cgroup").write_text(cgroup)

    def state(self, pid: int) -> str:
        found = processes.look(pid)
        assert found
        return found.state

    def kill(self, pid: int, signum: int) -> None:
        self.signalled.append((pid, signum))
        if pid not in self.deaf:
            self.add(pid, STATES[signal.Signals(signum)])
        if signum == signal.SIGSTOP and pid in self.forks:
            self.add(self.forks.pop(pid))


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProc:
    """The unit a.service runs whatever is added to it."""
    fake = FakeProc(tmp_path / "proc")
    monkeypatch.setattr(processes, "PROC", str(fake.folder))
    monkeypatch.setattr(os, "kill", fake.kill)
    shown = {"ActiveState": "active", "Restart": "on-failure", "ControlGroup": CGROUP}
    monkeypatch.setattr(units, "properties", lambda unit, names: shown)
    return fake


@pytest.fixture
def host(proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProc:
    """Root on a host where a.service runs as process 12, with nft and no change armed."""
    monkeypatch.setattr(changes, "FOLDER", str(tmp_path))
    monkeypatch.setattr(changes, "RECORDS", str(tmp_path / "changes"))
    monkeypatch.setattr(changes.subprocess, "run", lambda *words, **_: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(nft, "available", lambda: True)
    monkeypatch.setattr(freeze, "SETTLE_SECONDS", 0.05)
    proc.add(12)
    return proc


def armed(kind: str = "freeze", boot: str = "boot-1") -> dict[str, Any]:
    fault = {**faults.plan({**REQUEST, "kind": kind}), "boot_id": boot}
    changes.arm(REQUEST["id"], kind, "ns1", fault, 90)
    return fault
