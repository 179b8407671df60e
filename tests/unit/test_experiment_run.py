"""Labs at work under a fake opskit: what is started in which order, resumed, retried, stopped and taken down."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from experiment_rows import drill, experiment, prepared
from filelock import FileLock

from opskit.errors import Exit, OpskitError
from opskit.experiment import making, run
from opskit.experiment.figures import exit_code
from opskit.experiment.prepare import PreparedRow
from opskit.experiment.result import ExperimentResult
from opskit.experiment.rows import Rows

FAKE = (sys.executable, str(Path(__file__).parent / "fake_opskit.py"))


class Told:
    """What an experiment said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    def busy(self, lab: str, text: str) -> None:
        self.lines.append(f"{lab}: {text}")

    def idle(self, lab: str) -> None:
        self.lines.append(f"{lab}: idle")

    def left(self, rows: int, seconds: float) -> None:
        self.lines.append(f"{rows} left")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Bench:
    """An experiment in a folder of its own, its opskit a fake."""

    def __init__(self, home: Path) -> None:
        self.home, self.out, self.told = home, home / "out", Told()
        self.page = home / "run"
        self.page.mkdir()
        (self.page / "report.html").write_text("<html>a drill</html>")

    def does(self, row: str, *outcomes: str | dict[str, Any], step: str = "drill") -> None:
        """What a step of the row does, time after time: a judgement, or a behaviour of the fake."""
        codes = {"holds": 0, "fails": 1, "unjudged": 3}
        told = [one if isinstance(one, dict) else {"code": codes[one], "out": self.result(one)} for one in outcomes]
        (self.home / f"{step}-{row}.json").write_text(json.dumps(told))

    def result(self, outcome: str) -> str:
        return drill(outcome, folder=str(self.page)).model_dump_json(by_alias=True)

    def make(self, *rows: PreparedRow, jobs: int = 1, only: Sequence[str] = ()) -> ExperimentResult:
        self.told = Told()
        (self.home / "calls").write_text("")
        return run.make(experiment(*rows), rows, only, Path("trial.yml"), self.out, jobs, self.told)

    @property
    def calls(self) -> list[str]:
        return (self.home / "calls").read_text().splitlines()

    @property
    def labs(self) -> list[str]:
        return sorted(path.name for path in (self.home / "labs").glob("*"))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("FAKE_OPSKIT", str(tmp_path))
    monkeypatch.setenv("OPSKIT_STATE", str(tmp_path))
    monkeypatch.setattr(run.require, "check", lambda: None)
    monkeypatch.setattr(making.Making.__init__, "__defaults__", (FAKE,))
    return Bench(tmp_path)


def test_rows_on_equal_servers_share_a_lab(bench: Bench) -> None:
    rows = prepared("a"), prepared("b", "tuned"), prepared("c"), prepared("d", clients="5.4.0")
    for row in rows:
        bench.does(row.name, "holds")
    result = bench.make(*rows)
    assert bench.calls == [
        *("lab up 1", "deploy a on 1", "drill a on 1", "drill c on 1", "deploy d on 1", "drill d on 1", "lab down 1"),
        *("lab up 1", "deploy b on 1", "drill b on 1", "lab down 1"),
    ]
    assert [row.state for row in result.rows] == ["judged"] * 4
    assert result.machines[0].java == "openjdk 17.0.13"
    assert bench.labs == []


def test_labs_side_by_side_take_other_servers_each(bench: Bench) -> None:
    rows = prepared("a"), prepared("b"), prepared("c", "tuned")
    for row in rows:
        bench.does(row.name, "holds")
    bench.make(*rows, jobs=2)
    assert {"drill a on 1", "drill c on 2"} < set(bench.calls)
    assert len([call for call in bench.calls if call.startswith("drill")]) == 3


