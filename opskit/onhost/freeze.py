"""Freeze: SIGSTOP to every process of the units. The kernel still acknowledges TCP: to its peers the server hangs."""

import signal
import time
from typing import Any, Dict, List, Tuple

from . import changes, processes, snapshots
from .errors import FaultError

SETTLE_SECONDS = 5.0
LOOK_SECONDS = 0.01


def typed(request: Dict[str, Any]) -> Tuple[List[str], List[str]]:
    """What injects and what undoes it, as a person would type it."""
    names = " ".join(request["units"])
    return [f"systemctl kill --signal=SIGSTOP {names}"], [f"systemctl kill --signal=SIGCONT {names}"]


def plan(request: Dict[str, Any]) -> Dict[str, Any]:
    """processes: those that are stopped, each written down before it is."""
    return {"units": request["units"], "processes": []}


def inject(fault: Dict[str, Any]) -> None:
    """Stop all, also those that come while this goes on. Raises FaultError where one does not stop."""
    pinned = fault["processes"]
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        moving = [one for one in _living(fault) if one.state != processes.STOPPED]
        if not moving:
            return
        if time.monotonic() > end:
            raise FaultError(f"these do not stop within {SETTLE_SECONDS:g} s: {_states(moving)}")
        known = {(pin["pid"], pin["start_ticks"]) for pin in pinned}
        new = [one for one in moving if (one.pid, one.start_ticks) not in known]
        if new:
            pinned.extend({"pid": one.pid, "start_ticks": one.start_ticks} for one in new)
            changes.amend(fault["id"], fault)
        for one in moving:
            processes.send(one.pid, one.start_ticks, signal.SIGSTOP)
        time.sleep(LOOK_SECONDS)


def effect(fault: Dict[str, Any]) -> Tuple[bool, str]:
    """Shown where every unit has processes and all of them are stopped."""
    proofs, shown = [], True
    for name in fault["units"]:
        found = snapshots.unit(name).processes
        shown = shown and bool(found) and all(one.state == processes.STOPPED for one in found)
        proofs.append("{}: {}".format(name, _states(found) or "no process"))
    return shown, "; ".join(proofs)


def undo(fault: Dict[str, Any]) -> None:
    """Let go on what was stopped, and nothing else. Raises FaultError where one stays stopped."""
    if fault["boot_id"] != processes.boot_id():
        return
    pins = [(pin["pid"], pin["start_ticks"]) for pin in fault["processes"]]
    end = time.monotonic() + SETTLE_SECONDS
    for pid, ticks in pins:
        processes.send(pid, ticks, signal.SIGCONT)
    while True:
        found = [one for one in map(processes.look, (pid for pid, _ in pins)) if one]
        stopped = [one for one in found if (one.pid, one.start_ticks) in pins and one.state == processes.STOPPED]
        if not stopped:
            return
        if time.monotonic() > end:
            raise FaultError(f"these stay stopped: {_states(stopped)}")
        time.sleep(LOOK_SECONDS)


def _living(fault: Dict[str, Any]) -> List[processes.Process]:
    return [one for name in fault["units"] for one in snapshots.unit(name).processes]


def _states(found: List[processes.Process]) -> str:
    return ", ".join(f"process {one.pid} {one.state}" for one in found)
