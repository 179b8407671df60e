"""The opskit processes that an experiment starts: each signalled once and always waited for.

They write to files, not to pipes, so that a drill goes on to its undo even where the one who started it is gone.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from opskit.errors import Exit

LOOK_SECONDS = 1.0
CUT_SHORT = (Exit.INTERRUPTED, Exit.TERMINATED)
OPSKIT = (sys.executable, "-m", "opskit")


class Stopped(Exception):  # noqa: N818 - no error: somebody wants it so
    """Nothing is to be started any more, or what ran was ended before its time."""


@dataclass(frozen=True)
class Ended:
    """code: exit code, negative for the signal that ended it."""

    code: int
    stderr: str

    @property
    def words(self) -> str:
        """What it said last."""
        return last_words(self.stderr)


class Children:
    """Those that run now; a session of their own each, so that a terminal's Ctrl-C reaches them only through here."""

    def __init__(self, program: Sequence[str] = OPSKIT) -> None:
        self._program = tuple(program)
        self._running: set[asyncio.subprocess.Process] = set()
        self._stopped_by: signal.Signals | None = None

    @property
    def stopping(self) -> bool:
        return self._stopped_by is not None

    def stop(self, signum: signal.Signals) -> None:
        """Hand a signal on to each child, once; from now on nothing is started."""
        if self.stopping:
            return
        self._stopped_by = signum
        for process in self._running:
            _send(process, signum)

    async def run(self, words: Sequence[str], out: Path, log: Path, on_line: Callable[[str], None]) -> Ended:
        """Run an opskit to its end: stdout to `out`, stderr after what stands in `log`, its newest line to on_line.

        Raises Stopped where `stop` cut it short; one whose undo failed then is no less of a failure.
        """
        if self.stopping:
            raise Stopped
        with out.open("wb") as stdout, log.open("ab") as stderr:
            begin = stderr.tell()
            process = await asyncio.create_subprocess_exec(
                *self._program,
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        self._running.add(process)
        if self._stopped_by is not None:  # while it was being started
            _send(process, self._stopped_by)
        try:
            code = await _followed(process, log, begin, on_line)
        finally:
            if process.returncode is None:
                _send(process, signal.SIGTERM)
                await process.wait()
            self._running.discard(process)
        if self.stopping and (code < 0 or code in CUT_SHORT):
            raise Stopped
        return Ended(code, said(log, begin))


def said(log: Path, begin: int) -> str:
    """What stands in a log from a byte on."""
    with log.open("rb") as file:
        file.seek(begin)
        return file.read().decode(errors="replace")


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def last_words(text: str) -> str:
    """The error that opskit ended with, on one line; else the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    error = next((number for number in reversed(range(len(lines))) if lines[number].startswith("opskit: ")), None)
    return last_line(text) if error is None else " ".join(lines[error:]).removeprefix("opskit: ")


async def _followed(process: asyncio.subprocess.Process, log: Path, begin: int, on_line: Callable[[str], None]) -> int:
    shown = ""
    while True:
        with suppress(TimeoutError):
            return await asyncio.wait_for(process.wait(), LOOK_SECONDS)
        if (newest := last_line(said(log, begin))) != shown:
            on_line(shown := newest)


def _send(process: asyncio.subprocess.Process, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has just ended by itself
        process.send_signal(signum)
