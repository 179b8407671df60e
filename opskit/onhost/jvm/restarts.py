"""Restart a unit and see it come back: active, the same process for a while, and healthy by its own word."""

import subprocess
import time
from typing import Optional

from .. import processes, units
from . import process

STEADY_SECONDS = 5.0
"""A service that fails may be started again at once by systemd: it is back when one process has stood so long."""
HEALTH_SECONDS = 30.0
"""So long one run of a declared health command may take."""
LOOK_SECONDS = 0.2


def restart(unit: str, health: str, seconds: float) -> None:
    """Restart and wait. Raises units.UnitError with the unit's last log lines.

    health: a shell command that exits 0 where the service is well, or "". seconds: to be back within.
    """
    since, deadline = time.time(), time.monotonic() + seconds
    # a unit that was started often of late, by a failure or by us, would be refused
    units.systemctl("reset-failed", unit)
    units.systemctl("restart", unit, timeout=units.STOP_SECONDS)
    pid, stood_since, said = 0, time.monotonic(), "its process does not stay"
    while time.monotonic() < deadline:
        now = units.state(unit)
        if now["active"] != "active" or now["pid"] != pid:
            pid, stood_since = now["pid"], time.monotonic()
        elif pid and time.monotonic() - stood_since >= STEADY_SECONDS:
            said = check(health)
            if not said:
                return
        time.sleep(LOOK_SECONDS)
    raise units.UnitError(f"{unit} did not come back within {seconds:.0f} s: {said}.\n{units.journal(unit, since)}")


def check(health: str) -> str:
    """Why the service is not well by its own health command; "" where it is, or declares none."""
    if not health:
        return ""
    try:
        done = subprocess.run(
            ["sh", "-c", health], capture_output=True, text=True, errors="replace", timeout=HEALTH_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"its health command did not end within {HEALTH_SECONDS:.0f} s"
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        return f"its health command exits {done.returncode}" + (f" ({said[-1]})" if said else "")
    return ""


def jvm_of(unit: str) -> Optional[processes.Process]:
    """The JVM that runs in a unit, be it the main process or a child of a start script; None where there is none."""
    for found in processes.of_cgroup(units.properties(unit, "ControlGroup").get("ControlGroup", "")):
        try:
            if process.runtime(found.pid):
                return found
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return None
