"""systemd units of this host: what runs, since when, and a start that waits until the port is open."""

import os
import subprocess
import time
from typing import Any, Dict, List, Optional

from . import sockets

PROPERTIES = "LoadState,ActiveState,SubState,MainPID,ExecMainStartTimestampMonotonic"
JOURNAL_LINES = 25
STOP_SECONDS, START_SECONDS = 100.0, 60.0
"""A broker with much to flush may take the 90 s of its unit's TimeoutStopSec, and is then killed."""
LOGBACK_STATUS = " |-"
"""In each of the hundred lines in which logback (RocketMQ 5.x) tells of its own start."""


class UnitError(Exception):
    """A unit did not come up; the text ends with its last log lines."""


def state(unit: str) -> Dict[str, Any]:
    """{loaded, active, sub, pid, started_ns}; started_ns is wall time, None if down.

    The start is taken on the monotonic clock and moved onto today's wall clock, so that a clock step after the start
    does not make a process look older than its files.
    """
    shown = properties(unit, PROPERTIES)
    pid = int(shown["MainPID"])
    started = int(shown["ExecMainStartTimestampMonotonic"]) * 1000
    return {
        "loaded": shown["LoadState"] == "loaded",
        "active": shown["ActiveState"],
        "sub": shown["SubState"],
        "pid": pid,
        "started_ns": time.time_ns() - (time.monotonic_ns() - started) if pid else None,
    }


def properties(unit: str, names: str) -> Dict[str, str]:
    """Properties of a unit as systemd shows them; names are separated by commas."""
    return dict(line.split("=", 1) for line in systemctl("show", "-p", names, unit).splitlines() if "=" in line)


def restart_reason(unit: Dict[str, Any], files: List[Optional[Dict[str, Any]]]) -> str:
    """Why the unit must be started again, in words; empty where what runs is what the files say.

    files: states (see `files.state`) of the files that take effect at a restart; None for one that is missing.
    """
    if unit["active"] not in ("active", "activating") or not unit["pid"]:
        return "it failed" if unit["active"] == "failed" else "it is not running"
    if any(file is None or file["mtime_ns"] > unit["started_ns"] for file in files):
        return "its process is older than its files"
    return ""


def bring_up(unit: str, port: int) -> None:
    """Enable and (re)start a unit and wait until its own process listens on the port; raises UnitError."""
    systemctl("daemon-reload")
    systemctl("enable", "--quiet", unit)
    systemctl("reset-failed", unit)
    cursor = time.time()
    systemctl("restart", unit, timeout=STOP_SECONDS)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        now = state(unit)
        if now["active"] == "active" and now["pid"] and sockets.listens(now["pid"], port):
            return
        if now["active"] == "failed" or now["sub"] == "auto-restart":
            raise UnitError(f"{unit} did not start.\n{journal(unit, cursor)}")
        time.sleep(0.2)
    raise UnitError(f"{unit} does not listen on port {port} after {START_SECONDS:.0f} s.\n{journal(unit, cursor)}")


def journal(unit: str, since: float) -> str:
    """The unit's last log lines since a wall time in seconds."""
    # what the process wrote last may not have reached the journal yet
    _run(["journalctl", "--sync"], 10)
    text = _run(["journalctl", "-u", unit, "-n", "500", "--no-pager", "-o", "cat", "--since", f"@{int(since)}"], 10)
    return "\n".join([line for line in text.splitlines() if LOGBACK_STATUS not in line][-JOURNAL_LINES:])


def systemctl(*words: str, timeout: float = 30) -> str:
    """What systemctl prints; raises UnitError where it fails or takes longer, in seconds."""
    return _run(["systemctl", *words], timeout)


def _run(command: List[str], timeout: float) -> str:
    environment = dict(os.environ, LC_ALL="C")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)
    except subprocess.TimeoutExpired as error:
        raise UnitError("`{}` did not end within {:.0f} s.".format(" ".join(command), timeout)) from error
    if done.returncode:
        raise UnitError("`{}` failed: {}".format(" ".join(command), (done.stderr or done.stdout).strip()))
    return done.stdout
