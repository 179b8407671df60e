"""What is kept of past audits, whatever happens to the one that writes or to the file."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from compliance_results import AT, WAIVED, audit, failing, mixed, row, still
from rich.console import Console

from opskit.compliance.past import history, store
from opskit.compliance.past.changes import between, compare
from opskit.compliance.past.history import Keep
from opskit.compliance.result import ComplianceResult, Row
from opskit.compliance.showing.history import bar, present_diff, present_history
from opskit.errors import Exit, OpskitError
from opskit.report.terminal import show


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPSKIT_STATE", str(tmp_path))
    return tmp_path / "runs" / "prod" / "compliance.sqlite3"


def named(end: str, *rows: Row, days: float = 0, **other: Any) -> ComplianceResult:
    return audit(*rows, run=f"20260302T060400Z-compliance-{end}", at=AT + timedelta(days=days), **other)


def table(file: Path, name: str) -> int:
    (count,) = sqlite3.connect(file).execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608
    return int(count)


def test_a_cluster_that_was_never_audited_has_no_past_and_gets_no_file(file: Path) -> None:
    assert history.last("prod") is None
    assert history.runs("prod") == ()
    assert not file.parent.exists()


def test_what_is_open_or_waived_comes_back_as_it_was() -> None:
    result = mixed()
    history.record(result)
    past = history.last("prod")
    assert past is not None
    assert past.rows == tuple(row for row in result.rows if row.status in ("fails", "unknown"))
    assert past.run == result.run
    assert past == history.audit("prod", "abc123")


def test_a_run_is_counted() -> None:
    history.record(mixed())
    (run,) = history.runs("prod")
    counts = {name: count for name, count in run.counts.model_dump().items() if count}
    assert counts == {
        "high": 1,
        "medium": 1,
        "unknown": 2,
        "waived": 1,
        "holds": 2,
        "not_applicable": 1,
        "new": 1,
        "fixed": 2,
        "became_unknown": 1,
    }
    assert run.counts.open == 4
    assert (run.errors, run.hosts, run.judgement) == (1, 48, "fails")


def test_only_the_user_may_read_it(file: Path) -> None:
    history.record(mixed())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_runs_are_told_newest_first_also_where_the_clock_went_back() -> None:
    for end, days in (("aaa", 2), ("bbb", 0), ("ccc", 1)):
        history.record(named(end, days=days))
    assert [one.run[-3:] for one in history.runs("prod")] == ["ccc", "bbb", "aaa"]
    assert [one.run[-3:] for one in history.runs("prod", last=2)] == ["ccc", "bbb"]


def test_clusters_have_histories_of_their_own() -> None:
    history.record(mixed())
    assert history.runs("staging") == ()


def test_an_audit_of_a_few_controls_leaves_what_is_known_of_the_others() -> None:
    history.record(named("aaa", failing("host-swap"), failing("host-clock")))
    history.record(named("bbb", row("host-clock"), days=1))
    past = history.last("prod")
    assert past is not None
    assert past.run.endswith("bbb")
    assert [one.control for one in past.rows] == ["host-swap"]
    assert set(past.controls) == {"host-swap", "host-clock"}
    assert history.audit("prod", "bbb").controls == ("host-clock",)
    rows, fixed = compare(past.rows, [failing("host-swap")], AT + timedelta(days=2), {"host-swap", "host-clock"})
    assert [one.change for one in rows] == ["still"]
    assert fixed == ()


def test_a_control_whose_last_subject_is_gone_is_told_as_fixed_once() -> None:
    history.record(named("aaa", failing("host-swap", "mq9")))
    before = history.last("prod")
    assert before is not None
    rows, fixed = compare(before.rows, [], AT + timedelta(days=1), {"host-swap"})
    history.record(named("bbb", *rows, fixed=fixed, days=1))
    past = history.last("prod")
    assert past is not None
    assert past.rows == ()


def test_what_stays_the_same_is_kept_once(file: Path) -> None:
    for day in range(5):
        history.record(named(f"aa{day}", still(), failing(waived=WAIVED), days=day))
    assert (table(file, "runs"), table(file, "seen"), table(file, "findings")) == (5, 10, 2)


def test_two_rows_of_one_name_are_both_kept() -> None:
    history.record(named("aaa", failing(), failing()))
    past = history.last("prod")
    assert past is not None
    assert past.rows == (failing(), failing())


def test_what_is_old_or_too_much_is_forgotten(file: Path) -> None:
    for day in range(6):
        assert history.record(named(f"aa{day}", failing(subject=f"mq{day}"), days=day), Keep(days=400)) == ()
    forgotten = history.record(named("bbb", days=6), Keep(days=3, newest=2))
    assert [run[-3:] for run in forgotten] == ["aa0", "aa1", "aa2"]
    assert history.record(named("ccc", days=900), Keep(days=3)) == (), "a clock that is wrong for a day forgets nothing"
    assert len(history.record(named("ddd", days=6), Keep(runs=2))) == 4
    assert [one.run[-3:] for one in history.runs("prod")] == ["ddd", "ccc"]
    assert (table(file, "findings"), table(file, "seen"), table(file, "judged")) == (0, 0, 0)


def test_the_newest_run_always_stays() -> None:
    history.record(named("aaa", days=900))
    history.record(named("bbb", failing(), days=-900), Keep(runs=0, days=0))
    assert [one.run[-3:] for one in history.runs("prod")] == ["bbb"]
    assert len(history.audit("prod", "bbb").rows) == 1


def test_no_run_of_a_name_is_a_sentence() -> None:
    history.record(named("aaa"))
    for name in ("bbb", "a", ""):
        with pytest.raises(OpskitError, match=f"no audit is called '{name}'") as raised:
            history.audit("prod", name)
        assert raised.value.code is Exit.USAGE


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from compliance_results import audit, failing
from opskit.compliance.past import history
def killed(*_):
    print("writing", flush=True)
    signal.pause()
history._forget = killed
rows = [failing(subject=f"mq{{n}}", observed="x" * 2000) for n in range(3000)]
history.record(audit(*rows, run="20260303T060400Z-compliance-killed"))
"""


