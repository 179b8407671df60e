"""Apply and undo on a host: every byte comes back, whatever happened in between."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from jar_cases import remoting

from opskit.onhost import changes, units
from opskit.onhost.jvm import agents, attach, jars, records, restarts, rollout, steps

PROCESS = {"pid": 4711, "start_ticks": 99}
AGENT = b"an agent"


@dataclass
class Host:
    """A host of which only the files are real."""

    folder: Path
    asked: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    there: bool = True
    attach_fails: bool = False
    comes_back: list[bool] = field(default_factory=list)
    runs: int = 0

    @property
    def jar(self) -> Path:
        return self.folder / "lib" / "rocketmq-remoting-4.8.0.jar"

    @property
    def drop_in(self) -> Path:
        return self.folder / "orders.service.d" / "opskit.conf"

    def ask(self, ref: dict[str, Any], jar: bytes, options: str, seconds: float, untested: bool = False) -> Any:
        assert jar == AGENT
        if self.attach_fails:
            raise attach.AttachError("it does not answer")
        self.asked.append(options)
        return {"verb": options.partition(",")[0]}

    def restart(self, unit: str, health: str, seconds: float) -> int:
        self.restarted.append(unit)
        if self.comes_back and not self.comes_back.pop(0):
            raise units.UnitError(f"{unit} did not come back within {seconds:.0f} s")
        return 4712

    def apply(self, *steps: dict[str, Any], restart: bool = False, jobs: int = 1) -> list[dict[str, Any]]:
        job = {"subject": "orders.service", "process": PROCESS, "unit": "orders.service", "steps": list(steps)}
        job |= {"restart": restart, "health": "", "seconds": 120.0}
        agent = str(self.folder / "agents" / "agent.jar")
        shared = [{"path": agent, "base64": base64.b64encode(AGENT).decode(), "mode": "0644"}]
        self.runs += 1
        done = rollout.apply(
            {
                "run": f"RUN{self.runs}",
                "agent": agent,
                "shared": shared,
                "jobs": [job | {"subject": f"s{n}"} for n in range(jobs)],
            }
        )
        return list(done["jobs"])

    def undo(self, restart: bool = False) -> list[dict[str, Any]]:
        return list(rollout.undo({"subjects": [], "restart": restart})["undone"])

    def tree(self) -> dict[str, bytes]:
        """Every file that belongs to the application or the unit."""
        own = [path for path in self.folder.rglob("*") if path.is_file() and "changes" not in path.parts]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in own}

    def flip(self) -> dict[str, Any]:
        return {"way": "live-flip", "mode": "nameserver", "latency_fault": False, "untested": False}

    def at_start(self, content: str = "[Service]\n") -> dict[str, Any]:
        entry = {"path": str(self.drop_in), "content": content, "mode": "0644"}
        return {"way": "agent-at-start", "files": [entry], "made": [str(self.folder / "made.env")]}

    def patch(self) -> dict[str, Any]:
        digest = hashlib.sha256(self.jar.read_bytes()).hexdigest()
        return {"way": "jar-patch", "jars": [{"path": str(self.jar), "sha256": digest}]}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    found = Host(tmp_path)
    found.jar.parent.mkdir()
    found.jar.write_bytes(remoting())
    monkeypatch.setattr(changes, "RECORDS", str(tmp_path / "changes"))
    monkeypatch.setattr(agents, "ask", found.ask)
    monkeypatch.setattr(agents, "is_there", lambda ref: found.there)
    monkeypatch.setattr(restarts, "restart", found.restart)
    monkeypatch.setattr(units, "systemctl", lambda *words, timeout=30: "")
    monkeypatch.setattr(units, "state", lambda unit: {"pid": 0})
    yield found


def state_of(jar: Path) -> str:
    with jar.open("rb") as file:
        return jars.clients(file)[0].setting.state


def test_all_three_ways_are_done_and_undone_to_the_byte(host: Host) -> None:
    before = host.tree()
    (done,) = host.apply(host.flip(), host.at_start(), host.patch())
    assert (done["state"], done["changed"], done["report"]) == ("applied", True, {"verb": "on"})
    assert (state_of(host.jar), host.drop_in.read_text()) == ("on", "[Service]\n")
    assert [one["state"] for one in records.standing()] == ["applied"]
    (undone,) = host.undo()
    assert (undone["sentences"], undone["error"]) == ([], "")
    assert host.asked == ["on,mode=nameserver", "off"]
    assert host.tree() == before
    assert not records.standing()
    assert host.undo() == []


def test_what_is_applied_twice_is_undone_once(host: Host) -> None:
    before = host.tree()
    host.apply(host.at_start(), host.patch())
    patched = host.tree()
    host.apply(host.at_start(), {"way": "jar-patch", "jars": [{"path": str(host.jar), "sha256": "of the process"}]})
    assert host.tree() == patched
    assert len(host.undo()) == 2
    assert host.tree() == before


def test_files_that_were_there_before_come_back(host: Host) -> None:
    host.drop_in.parent.mkdir()
    host.drop_in.write_text("of the operator\n")
    before = host.tree()
    host.apply(host.at_start())
    (host.folder / "made.env").write_text("by the start\n")
    host.undo()
    assert host.tree() == before


def test_a_unit_that_does_not_come_back_gets_its_files_back_and_is_started_again(host: Host) -> None:
    before = host.tree()
    host.comes_back = [False, True]
    (done, left) = host.apply(host.at_start(), host.patch(), restart=True, jobs=2)
    assert done["state"] == "rolled back"
    assert "did not come back" in done["sentence"]
    assert left["state"] == "left"
    assert host.restarted == ["orders.service", "orders.service"]
    assert host.tree() == before
    assert not records.standing()


def test_where_nothing_brings_it_back_that_is_told_and_stays_on_record(host: Host) -> None:
    host.comes_back = [False, False]
    (done,) = host.apply(host.at_start(), restart=True)
    assert done["state"] == "stuck"
    assert "could not be put back" in done["sentence"]
    assert [one["state"] for one in records.standing()] == ["begun"]


def test_a_jvm_that_was_started_again_since_the_preview_is_not_touched(host: Host) -> None:
    before, host.there = host.tree(), False
    (done,) = host.apply(host.flip(), host.patch())
    assert (done["state"], done["sentence"]) == ("refused", "it was started again since it was looked at")
    assert host.tree() == before


def test_a_jar_that_was_deployed_since_the_preview_is_not_touched(host: Host) -> None:
    step = host.patch()
    host.jar.write_bytes(remoting("5.4.0"))
    before = host.tree()
    (done,) = host.apply(host.at_start(), step)
    assert done["state"] == "refused"
    assert "deployed again" in done["sentence"]
    assert host.tree() == before


def test_a_jvm_that_cannot_be_attached_keeps_what_came_before_it_out(host: Host) -> None:
    before, host.attach_fails = host.tree(), True
    (done,) = host.apply(host.at_start(), host.flip())
    assert (done["state"], done["sentence"]) == ("rolled back", "it does not answer")
    assert host.tree() == before


def test_a_jvm_that_cannot_be_switched_off_stays_on_record_until_it_can(host: Host) -> None:
    host.apply(host.flip())
    host.attach_fails = True
    assert host.undo()[0]["error"] == "it does not answer"
    host.attach_fails = False
    assert host.undo()[0]["error"] == ""
    assert host.asked == ["on,mode=nameserver", "off"]


def test_the_undo_leaves_a_jar_alone_that_was_deployed_since_the_patch(host: Host) -> None:
    host.apply(host.patch())
    host.jar.write_bytes(b"a new deployment")
    (undone,) = host.undo()
    assert "deployed again" in undone["sentences"][0]
    assert host.jar.read_bytes() == b"a new deployment"


def test_a_jar_deployed_over_a_patched_one_is_patched_anew(host: Host) -> None:
    host.apply(host.patch())
    host.jar.write_bytes(remoting("4.8.0", ("new", b"x")))
    again = host.tree()["lib/rocketmq-remoting-4.8.0.jar"]
    host.apply(host.patch())
    assert state_of(host.jar) == "on"
    host.undo()
    assert host.jar.read_bytes() == again


def test_a_full_disk_leaves_the_jar_as_it_was_and_nothing_beside_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = host.tree()

    def full(file: object, out: BinaryIO, on: bool) -> list[str]:
        out.write(b"half of a jar")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(steps.patching, "change", full)
    (done,) = host.apply(host.patch())
    assert done["state"] == "rolled back"
    assert "No space left" in done["sentence"]
    assert host.tree() == before


def test_what_was_cut_off_half_way_is_undone_from_its_record(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    before = host.tree()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(agents, "ask", killed)
    with pytest.raises(KeyboardInterrupt):
        host.apply(host.at_start(), host.patch(), host.flip())
    assert [one["state"] for one in records.standing()] == ["begun"]
    monkeypatch.setattr(agents, "ask", host.ask)
    assert host.undo()[0]["error"] == ""
    assert host.tree() == before


def test_records_are_private_and_no_undo_of_a_drill_takes_them(host: Host) -> None:
    host.apply(host.at_start())
    (path,) = (host.folder / "changes").glob("*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["state"] == "applied"
    assert changes.armed() == []


def test_what_units_share_stays_as_long_as_one_of_them_needs_it(host: Host) -> None:
    host.apply(host.flip(), jobs=2)
    assert (host.folder / "agents" / "agent.jar").read_bytes() == AGENT
    assert len(rollout.undo({"subjects": ["s0"], "restart": False})["undone"]) == 1
    assert (host.folder / "agents" / "agent.jar").exists()
    host.undo()
    assert not (host.folder / "agents" / "agent.jar").exists()
