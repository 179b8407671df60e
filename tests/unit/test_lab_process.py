"""A tool and Ctrl-C: opskit alone hears it, and what it then ends, it ends with all that came of it."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from clusters import host

from opskit.errors import OpskitError
from opskit.lab import pause, runtime
from opskit.lab.process import run

NS1 = host("ns1", "10.0.0.1")
PODMAN = """#!/bin/sh
echo "$*" >> "$LOG"
case "$1" in
  ps) [ -n "$LAB_HOST" ] && echo lab-ns1 ;;
  pause) sleep 0.3; echo paused > "$STATE" ;;
  unpause) echo running > "$STATE" ;;
  inspect) cat "$STATE" ;;
esac
true
"""


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not seen():  # noqa: ASYNC110 - it is told by no event
            await asyncio.sleep(0.01)


async def test_a_tool_has_a_session_of_its_own() -> None:
    done = await run([sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"])
    assert done.stdout == "True\n"


async def test_a_tool_that_is_cancelled_ends_with_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    task = asyncio.create_task(run(["sh", "-c", f"sleep 60 & echo $! > {child}.new; mv {child}.new {child}; wait"]))
    await until(lambda: read(child) != "")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    status = Path("/proc", read(child).strip(), "status")
    await until(lambda: "State:" not in read(status) or "State:\tZ" in read(status))


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in on the PATH; its calls, one a line."""
    tool, log = tmp_path / "podman", tmp_path / "log"
    tool.write_text(PODMAN)
    tool.chmod(0o755)
    (tmp_path / "state").write_text("running\n")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(log))
    monkeypatch.setenv("STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LAB_HOST", "yes")
    monkeypatch.setattr(runtime, "detect", lambda: None)
    monkeypatch.setattr(runtime, "global_options", lambda machine: ())
    return log


async def test_a_cancel_waits_for_the_pause_which_is_undone_then(podman: Path) -> None:
    pauser = pause.LabPauser()
    task = asyncio.create_task(pauser.pause(NS1, 60))
    await until(lambda: "pause lab-ns1" in read(podman))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await pauser.is_paused(NS1)
    await pauser.resume(NS1)
    assert not await pauser.is_paused(NS1)
    assert read(podman).count("unpause") == 1


async def test_what_is_no_lab_s_is_refused_and_nothing_is_left_to_resume(
    podman: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_HOST", "")
    pauser = pause.LabPauser()
    with pytest.raises(OpskitError, match="no host of an embedded lab"):
        await pauser.pause(NS1, 60)
    await pauser.resume(NS1)
    assert read(podman).count("\n") == 1
