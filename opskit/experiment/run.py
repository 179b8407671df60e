"""An experiment from its rows to its reports. Composes: every decision is made elsewhere."""

import asyncio
import hashlib
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from opskit.errors import Exit, OpskitError
from opskit.experiment.figures import exit_code
from opskit.experiment.making import Making
from opskit.experiment.prepare import PreparedRow
from opskit.experiment.progress import Progress
from opskit.experiment.result import ExperimentResult, RowResult
from opskit.experiment.rows import Rows
from opskit.experiment.table import Experiment
from opskit.lab import require


def make(
    experiment: Experiment,
    prepared: Sequence[PreparedRow],
    only: Sequence[str],
    file: Path,
    out: Path,
    jobs: int,
    tell: Progress,
) -> ExperimentResult:
    """Make the rows that are not judged yet, of those that `only` names where it names some; write the reports.

    Raises OpskitError: exit 3 where this machine cannot hold a lab, or another opskit makes the same experiment.
    KeyboardInterrupt and SystemExit(143) come after every drill is undone and every lab is down; where an undo failed,
    the result comes instead.
    """
    wanted = pick(prepared, only)
    out = out.absolute()
    (out / "rows").mkdir(parents=True, exist_ok=True)
    with _locked(out):
        rows = Rows(experiment, prepared, file, out)
        for row in wanted:
            if rows.judged(row):
                tell.note(f"{row.name}: judged before, kept")
            else:
                rows.make_again(row)
        stopped = None
        if rows.waiting:
            require.check()
            making = Making(rows, lab_prefix(out), min(jobs, len(rows.waiting)), tell)
            stopped = asyncio.run(making.until_done())
        result = rows.report()
    if stopped is not None and exit_code(picked(result, only)) is not Exit.UNDO_FAILED:
        raise KeyboardInterrupt if stopped is signal.SIGINT else SystemExit(int(Exit.TERMINATED))
    return result


def pick(prepared: Sequence[PreparedRow], only: Sequence[str]) -> tuple[PreparedRow, ...]:
    """The rows that are named, all where none is. Raises OpskitError (exit 2) for a name that no row has."""
    names = [row.name for row in prepared]
    if strangers := [name for name in only if name not in names]:
        raise OpskitError(f"no row {', '.join(strangers)}", where="--row", remedy=f"Rows: {', '.join(names)}.")
    return tuple(row for row in prepared if not only or row.name in only)


def picked(result: ExperimentResult, only: Sequence[str]) -> tuple[RowResult, ...]:
    """The results of the same rows: what a run ends with is theirs."""
    return tuple(row for row in result.rows if not only or row.name in only)


def lab_prefix(out: Path) -> str:
    """Of the labs of one folder's experiment: two experiments share none, the same one finds what it left."""
    return f"exp-{hashlib.sha256(str(out).encode()).hexdigest()[:6]}-"


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise OpskitError(
            "another opskit makes this experiment",
            where=str(out),
            remedy="Wait for it, or name another folder with --out.",
            code=Exit.UNJUDGED,
        ) from error
    try:
        yield
    finally:
        lock.release()