def test_what_was_judged_is_kept_and_only_the_rest_is_made(bench: Bench) -> None:
    rows = prepared("a", expect="holds"), prepared("b")
    bench.does("a", "holds")
    bench.does("b", {"code": 3, "err": "opskit: ns1: out of reach\n"})
    first = bench.make(*rows)
    assert [row.state for row in first.rows] == ["judged", "unjudged"]
    assert [row.state for row in bench.make(*rows, only=["a"]).rows] == ["judged", "unjudged"]
    bench.does("b", "fails")
    second = bench.make(*rows)
    assert bench.calls == ["lab up 1", "deploy b on 1", "drill b on 1", "lab down 1"]
    assert [row.state for row in second.rows] == ["judged", "judged"]
    assert bench.make(*rows) == second
    assert bench.calls == []
    assert "a: judged before, kept" in bench.told.lines


def test_what_is_expected_may_change_without_another_drill(bench: Bench) -> None:
    bench.does("a", "holds")
    assert bench.make(prepared("a", expect="holds")).rows[0].as_expected is True
    assert bench.make(prepared("a", expect="fails")).rows[0].as_expected is False
    assert bench.calls == []


def test_a_row_that_is_defined_anew_is_made_anew(bench: Bench) -> None:
    bench.does("a", "holds")
    row = prepared("a")
    bench.make(row)
    bench.make(PreparedRow(**(vars(row) | {"definition": "another"})))
    assert "drill a on 1" in bench.calls


def test_only_the_rows_that_are_named_are_made(bench: Bench) -> None:
    rows = prepared("a"), prepared("b")
    bench.does("b", "holds")
    result = bench.make(*rows, only=["b"])
    assert [row.state for row in result.rows] == ["not run", "judged"]
    assert [row.name for row in run.picked(result, ["b"])] == ["b"]
    with pytest.raises(OpskitError) as raised:
        bench.make(*rows, only=["c"])
    assert (raised.value.what, raised.value.code) == ("no row c", Exit.USAGE)


def test_what_could_not_be_judged_is_made_once_more_in_a_new_lab(bench: Bench) -> None:
    bench.does("a", {"code": 3, "err": "Baseline\nopskit: ns1: out of reach\n  Nothing was injected.\n"}, "fails")
    result = bench.make(prepared("a", expect="fails"))
    once = ["lab up 1", "deploy a on 1", "drill a on 1", "lab down 1"]
    assert bench.calls == once * 2
    assert result.rows[0].as_expected is True
    assert "a new lab: ns1: out of reach Nothing was injected." in bench.told.text


def test_what_cannot_be_judged_twice_is_shown_with_its_sentence(bench: Bench) -> None:
    bench.does("a", {"code": 3, "err": "opskit: ns1: out of reach\n"})
    bench.does("b", "unjudged")
    result = bench.make(prepared("a", expect="holds"), prepared("b"))
    assert [(row.state, row.sentence) for row in result.rows] == [
        ("unjudged", "ns1: out of reach"),
        ("unjudged", "the baseline was too weak"),
    ]
    assert exit_code(result.rows) is Exit.UNJUDGED


@pytest.mark.parametrize(
    ("step", "behaves", "sentence"),
    [
        ("deploy", {"code": 3, "err": "opskit: ns1: out of reach\n"}, "the deploy ended with 3: ns1: out of reach"),
        ("drill", {"code": 0, "out": "{"}, "the drill's result cannot be read"),
        ("drill", {"code": 0, "out": '{"schema": "opskit/verify/9"}'}, "the drill's result cannot be read"),
        ("drill", {"code": 70, "err": "opskit: this is a bug\n"}, "this is a bug"),
    ],
)
def test_steps_that_go_wrong_make_a_row_unjudged(
    bench: Bench, step: str, behaves: dict[str, Any], sentence: str
) -> None:
    bench.does("a", "holds")
    bench.does("a", behaves, step=step)
    (row,) = bench.make(prepared("a")).rows
    assert row.state == "unjudged"
    assert row.sentence.startswith(sentence)


