"""Faults that a drill injects on this host, and their undo: one module a kind."""

import os
import re
import shlex
from typing import Any, Dict, List, Protocol, Tuple

from . import blackhole, changes, freeze, kill, processes, snapshots
from .errors import FaultError

_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}")
_UNIT = re.compile(r"[A-Za-z0-9@_.:-]+\.service")


class Kind(Protocol):
    """What each kind can do. A plan holds all that injecting and undoing need: it is what the undo's record keeps."""

    def typed(self, request: Dict[str, Any]) -> Tuple[List[str], List[str]]: ...
    def plan(self, request: Dict[str, Any]) -> Dict[str, Any]: ...
    def inject(self, fault: Dict[str, Any]) -> None: ...
    def effect(self, fault: Dict[str, Any]) -> Tuple[bool, str]: ...
    def undo(self, fault: Dict[str, Any]) -> None: ...


KINDS: Dict[str, Kind] = {"freeze": freeze, "blackhole": blackhole, "kill": kill}
UNDO: Dict[str, changes.Undo] = {name: kind.undo for name, kind in KINDS.items()}


def commands(request: Dict[str, Any]) -> Dict[str, List[str]]:
    """{arm, inject, undo}: what this fault does to a host, as a person would type it there. Pure: for a dry run."""
    inject, undo = KINDS[request["kind"]].typed(request)
    # not by semicolons: systemd 252 escapes those in a transient unit, and misreads them after a daemon-reload
    armed = changes.timer(request["id"], request["undo_seconds"], ["sh", "-c", " && ".join(undo)])
    return {"arm": [shlex.join(armed)], "inject": inject, "undo": undo}


def plan(request: Dict[str, Any]) -> Dict[str, Any]:
    """Check that this fault can be injected here and now, and plan it. Touches nothing; raises FaultError."""
    if not _IDENTITY.fullmatch(request["id"]):
        raise FaultError("{!r} cannot name a change on a host".format(request["id"]))
    if request["kind"] not in KINDS:
        raise FaultError("{!r} is no fault: {}".format(request["kind"], ", ".join(KINDS)))
    if request["undo_seconds"] <= 0:
        raise FaultError("the undo must come after the fault: undo_seconds is {}".format(request["undo_seconds"]))
    if os.geteuid():
        raise FaultError("faults need root: set ansible_become: true, for sudo")
    _nothing_armed()
    if not request["units"]:
        raise FaultError("no unit to make fail was named")
    for name in request["units"]:
        _sound(name)
    kind = KINDS[request["kind"]]
    return {
        "id": request["id"],
        "boot_id": processes.boot_id(),
        "by_hand": kind.typed(request)[1],
        **kind.plan(request),
    }


def _nothing_armed() -> None:
    """Refuse a second fault on a host; one of an earlier boot, whose timer is gone, is closed first."""
    for identity in changes.armed():
        record = changes.load(identity)
        if record["kind"] in UNDO and record["undo"]["boot_id"] != processes.boot_id():
            changes.undo(identity, UNDO)
        else:
            raise FaultError(
                "the {kind} of {id} is armed on this host: wait until it is over, or undo it".format(**record)
            )


def _sound(name: str) -> None:
    if not _UNIT.fullmatch(name):
        raise FaultError(f"{name!r} is no systemd service")
    seen = snapshots.unit(name)
    if seen.active != "active" or not seen.processes:
        raise FaultError(f"{name} is {seen.active}, and only what runs can be made to fail")
    for process in seen.processes:
        if process.state == processes.STOPPED:
            raise FaultError(
                f"process {process.pid} of {name} is stopped already: kill -CONT {process.pid} lets it go on"
            )
        if process.pid == os.getpid():
            raise FaultError(f"{name} is what this very program runs in")
