"""Runs a tool of this machine and waits for it, without blocking the others."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from opskit.errors import OpskitError

T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """A finished process: exit code, and what it wrote."""

    code: int
    stdout: str
    stderr: str


async def run(arguments: Sequence[str | Path], *, stdin: str = "", seconds: float = 120.0) -> Done:
    """Run a tool to its end. A process that is cancelled, or that outlives `seconds`, is killed; TimeoutError then.

    It has a session of its own: Ctrl-C in the terminal reaches opskit alone, which says what becomes of the tool.
    """
    process = await asyncio.create_subprocess_exec(
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate(stdin.encode())
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    return Done(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))


async def together(work: Iterable[Coroutine[None, None, T]]) -> list[T]:
    """Do it all at the same time; results in order. The first failure cancels the rest and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except* OpskitError as failures:
        raise _first(failures) from None
    return [task.result() for task in tasks]


def _first(failures: BaseExceptionGroup[OpskitError]) -> OpskitError:
    one = failures.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