def test_a_run_that_is_killed_while_it_writes_leaves_the_history_as_it_was(file: Path) -> None:
    history.record(named("aaa", failing()))
    size = file.stat().st_size
    code = KILLED.format(tests=str(Path(__file__).parent))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    journal = file.with_name(f"{file.name}-journal")
    assert journal.exists(), "it was killed with its transaction in the file"
    assert file.stat().st_size > size
    past = history.last("prod")
    assert past is not None
    assert past.rows == (failing(),)
    assert not journal.exists()
    history.record(named("bbb", days=1))
    assert [one.run[-3:] for one in history.runs("prod")] == ["bbb", "aaa"]
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_file_that_was_only_touched_is_a_beginning(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.touch()
    assert history.last("prod") is None
    history.record(named("aaa"))
    assert len(history.runs("prod")) == 1


@pytest.fixture
def locked(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    history.record(named("aaa"))
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.1)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


@pytest.mark.usefixtures("locked")
def test_a_writer_waits_for_another_and_then_says_so(file: Path) -> None:
    with pytest.raises(OpskitError, match="is locked") as raised:
        history.record(named("bbb"))
    assert raised.value.code is Exit.UNJUDGED
    assert raised.value.where == str(file)


def told(path: Path) -> OpskitError:
    """What recording and reading both say of a file that cannot be used."""
    errors = []
    for use in (lambda: history.record(named("zzz")), lambda: history.last("prod"), lambda: history.runs("prod")):
        with pytest.raises(OpskitError) as raised:
            use()
        errors.append(raised.value)
    assert len({str(error) for error in errors}) == 1
    assert errors[0].where == str(path)
    assert errors[0].code is Exit.UNJUDGED
    return errors[0]


def test_a_newer_history_is_left_alone(file: Path) -> None:
    history.record(named("aaa"))
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA user_version = 7")
    before = file.read_bytes()
    error = told(file)
    assert "of schema 7, and this opskit knows 1" in error.what
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("# notes of the last night\n" * 100)
    error = told(file)
    assert "damaged: file is not a database" in error.what
    assert f"mv {file} {file}.damaged" in error.remedy
    assert file.read_text().startswith("# notes")


def test_a_file_with_a_torn_page_is_told_of(file: Path) -> None:
    history.record(named("aaa", *(failing(subject=f"mq{number}") for number in range(200))))
    content = bytearray(file.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 8] = b"\xff" * 8
    file.write_bytes(content)
    with pytest.raises(OpskitError, match="is damaged"):
        history.last("prod")
    with pytest.raises(OpskitError, match="is damaged"):
        history.record(named("bbb"))


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE findings SET body = '{\"control\": 1'",
        "UPDATE findings SET body = '[]'",
        "UPDATE findings SET body = CAST(x'ff' AS TEXT)",
        "UPDATE runs SET summary = '{}'",
        "DROP TABLE judged",
    ],
)
def test_contents_that_make_no_sense_are_told_of(file: Path, wrong: str) -> None:
    history.record(named("aaa", failing()))
    with sqlite3.connect(file) as database:
        database.execute(wrong)
    with pytest.raises(OpskitError, match="is damaged") as raised:
        history.last("prod")
    assert "\n" not in raised.value.what


