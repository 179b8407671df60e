"""What a rollout did on this host: written down before it is done, kept until it is undone.

The records lie beside those of armed changes, with states of their own, so that no timer and no `verify restore` undoes
what is meant to stay.
"""

import fcntl
import json
import os
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, Dict, Iterator, List

from .. import changes
from ..errors import FaultError

KIND = "close-on-timeout"
BEGUN, APPLIED, UNDONE = "begun", "applied", "undone"
"""begun: interrupted half-way; it may be undone, or done again."""
LOCK = "/run/opskit/rollout.lock"


@contextmanager
def exclusively() -> Iterator[None]:
    """While the body runs no other apply or undo is at work here: one may go on after its controller is gone.

    Raises FaultError where one is.
    """
    os.makedirs(os.path.dirname(LOCK), mode=0o755, exist_ok=True)
    with open(LOCK, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FaultError("another rollout is still at work on this host; try again when it is done") from None
        yield


def keep(record: Dict[str, Any]) -> None:
    """Write a record down: {id, kind, subject, state, steps, …}."""
    os.makedirs(changes.RECORDS, mode=0o700, exist_ok=True)
    changes.store(record)


def standing() -> List[Dict[str, Any]]:
    """Records that are not undone, oldest first."""
    if not os.path.isdir(changes.RECORDS):
        return []
    found = [_load(name) for name in os.listdir(changes.RECORDS) if name.endswith(".json")]
    mine = [one for one in found if one["kind"] == KIND and one["state"] != UNDONE]
    return sorted(mine, key=lambda one: (float(one["at"]), str(one["id"])))


def others(record: Dict[str, Any]) -> List[Dict[str, Any]]:
    """What stands beside this one."""
    return [one for one in standing() if one["id"] != record["id"]]


def is_meant(record: Dict[str, Any], patterns: List[str]) -> bool:
    """Whether one of these globs names its subject, with or without .service, or its pid; no pattern means all."""
    subject = record["subject"]
    short = subject[: -len(".service")] if subject.endswith(".service") else subject
    names = (subject, short, str(record["process"]["pid"]))
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _load(name: str) -> Dict[str, Any]:
    with open(os.path.join(changes.RECORDS, name)) as file:
        return dict(json.load(file))
