"""Faults without a host: what is injected, what shows it, and that an undo touches only what the drill made."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes_fake import REQUEST, FakeProc, armed, host, proc

from opskit.onhost import blackhole, changes, faults, freeze, kill, nft, operations, snapshots, units
from opskit.onhost.errors import FaultError

__all__ = ["host", "proc"]
CONT = signal.SIGCONT


def test_a_freeze_stops_every_process_and_its_undo_lets_them_go_on(host: FakeProc) -> None:
    host.add(14)
    fault = armed()
    freeze.inject(fault)
    assert freeze.effect(fault) == (True, "a.service: process 12 T, process 14 T")
    assert operations.reply({"op": "undo-all"})["ok"]["undone"][0]["state"] == "undone"
    assert (host.state(12), host.state(14)) == ("S", "S")
    assert freeze.effect(fault) == (False, "a.service: process 12 S, process 14 S")


def test_a_child_that_comes_while_its_parent_is_stopped_is_written_down_and_stopped(host: FakeProc) -> None:
    host.forks[12] = 15
    freeze.inject(armed())
    record = changes.load(REQUEST["id"])
    assert [pin["pid"] for pin in record["undo"]["processes"]] == [12, 15]
    assert host.state(15) == "T"
    assert operations.reply({"op": "undo-all"}).keys() == {"ok"}
    assert host.state(15) == "S"


def test_a_process_that_does_not_stop_fails_the_freeze_and_is_named(host: FakeProc) -> None:
    host.deaf.add(12)
    with pytest.raises(FaultError, match=r"these do not stop within .* s: process 12 S"):
        freeze.inject(armed())


def test_a_process_that_stays_stopped_fails_the_undo_which_stays_armed(host: FakeProc) -> None:
    freeze.inject(armed())
    host.deaf.add(12)
    assert operations.reply({"op": "undo-all"}) == {"error": "these stay stopped: process 12 T"}
    assert changes.armed() == [REQUEST["id"]]


@pytest.mark.parametrize(
    ("meanwhile", "touched"),
    [
        (lambda host: None, [(12, CONT)]),
        (lambda host: host.add(12, "T", ticks=999), []),
        (lambda host: shutil.rmtree(host.folder / "12"), []),
        (lambda host: host.boot("boot-2"), []),
        (lambda host: host.add(16, "T"), [(12, CONT)]),
    ],
    ids=["itself", "its pid is another's now", "it is gone", "the host was rebooted", "another one was stopped"],
)
def test_the_undo_of_a_freeze_signals_only_what_the_drill_stopped(
    meanwhile: Callable[[FakeProc], None], touched: list[tuple[int, int]], host: FakeProc
) -> None:
    freeze.inject(armed())
    host.signalled.clear()
    meanwhile(host)
    assert operations.reply({"op": "undo-all"}).keys() == {"ok"}
    assert host.signalled == touched
    assert changes.armed() == []


class FakeNft:
    """nft: tables by name → packets dropped."""

    def __init__(self) -> None:
        self.tables = {"opskit_fence": 0, "site": 3}

    def __call__(self, *words: str, text: str | None = None) -> str:
        match words:
            case ("list", "tables"):
                return "".join(f"table inet {name}\n" for name in self.tables) + "table ip nat\n"
            case ("list", "table", "inet", name):
                count = self.tables[name]
                return f"chain input {{ counter packets {count} bytes 60 drop\n counter packets 2 bytes 9 drop }}"
            case ("-f", "-"):
                self.tables[str(text).split()[2]] = 0
            case ("delete", "table", "inet", name):
                del self.tables[name]
        return ""


def test_a_blackhole_shows_what_it_dropped_and_its_undo_deletes_its_own_table(
    host: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeNft()
    monkeypatch.setattr(nft, "_nft", fake)
    fault = armed("blackhole")
    assert blackhole.effect(fault) == (False, "the table opskit_drill_20261122_ab12 is gone")
    blackhole.inject(fault)
    assert blackhole.effect(fault) == (True, "packets dropped: 2")
    assert snapshots.take([])["tables"] == ["opskit_drill_20261122_ab12", "opskit_fence"]
    for _ in range(2):
        blackhole.undo(fault)
        assert fake.tables == {"opskit_fence": 0, "site": 3}


@pytest.mark.parametrize(("boot", "fails"), [("boot-1", True), ("boot-2", False)], ids=["since", "and a reboot"])
def test_where_nft_was_removed_a_table_is_not_taken_for_deleted(
    boot: str, fails: bool, host: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    armed("blackhole")
    monkeypatch.setattr(nft, "available", lambda: False)
    host.boot(boot)
    said = "nft is gone, and the table opskit_drill_20261122_ab12 may be in force: install nftables"
    reply = operations.reply({"op": "undo-all"})
    assert reply == {"error": said} if fails else reply.keys() == {"ok"}
    assert changes.armed() == ([REQUEST["id"]] if fails else [])


class FakeSystemd:
    """systemctl; commands: what it was asked for. broken: it starts and fails. missing: it cannot be started."""

    def __init__(self) -> None:
        self.commands, self.active = list[str](), dict[str, str]()
        self.broken, self.missing = set[str](), set[str]()

    def __call__(self, *words: str, timeout: float = 30) -> str:
        self.commands.append(" ".join(words))
        if words[0] == "kill":
            self.active |= dict.fromkeys(words[2:], "failed")
        if words[0] == "start":
            if words[1] in self.missing:
                raise units.UnitError(f"`systemctl start {words[1]}` failed: not found")
            self.active[words[1]] = "failed" if words[1] in self.broken else "active"
        return ""


@pytest.fixture
def systemd(host: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSystemd:
    fake = FakeSystemd()
    monkeypatch.setattr(kill, "FOLDER", str(tmp_path / "run"))
    monkeypatch.setattr(units, "systemctl", fake)
    monkeypatch.setattr(snapshots, "unit", lambda name: snapshots.Unit(fake.active[name], "no", []))
    return fake


def killed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(faults, "_sound", lambda name: None)
    fault = armed("kill")
    kill.inject(fault)
    return fault


def test_a_killed_unit_stays_down_and_its_undo_starts_it(
    systemd: FakeSystemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = killed(monkeypatch)
    assert systemd.commands == ["daemon-reload", "kill --signal=SIGKILL a.service"]
    assert kill.effect(fault) == (True, "a.service: failed, no process")
    assert "Restart=no\n" in Path(fault["dropins"][0]).read_text()
    systemd.commands.clear()
    kill.undo(fault)
    assert systemd.commands == ["reset-failed a.service", "start a.service", "daemon-reload"]
    assert list((tmp_path / "run").iterdir()) == []
    systemd.commands.clear()
    kill.undo(fault)
    assert systemd.commands == ["daemon-reload"]


def test_a_unit_that_does_not_start_again_may_be_restarted_by_systemd_and_its_undo_fails(
    systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = killed(monkeypatch)
    systemd.broken.add("a.service")
    with pytest.raises(FaultError, match=r"a\.service was started and is failed"):
        kill.undo(fault)
    assert not Path(fault["dropins"][0]).exists()


def test_a_unit_that_does_not_start_keeps_no_other_from_being_started(
    systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker is started though the nameserver beside it cannot be, at every try."""
    fault = killed(monkeypatch) | {"units": ["ns.service", "other.service", "a.service"]}
    systemd.active |= {"ns.service": "failed", "other.service": "failed"}
    systemd.missing, systemd.broken = {"ns.service"}, {"other.service"}
    said = r"`systemctl start ns\.service` failed: not found; other\.service was started and is failed"
    for _ in range(2):
        systemd.active["a.service"] = "failed"
        with pytest.raises(FaultError, match=said):
            kill.undo(fault)
        assert systemd.active["a.service"] == "active"


