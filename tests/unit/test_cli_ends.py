"""How a command ends: its exit code is that of what it found, whoever listens, and no traceback is shown."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opskit.cli import main
from opskit.errors import Exit, OpskitError
from opskit.report.reader import muted_when_gone
from opskit.report.terminal import PatientConsole

ROOT = Path(__file__).parent.parent.parent
COMMAND = "from opskit.cli.main import main; main()"


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_reader_that_left_changes_no_exit_code(output: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = ["-i", "inventories/incident", "--format", output, "plan"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_progress_goes_on_where_nobody_reads_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        console = PatientConsole(file=stream)
        console.print("first")
        console.print("second")
        with muted_when_gone(stream):
            stream.write("third")
            stream.flush()


def raising(error: BaseException) -> Callable[[], None]:
    def app() -> None:
        raise error

    return app


CASES = [
    ("the operator's error", OpskitError("no inventory given"), Exit.USAGE, "opskit: no inventory given\n"),
    ("its own code", OpskitError("silent", where="a", code=Exit.UNJUDGED), Exit.UNJUDGED, "opskit: a: silent\n"),
    ("Ctrl-C", KeyboardInterrupt(), Exit.INTERRUPTED, ""),
    (
        "a full disk",
        OSError(errno.ENOSPC, "No space left on device", "/state/report.json"),
        Exit.UNJUDGED,
        "opskit: the disk of this machine is full (/state/report.json)\n  Free some space and run again.\n",
    ),
]


@pytest.mark.parametrize(("error", "code", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_ends(
    error: BaseException,
    code: Exit,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    handlers: None,
) -> None:
    monkeypatch.setattr(main, "app", raising(error))
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == code
    assert capsys.readouterr().err == said


def test_a_bug_shows_one_sentence_and_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, handlers: None
) -> None:
    monkeypatch.setattr(main.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(main, "app", raising(KeyError("manifest")))
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == Exit.BUG
    (kept,) = tmp_path.iterdir()
    assert "KeyError: 'manifest'" in kept.read_text()
    said = capsys.readouterr().err
    assert str(kept) in said
    assert "Traceback" not in said


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_service_manager_or_a_closed_terminal_ends_it_with_143(
    signum: signal.Signals, monkeypatch: pytest.MonkeyPatch, handlers: None
) -> None:
    monkeypatch.setattr(main, "app", lambda: signal.raise_signal(signum))
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == Exit.TERMINATED


def test_nohup_is_respected(monkeypatch: pytest.MonkeyPatch, handlers: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    monkeypatch.setattr(main, "app", lambda: signal.raise_signal(signal.SIGHUP))
    main.main()


@pytest.fixture
def handlers() -> Iterator[None]:
    """The handlers before come back."""
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)