def test_a_roll_that_stopped_says_where(bench: Bench) -> None:
    failure = {"host": "ns1", "stage": "nameservers", "step": "the gate", "sentence": "shut for 90 s"}
    result = {"cluster": "lab", "run": "r", "outcome": "failed", "changed": [], "unchanged": [], "seconds": 9}
    bench.does("a", {"code": 1, "out": json.dumps(result | {"failure": failure})}, step="deploy")
    (row,) = bench.make(prepared("a")).rows
    assert row.sentence == "the deploy ended with 1: ns1: the gate: shut for 90 s"


def test_wrong_usage_is_not_tried_again(bench: Bench) -> None:
    bench.does("a", {"code": 2, "err": "opskit: --victim: no such host\n"})
    bench.make(prepared("a"))
    assert bench.calls.count("drill a on 1") == 1


def test_every_drill_of_a_repeated_row_counts(bench: Bench) -> None:
    both = bench.result("fails") + "\n" + bench.result("holds")
    bench.does("a", {"code": 1, "out": both})
    (row,) = bench.make(prepared("a", expect="fails", repeat=2)).rows
    assert row.figures is not None
    assert (row.figures.drills, row.as_expected) == (2, False)
    assert row.pages == ("a.html", "a-2.html")
    assert (bench.out / "rows" / "a-2.html").read_text() == "<html>a drill</html>"


def test_a_failed_undo_stops_everything_and_leaves_its_lab(bench: Bench) -> None:
    rows = prepared("a"), prepared("b", "tuned"), prepared("c")
    bench.does("a", {"until": "hangs b", "code": 4, "err": "opskit: broker-a: the undo failed\n"})
    bench.does("b", {"hang": 60})
    result = bench.make(*rows, jobs=2)
    assert [row.state for row in result.rows] == ["undo failed", "not run", "not run"]
    assert exit_code(result.rows) is Exit.UNDO_FAILED
    assert "undone b after SIGINT" in bench.calls
    assert [name[-2:] for name in bench.labs] == ["-1"]
    assert f"opskit lab down --name {bench.labs[0]} removes it" in bench.told.text


