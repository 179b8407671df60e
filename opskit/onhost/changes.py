"""Changes that must be undone: written down and armed on this host before they are made.

A record in /var/lib/opskit/changes says what the undo is; a systemd timer runs it at the deadline, whatever became of
the controller. The program that the timer runs is a zip of this very package beside the records.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping

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
    store(record)
    request = {"op": "undo", "id": identity, "patience": PATIENCE_SECONDS}
    try:
        subprocess.run(
            timer(identity, seconds, [sys.executable, program, json.dumps(request)]), check=True, capture_output=True
        )
    except Exception:
        # nothing is changed yet, and nobody would ever close it
        _close(identity, "not armed")
        raise


def timer(identity: str, seconds: float, command: List[str]) -> List[str]:
    """The command that has systemd run another one in `seconds`."""
    return [
        "systemd-run",
        "--quiet",
        # a service that failed would keep its name and be in the way of the next one
        "--collect",
        "--unit=" + _timer_unit(identity),
        f"--on-active={seconds:.0f}",
        # transient timers are accurate to a minute unless they are told otherwise
        "--timer-property=AccuracySec=100ms",
        *command,
    ]


def amend(identity: str, undo: Dict[str, Any]) -> None:
    """Write down more of what the undo is, before more is changed; for the one who made the change."""
    store(dict(load(identity), undo=undo))


def disarm(identity: str) -> None:
    """The change is over by itself (the restart put it right): stop the timer and close the record.

    Nothing is left to do where the undo was quicker.
    """
    with exclusively(identity):
        if is_armed(identity):
            _close(identity, "over")


def undo(identity: str, undos: Mapping[str, Undo], patience_seconds: float = 0) -> Dict[str, Any]:
    """Undo one change and close its record; {id, subject, state}.

    Where the undo fails it is tried again for patience_seconds, unless the change is over meanwhile; then its error is
    raised, and the record stays armed for the next `undo` or `undo_all`.
    """
    end = time.monotonic() + patience_seconds
    while True:
        with exclusively(identity):
            record = load(identity)
            if record["state"] != "armed":
                return {key: record[key] for key in ("id", "subject", "state")}
            try:
                undos[record["kind"]](record["undo"])
            except Exception:
                if time.monotonic() + RETRY_SECONDS > end:
                    raise
            else:
                _close(identity, "undone")
                continue
        time.sleep(RETRY_SECONDS)


def undo_of(subject: str, undos: Mapping[str, Undo]) -> None:
    """Undo what an earlier, interrupted run left armed on one subject, so that a new change starts from what was."""
    for identity in armed():
        if load(identity)["subject"] == subject:
            undo(identity, undos)


def undo_all(undos: Mapping[str, Undo], patience_seconds: float = 0) -> List[Dict[str, Any]]:
    """Undo every change that is still armed on this host; what fails is tried again for patience_seconds.

    One that fails keeps no other from being undone: a drain cannot be while its broker is frozen. Then its error is
    raised.
    """
    end, done = time.monotonic() + patience_seconds, []
    while True:
        failure = None
        for identity in armed():
            try:
                done.append(undo(identity, undos))
            except Exception as error:
                failure = error
        if failure is None:
            return done
        if time.monotonic() + RETRY_SECONDS > end:
            raise failure
        time.sleep(RETRY_SECONDS)


def armed() -> List[str]:
    if not os.path.isdir(RECORDS):
        return []
    names = sorted(name[:-5] for name in os.listdir(RECORDS) if name.endswith(".json"))
    return [identity for identity in names if is_armed(identity)]


def is_armed(identity: str) -> bool:
    return bool(load(identity)["state"] == "armed")


@contextmanager
def exclusively(identity: str) -> Iterator[None]:
    """While the body runs, no other process makes or undoes this change: an undo never meets it half made."""
    with open(_path(identity)[:-5] + ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def load(identity: str) -> Dict[str, Any]:
    """The record: {id, kind, subject, state, armed_at} and, while it is armed, undo."""
    with open(_path(identity)) as file:
        return dict(json.load(file))


def store(record: Dict[str, Any]) -> None:
    """Write a record down atomically, readable by root alone."""
    temporary = _path(record["id"]) + ".new"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, _path(record["id"]))


def _close(identity: str, state: str) -> None:
    record = load(identity)
    record["state"] = state
    # it may hold admin keys, and is of no use any more
    del record["undo"]
    store(record)
    # the timer's own service calls this too: stopping the timer does not stop the service it started
    subprocess.run(["systemctl", "stop", _timer_unit(identity) + ".timer"], capture_output=True, check=False)


def _timer_unit(identity: str) -> str:
    return "opskit-undo-" + identity


def _path(identity: str) -> str:
    return os.path.join(RECORDS, identity + ".json")


def _install() -> str:
    """Lay this package down as a zip that python runs; its name carries its hash."""
    program = archive.build()
    path = os.path.join(FOLDER, f"onhost-{hashlib.sha256(program).hexdigest()[:12]}.pyz")
    if not os.path.exists(path):
        with open(path + ".new", "wb") as file:
            file.write(program)
        os.replace(path + ".new", path)
    return path
