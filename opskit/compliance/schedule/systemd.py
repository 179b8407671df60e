"""systemd of the machine that opskit runs on, asked through its own tools."""

import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from typing import NamedTuple

from opskit.errors import Exit, OpskitError

SECONDS = 30
"""That one of its tools may take."""
ASKED = "ActiveState,UnitFileState,Result,ExecMainStatus,ExecMainExitTimestamp,NextElapseUSecRealtime"


class Done(NamedTuple):
    code: int
    stdout: str
    stderr: str


Run = Callable[[Sequence[str]], Done]


def run_here(command: Sequence[str]) -> Done:
    """A tool of this machine, bounded. Raises OpskitError (exit 3) where there is none or it hangs."""
    plain = os.environ | {"LC_ALL": "C"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, env=plain)
    except FileNotFoundError:
        raise OpskitError(
            f"this machine has no {command[0]}",
            where="schedule",
            remedy="A schedule needs systemd; elsewhere let cron run `opskit compliance run`.",
            code=Exit.UNJUDGED,
        ) from None
    except subprocess.TimeoutExpired:
        raise OpskitError(
            f"{shlex.join(command)} did not end within {SECONDS} s",
            where="schedule",
            remedy="Look at this machine's systemd: systemctl status.",
            code=Exit.UNJUDGED,
        ) from None
    return Done(done.returncode, done.stdout, done.stderr)


def next_elapse(on_calendar: str, run: Run) -> str:
    """When it is due next, as systemd writes it. Raises OpskitError (exit 2) for what never comes or is no time."""
    done = run(("systemd-analyze", "calendar", "--", on_calendar))
    lines = (line.strip() for line in done.stdout.splitlines())
    found = next((line for line in lines if line.startswith("Next elapse: ")), "")
    if done.code or not found or found.endswith(": never"):
        raise OpskitError(
            f"{on_calendar!r} is no time that comes again",
            where="--on-calendar",
            remedy="For instance daily, hourly, 'Mon..Fri 07:30' or '0/6:00'; man systemd.time has them all.",
        )
    return found.removeprefix("Next elapse: ")


def systemctl(run: Run, *arguments: str) -> str:
    """What it says. Raises OpskitError (exit 3) where it refuses."""
    done = run(("systemctl", *arguments))
    if done.code:
        raise OpskitError(
            f"systemctl {shlex.join(arguments)} failed: {done.stderr.strip() or f'exit {done.code}'}",
            where="schedule",
            remedy="Mend that and give the command again; `opskit compliance schedule remove` undoes it.",
            code=Exit.UNJUDGED,
        )
    return done.stdout


def shown(run: Run, unit: str) -> dict[str, str]:
    """What systemd knows about a unit; of one that there is not, it tells the same names."""
    lines = systemctl(run, "show", "--property", ASKED, unit).splitlines()
    return {name: value for name, is_one, value in (line.partition("=") for line in lines) if is_one}