def test_after_a_reboot_the_undo_of_a_kill_starts_nothing(
    systemd: FakeSystemd, host: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = killed(monkeypatch)
    host.boot("boot-2")
    systemd.commands.clear()
    kill.undo(fault)
    assert systemd.commands == ["daemon-reload"]


def test_a_folder_of_drop_ins_that_holds_the_site_s_own_is_left(
    systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = killed(monkeypatch)
    own = Path(fault["dropins"][0]).with_name("site.conf")
    own.write_text("[Service]\n")
    kill.undo(fault)
    assert list(own.parent.iterdir()) == [own]


def test_a_fault_is_undone_though_another_change_cannot_be(host: FakeProc) -> None:
    """A drain's undo speaks to its broker, which does not answer while it is frozen."""
    freeze.inject(armed())
    changes.arm("0", "drain", "10.0.0.1:10911", {}, 24)
    assert operations.reply({"op": "undo-all"}).keys() == {"error"}
    assert (host.state(12), changes.armed()) == ("S", ["0"])


def test_an_undo_that_could_not_be_armed_leaves_no_record_armed(
    host: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(command: list[str], **_: Any) -> None:
        if command[0] == "systemd-run":
            raise OSError("no systemd")

    monkeypatch.setattr(changes.subprocess, "run", refuse)
    with pytest.raises(OSError, match="no systemd"):
        armed()
    assert changes.armed() == []
