"""Kill: SIGKILL to every process of the units, which stay down. TCP breaks at once: what a hang is compared with."""

import os
from typing import Any, Dict, List, Tuple

from . import processes, snapshots, units
from .errors import FaultError

FOLDER = "/run/systemd/system"
# RestartForceExitStatus= would win over Restart=no. Nothing is left to stop, but where systemd is not told that a
# cgroup is empty (v1 in a container) a unit of several processes is deactivating for as long, and cannot be started.
DROPIN = "[Service]\nRestart=no\nRestartForceExitStatus=\nTimeoutStopSec=1\n"
DOWN = ("failed", "inactive", "deactivating")
START_SECONDS = 100.0


def typed(request: Dict[str, Any]) -> Tuple[List[str], List[str]]:
    """What injects and what undoes it, as a person would type it."""
    names, paths = " ".join(request["units"]), _dropins(request)
    write = [f"mkdir -p {os.path.dirname(path)} && printf '{DROPIN}' > {path}".replace("\n", "\\n") for path in paths]
    inject = [*write, "systemctl daemon-reload", f"systemctl kill --signal=SIGKILL {names}"]
    start = [f"systemctl reset-failed {names}", f"systemctl start {names}"]
    return inject, [*start, "rm -f {}".format(" ".join(paths)), "systemctl daemon-reload"]


def plan(request: Dict[str, Any]) -> Dict[str, Any]:
    return {"units": request["units"], "dropins": _dropins(request)}


def inject(fault: Dict[str, Any]) -> None:
    for path in fault["dropins"]:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(DROPIN)
    units.systemctl("daemon-reload")
    units.systemctl("kill", "--signal=SIGKILL", *fault["units"])


def effect(fault: Dict[str, Any]) -> Tuple[bool, str]:
    """Shown where every unit is down and no process of it is left."""
    proofs, shown = [], True
    for name in fault["units"]:
        seen = snapshots.unit(name)
        shown = shown and seen.active in DOWN and not seen.processes
        proofs.append(f"{name}: {seen.active}, {len(seen.processes) or 'no'} process")
    return shown, "; ".join(proofs)


def undo(fault: Dict[str, Any]) -> None:
    """Start the units that are down, which takes until they are active, and let systemd restart them again.

    After a reboot the drop-ins are gone with /run, and what starts at boot has started. A unit that does not start
    keeps no other from being started: FaultError then names each.
    """
    failures = []
    try:
        for name in fault["units"] if fault["boot_id"] == processes.boot_id() else ():
            try:
                _start(name)
            except (FaultError, units.UnitError) as error:
                failures.append(str(error))
    finally:
        # last: TimeoutStopSec= bounds how long a start waits for a unit that is deactivating
        for path in fault["dropins"]:
            _remove(path)
        units.systemctl("daemon-reload")
    if failures:
        raise FaultError("; ".join(failures))


def _start(name: str) -> None:
    if snapshots.unit(name).active != "active":
        units.systemctl("reset-failed", name)
        units.systemctl("start", name, timeout=START_SECONDS)
    active = snapshots.unit(name).active
    if active != "active":
        raise FaultError(f"{name} was started and is {active}")


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)
    folder = os.path.dirname(path)
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)


def _dropins(request: Dict[str, Any]) -> List[str]:
    return [
        os.path.join(FOLDER, name + ".d", "opskit-drill-{}.conf".format(request["id"])) for name in request["units"]
    ]
