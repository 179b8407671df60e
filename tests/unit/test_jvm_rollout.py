"""Apply and undo on a host: every byte comes back, whatever happened in between."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jar_cases import remoting

from opskit.onhost import changes, units
from opskit.onhost.errors import FaultError
from opskit.onhost.jvm import agents, attach, jars, originals, records, restarts, rollout, roots
from opskit.onhost.processes import Process

PROCESS = {"pid": os.getpid(), "start_ticks": 99}
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
    refuses: str = ""
    environment: bytes = b""
    errors: list[str] = field(default_factory=list)
    runs_now: Process | None = None
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
        return {"new_instances": not options.startswith("off"), "instances": [], "errors": self.errors}

    def restart(self, unit: str, health: str, seconds: float) -> None:
        self.restarted.append(unit)
        self.start(4712)
        if self.comes_back and not self.comes_back.pop(0):
            raise units.UnitError(f"{unit} did not come back within {seconds:.0f} s")

    def start(self, pid: int, environment: bytes = b"JAVA_TOOL_OPTIONS=-javaagent:/x/opskit-agent-1.jar=on\0") -> None:
        """The unit runs another process from now on."""
        self.runs_now = Process(pid, 1, "S")
        place = self.folder / "proc" / str(pid)
        place.mkdir(parents=True, exist_ok=True)
        (place / "environ").write_bytes(self.environment or environment)

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
        own = [path for path in self.folder.rglob("*") if path.is_file() and not {"changes", "proc"} & {*path.parts}]
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
    monkeypatch.setattr(records, "LOCK", str(tmp_path / "changes" / "lock"))
    monkeypatch.setattr(attach, "refused", lambda pid, untested: found.refuses or None)
    monkeypatch.setattr(restarts, "jvm_of", lambda unit: found.runs_now)
    monkeypatch.setattr(roots, "PROC", str(tmp_path / "proc"))
    yield found


def state_of(jar: Path) -> str:
    with jar.open("rb") as file:
        return jars.clients(file)[0].setting.state


def test_all_three_ways_are_done_and_undone_to_the_byte(host: Host) -> None:
    before = host.tree()
    (done,) = host.apply(host.flip(), host.at_start(), host.patch())
    assert (done["state"], done["changed"], done["report"]["new_instances"]) == ("applied", True, True)
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


def test_a_jvm_that_takes_no_agent_is_refused_before_anything_is_touched(host: Host) -> None:
    before, host.refuses = host.tree(), "it was started with -XX:+DisableAttachMechanism"
    (done,) = host.apply(host.at_start(), host.flip())
    assert (done["state"], done["sentence"]) == ("refused", host.refuses)
    assert host.tree() == before
    assert not records.standing()


def test_a_jvm_that_did_not_answer_may_be_on_so_its_record_stays(host: Host) -> None:
    before, host.attach_fails = host.tree(), True
    (done,) = host.apply(host.at_start(), host.flip())
    assert (done["state"], "could not be put back" in done["sentence"]) == ("stuck", True)
    host.attach_fails = False
    assert host.undo()[0]["error"] == ""
    assert (host.asked, host.tree()) == (["off"], before)


def test_a_flip_that_the_agent_does_not_confirm_is_taken_back(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def ask(ref: Any, jar: bytes, options: str, seconds: float, untested: bool = False) -> dict[str, Any]:
        said.append(options)
        return {"new_instances": False, "instances": [], "errors": ["its owner switched it off"]}

    monkeypatch.setattr(agents, "ask", ask)
    (done,) = host.apply(host.flip())
    assert (done["state"], "its owner switched it off" in done["sentence"]) == ("rolled back", True)
    assert said == ["on,mode=nameserver", "off"]


def test_a_flip_that_was_never_tried_is_not_switched_off(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rollout, "_lay_down", full)
    (done,) = host.apply(host.flip())
    assert (done["state"], host.asked) == ("rolled back", [])


def test_undoing_a_second_flip_puts_the_mode_of_the_first_back(host: Host) -> None:
    host.apply(host.flip())
    host.apply(host.flip() | {"mode": "every"})
    newest = records.standing()[-1]
    assert newest["steps"][0]["mode"] == "every"
    host.undo()
    assert host.asked == ["on,mode=nameserver", "on,mode=every", "on,mode=nameserver", "off"]


def test_what_failed_to_be_undone_keeps_what_was_done_before_it(host: Host) -> None:
    before = host.tree()
    host.apply(host.at_start("first\n"))
    host.apply(host.flip(), host.at_start("second\n"))
    host.attach_fails = True
    assert [bool(one["error"]) for one in host.undo()] == [True, True]
    host.attach_fails = False
    assert [one["error"] for one in host.undo()] == ["", ""]
    assert host.tree() == before


def test_a_start_that_did_not_take_the_agent_is_put_back(host: Host) -> None:
    before, host.environment = host.tree(), b"HOME=/\0"
    (done,) = host.apply(host.at_start(), restart=True)
    assert (done["state"], "without the agent" in done["sentence"]) == ("rolled back", True)
    assert host.tree() == before


def test_a_service_that_is_unwell_before_is_refused(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "check", lambda health: "its health command exits 127")
    (done,) = host.apply(host.at_start(), restart=True)
    assert (done["state"], host.restarted) == ("refused", [])


def test_an_undo_restarts_only_what_was_started_since(host: Host) -> None:
    host.apply(host.at_start())
    host.undo(restart=True)
    assert host.restarted == []
    host.apply(host.at_start())
    host.start(4713)
    host.undo(restart=True)
    assert host.restarted == ["orders.service"]


def test_an_undo_names_its_subjects_by_globs_and_pids(host: Host) -> None:
    for pattern, count in (("s0", 1), ("s*", 2), (str(os.getpid()), 2), ("orders", 0), ("*", 2)):
        host.apply(host.flip(), jobs=2)
        assert len(rollout.undo({"subjects": [pattern], "restart": False})["undone"]) == count, pattern
        host.undo()


def test_two_at_once_are_refused(host: Host) -> None:
    (host.folder / "changes").mkdir()
    with records.exclusively(), pytest.raises(FaultError, match="another rollout"):
        host.apply(host.flip())
    host.apply(host.flip())


def test_a_jar_that_two_jvms_run_is_put_back_with_the_last_of_them(host: Host) -> None:
    before = host.tree()
    host.apply(host.patch(), jobs=2)
    (undone,) = rollout.undo({"subjects": ["s1"], "restart": False})["undone"]
    assert "stays patched" in undone["sentences"][0]
    assert state_of(host.jar) == "on"
    rollout.undo({"subjects": ["s0"], "restart": False})
    assert host.tree() == before


def test_a_patched_jar_without_its_original_stays_on_record(host: Host) -> None:
    host.apply(host.patch())
    original = host.jar.with_name(host.jar.name + ".opskit-original")
    kept = original.read_bytes()
    original.unlink()
    assert "is gone" in host.undo()[0]["error"]
    original.write_bytes(kept)
    assert host.undo()[0]["error"] == ""


def test_a_roll_killed_after_the_jar_was_replaced_does_not_undo_a_later_deployment(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, kept = records.keep, list[dict[str, Any]]()

    def killed(record: dict[str, Any]) -> None:
        kept.append(record)
        if len(kept) == 3:
            raise KeyboardInterrupt
        keep(record)

    monkeypatch.setattr(records, "keep", killed)
    with pytest.raises(KeyboardInterrupt):
        host.apply(host.patch())
    monkeypatch.setattr(records, "keep", keep)
    assert state_of(host.jar) == "on"
    host.jar.write_bytes(b"deployed since")
    assert "deployed again" in host.undo()[0]["sentences"][0]
    assert host.jar.read_bytes() == b"deployed since"
    assert not host.jar.with_name(host.jar.name + ".opskit-original").exists()


def test_a_link_in_the_place_of_a_jar_is_refused(host: Host) -> None:
    step, real = host.patch(), host.jar.with_name("real.jar")
    host.jar.rename(real)
    host.jar.symlink_to(real)
    (done,) = host.apply(step)
    assert (done["state"], "is a link" in done["sentence"]) == ("refused", True)


def test_what_somebody_else_laid_down_is_not_taken_away(host: Host) -> None:
    agent = host.folder / "agents" / "agent.jar"
    agent.parent.mkdir()
    agent.write_bytes(AGENT)
    host.apply(host.flip())
    host.undo()
    assert agent.read_bytes() == AGENT


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

    def full(source: str, target: str, on: bool) -> list[str]:
        raise OSError(28, "No space left on device", target)

    monkeypatch.setattr(originals.patching, "patch", full)
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
