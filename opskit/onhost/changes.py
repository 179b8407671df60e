"""Changes that must be undone: written down and armed on this host before they are made.

A record in /var/lib/opskit/changes says what the undo is; a systemd timer runs it at the deadline, whatever became of
the controller. The program that the timer runs is a zip of this very package beside the records.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List, Mapping

from . import archive

FOLDER = "/var/lib/opskit"
RECORDS = os.path.join(FOLDER, "changes")
PATIENCE_SECONDS, RETRY_SECONDS = 900, 5
"""How long the timer's undo tries: what it speaks to may hang or be down at the deadline, and nobody else calls it."""

Undo = Callable[[Dict[str, Any]], None]


def arm(identity: str, kind: str, subject: str, undo: Dict[str, Any], seconds: float) -> None:
    """Write the record and start the timer that undoes it in `seconds`. To be called before the change is made."""
    os.makedirs(RECORDS, mode=0o700, exist_ok=True)
    program = _install()
    record = {"id": identity, "kind": kind, "subject": subject, "undo": undo, "state": "armed", "armed_at": time.time()}
    _store(record)
    subprocess.run(
        [
            "systemd-run",
            "--quiet",
            # a service that failed would keep its name and be in the way of the next one
            "--collect",
            "--unit=" + _timer(identity),
            f"--on-active={seconds:.0f}",
            # transient timers are accurate to a minute unless they are told otherwise
            "--timer-property=AccuracySec=100ms",
            sys.executable,
            program,
            json.dumps({"op": "undo", "id": identity, "patience": PATIENCE_SECONDS}),
        ],
        check=True,
        capture_output=True,
    )


def disarm(identity: str) -> None:
    """The change is over by itself (the restart put it right): stop the timer and close the record.

    Nothing is left to do where the undo was quicker.
    """
    if _load(identity)["state"] == "armed":
        _close(identity, "over")


def undo(identity: str, undos: Mapping[str, Undo], patience_seconds: float = 0) -> Dict[str, Any]:
    """Undo one change and close its record; {id, subject, state}.

    Where the undo fails it is tried again for patience_seconds, unless the change is over meanwhile; then its error is
    raised, and the record stays armed for the next `undo` or `undo_all`.
    """
    end = time.monotonic() + patience_seconds
    while True:
        record = _load(identity)
        if record["state"] != "armed":
            break
        try:
            undos[record["kind"]](record["undo"])
        except Exception:
            if time.monotonic() + RETRY_SECONDS > end:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            _close(identity, "undone")
    return {key: record[key] for key in ("id", "subject", "state")}


def undo_of(subject: str, undos: Mapping[str, Undo]) -> None:
    """Undo what an earlier, interrupted run left armed on one subject, so that a new change starts from what was."""
    for identity in armed():
        if _load(identity)["subject"] == subject:
            undo(identity, undos)


def undo_all(undos: Mapping[str, Undo], patience_seconds: float = 0) -> List[Dict[str, Any]]:
    """Undo every change that is still armed on this host, each as `undo` does."""
    return [undo(identity, undos, patience_seconds) for identity in armed()]


def armed() -> List[str]:
    if not os.path.isdir(RECORDS):
        return []
    names = sorted(name[:-5] for name in os.listdir(RECORDS) if name.endswith(".json"))
    return [identity for identity in names if _load(identity)["state"] == "armed"]


def _close(identity: str, state: str) -> None:
    record = _load(identity)
    record["state"] = state
    # it may hold admin keys, and is of no use any more; the timer's undo may have closed it in this very moment
    record.pop("undo", None)
    _store(record)
    # the timer's own service calls this too: stopping the timer does not stop the service it started
    subprocess.run(["systemctl", "stop", _timer(identity) + ".timer"], capture_output=True, check=False)


def _timer(identity: str) -> str:
    return "opskit-undo-" + identity


def _path(identity: str) -> str:
    return os.path.join(RECORDS, identity + ".json")


def _load(identity: str) -> Dict[str, Any]:
    with open(_path(identity)) as file:
        return dict(json.load(file))


def _store(record: Dict[str, Any]) -> None:
    temporary = _path(record["id"]) + ".new"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, _path(record["id"]))


def _install() -> str:
    """Lay this package down as a zip that python runs; its name carries its hash."""
    program = archive.build()
    path = os.path.join(FOLDER, f"onhost-{hashlib.sha256(program).hexdigest()[:12]}.pyz")
    if not os.path.exists(path):
        with open(path + ".new", "wb") as file:
            file.write(program)
        os.replace(path + ".new", path)
    return path