def test_a_place_that_cannot_be_written_is_told_of(file: Path) -> None:
    file.mkdir(parents=True)
    assert "cannot be used: unable to open" in told(file).what


def test_an_older_history_is_migrated_in_one_step(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history.record(named("aaa", failing()))
    later = (*store.MIGRATIONS, ("ALTER TABLE runs ADD COLUMN note TEXT", "UPDATE runs SET note = 'kept'"))
    monkeypatch.setattr(store, "MIGRATIONS", (*later, ("SELECT * FROM nowhere",)))
    with pytest.raises(OpskitError, match="no such table: nowhere"):
        history.last("prod")
    monkeypatch.setattr(store, "MIGRATIONS", later)
    past = history.last("prod")
    assert past is not None
    assert past.rows == (failing(),)
    database = sqlite3.connect(file)
    assert database.execute("PRAGMA user_version").fetchone() == (2,)
    assert database.execute("SELECT note FROM runs").fetchone() == ("kept",)


def shown(shapes: Any) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        show(shapes, console)
    return captured.get()


def test_a_trend_is_drawn() -> None:
    history.record(named("aaa", failing(), failing(subject="mq2"), judgement="fails"))
    history.record(named("bbb", still(days=1, control="namesrv-apart", subject="mq1"), days=1, judgement="fails"))
    text = shown(present_history(history.history("prod")))
    assert f"2 {bar(2, 2)}" in text
    assert f"1 {bar(1, 2)}" in text
    assert len(bar(2, 2)) == 2 * len(bar(1, 2))
    assert "2 open on 2026-03-02, 1 on 2026-03-03." in text


def test_a_trend_over_different_controls_says_that_it_is_none() -> None:
    history.record(named("aaa", failing(), failing("host-swap")))
    history.record(named("bbb", failing("host-swap"), days=1))
    assert "their counts do not compare" in shown(present_history(history.history("prod")))


def test_a_cluster_without_a_past_says_so() -> None:
    assert "prod has not been audited yet." in shown(present_history(history.history("prod")))


@pytest.mark.parametrize(("number", "most", "drawn"), [(0, 5, ""), (0, 0, ""), (5, 5, "█" * 20), (1, 10_000, "▏")])
def test_a_bar_is_never_nothing_where_there_is_something(number: int, most: int, drawn: str) -> None:
    assert bar(number, most) == drawn


def test_a_diff_is_told() -> None:
    history.record(named("aaa", failing(), failing(subject="mq2"), failing("host-clock")))
    history.record(named("bbb", still("namesrv-apart", "mq1"), failing(subject="mq3"), days=1))
    diff = between("prod", history.audit("prod", "aaa"), history.audit("prod", "bbb"))
    text = shown(present_diff(diff))
    assert "From aaa (2026-03-02 06:04) to bbb (2026-03-03 06:04)" in text
    assert "not compared: host-clock" in text
    assert "1 new, 0 became unknown, 1 fixed, 1 as before." in text
    assert "mq1" not in text
    assert "mq1" in shown(present_diff(diff, verbose=True))