def after(bench: Bench, line: str, act: Callable[[], None]) -> threading.Thread:
    """Do it once the fake has said so."""

    def wait() -> None:
        for _ in range(1000):
            if (bench.home / "calls").exists() and line in bench.calls:
                act()
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(("signum", "ends"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_reaches_each_child_once_and_its_undo_is_waited_for(
    bench: Bench, signum: signal.Signals, ends: type[BaseException]
) -> None:
    rows = prepared("a"), prepared("b"), prepared("c", "tuned")
    bench.does("a", {"hang": 60, "undo_until": "both sent"})
    bench.does("c", {"hang": 60, "undo_until": "both sent"})

    def twice() -> None:
        for _ in range(2):
            os.kill(os.getpid(), signum)
            time.sleep(0.2)
        with (bench.home / "calls").open("a") as calls:
            calls.write("both sent\n")

    both = after(bench, "hangs a", lambda: after(bench, "hangs c", twice).join())
    with pytest.raises(ends) as ended:
        bench.make(*rows, jobs=2)
    both.join()
    if isinstance(ended.value, SystemExit):
        assert ended.value.code == Exit.TERMINATED
    undone = [call for call in bench.calls if call.startswith("undone")]
    assert sorted(undone) == [f"undone a after {signum.name}", f"undone c after {signum.name}"]
    assert bench.labs == []
    assert not [call for call in bench.calls if "drill b" in call]
    assert "Stopping: a, c under way" in bench.told.text
    assert "not run" in (bench.out / "experiment.md").read_text()


def test_an_undo_that_fails_when_stopped_is_told_and_its_lab_stays(bench: Bench) -> None:
    bench.does("a", {"hang": 60, "undo": 4})
    bench.does("b", {"hang": 60})
    both = after(bench, "hangs a", lambda: after(bench, "hangs b", lambda: os.kill(os.getpid(), signal.SIGINT)).join())
    result = bench.make(prepared("a"), prepared("b", "tuned"), jobs=2)
    both.join()
    assert [row.state for row in result.rows] == ["undo failed", "not run"]
    assert exit_code(result.rows) is Exit.UNDO_FAILED
    assert [name[-2:] for name in bench.labs] == ["-1"]


def test_a_drill_that_ended_before_the_signal_reached_it_counts(bench: Bench) -> None:
    bench.does("a", {"hang": 60, "undo": 0, "out": bench.result("holds")})
    after(bench, "hangs a", lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        bench.make(prepared("a"))
    record = json.loads((bench.out / "rows" / "a.json").read_text())
    assert record["drills"][0]["verdict"]["judgement"] == "holds"


def test_a_drill_goes_on_to_its_end_where_the_one_who_started_it_is_killed(bench: Bench) -> None:
    bench.does("a", {"hang": 1, "out": "whole", "err": "Undone\n"})
    words = ["-i", str(bench.home / "overlays" / "a" / "inventory.yml"), "verify", "failover"]
    out, log = bench.home / "a.out", bench.home / "a.log"
    code = f"""
import asyncio, pathlib
from opskit.experiment.children import Children
asyncio.run(Children({FAKE}).run({words}, pathlib.Path({str(out)!r}), pathlib.Path({str(log)!r}), lambda line: None))
"""
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        after(bench, "hangs a", parent.kill).join()
    for _ in range(500):
        if out.read_text():
            break
        time.sleep(0.02)
    assert (out.read_text(), log.read_text()) == ("whole", "Undone\n")


def test_a_signal_while_a_lab_comes_up(bench: Bench) -> None:
    bench.does("lab", {"hang": 60}, step="up")
    after(bench, "hangs lab", lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        bench.make(prepared("a"))
    assert bench.calls[-1] == "lab down 1"
    assert bench.labs == []


def test_a_full_disk_ends_the_other_drills_and_takes_the_labs_down(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.does("a", {"until": "hangs b", "out": bench.result("holds")})
    bench.does("b", {"hang": 60})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Rows, "keep", full)
    with pytest.raises(OSError, match="No space left"):
        bench.make(prepared("a"), prepared("b", "tuned"), jobs=2)
    assert "undone b after SIGTERM" in bench.calls
    assert bench.labs == []


def test_labs_that_a_killed_opskit_left_go_first(bench: Bench) -> None:
    left = bench.home / "labs" / f"{run.lab_prefix(bench.out)}3"
    left.mkdir(parents=True)
    strangers = bench.home / "labs" / "exp-000000-1"
    strangers.mkdir()
    bench.does("a", "holds")
    bench.make(prepared("a"))
    assert bench.calls[0] == "lab down 3"
    assert bench.labs == [strangers.name]


def test_two_at_once_in_one_folder_are_refused(bench: Bench) -> None:
    bench.out.mkdir()
    with FileLock(bench.out / ".lock"), pytest.raises(OpskitError) as raised:
        bench.make(prepared("a"))
    assert (raised.value.what, raised.value.code) == ("another opskit makes this experiment", Exit.UNJUDGED)


def test_a_record_that_cannot_be_read_is_named(bench: Bench) -> None:
    record = bench.out / "rows" / "a.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    with pytest.raises(OpskitError) as raised:
        bench.make(prepared("a"))
    assert (raised.value.where, raised.value.code) == (str(record), Exit.USAGE)


def test_a_machine_that_cannot_hold_labs_starts_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking() -> None:
        raise OpskitError("this machine lacks podman", code=Exit.UNJUDGED)

    monkeypatch.setattr(run.require, "check", lacking)
    with pytest.raises(OpskitError, match="lacks podman"):
        bench.make(prepared("a"))
    assert bench.calls == []
