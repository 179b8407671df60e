"""The cluster lock of this host, and the audit line that every changing verb leaves.

A lock names its owner and its deadline. It lives in /run, so that a reboot frees it.
"""

import fcntl
import json
import os
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator

LOCK = "/run/opskit/lock.json"
AUDIT = "/var/log/opskit/audit.log"


def take(request: Dict[str, Any]) -> Dict[str, Any]:
    """Take or renew the lock: request {owner, verb, by, process, seconds, replace}.

    Returns {held: record} where it is another's, {held: None} where it is now ours.

    A lock is free once its deadline is past, or where `replace` names its owner: one that is known to be gone.
    """
    with _exclusive() as file:
        text = file.read()
        held = json.loads(text) if text else None
        ours = (request["owner"], *request["replace"])
        if held and held["owner"] not in ours and held["until"] > time.time():
            return {"held": held}
        record = {key: request[key] for key in ("owner", "verb", "by", "process")}
        record["until"] = time.time() + request["seconds"]
        _rewrite(file, json.dumps(record))
        return {"held": None}


def release(request: Dict[str, Any]) -> Dict[str, Any]:
    """Free the lock if it is this owner's."""
    with _exclusive() as file:
        text = file.read()
        if text and json.loads(text)["owner"] == request["owner"]:
            _rewrite(file, "")
        return {}


def audit(request: Dict[str, Any]) -> Dict[str, Any]:
    """Append {at, verb, run, by, outcome} to the audit log."""
    os.makedirs(os.path.dirname(AUDIT), mode=0o750, exist_ok=True)
    line = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    line.update((key, request[key]) for key in ("verb", "run", "by", "outcome"))
    with open(AUDIT, "a") as file:
        file.write(json.dumps(line) + "\n")
    return {}


@contextmanager
def _exclusive() -> Iterator[Any]:
    os.makedirs(os.path.dirname(LOCK), mode=0o755, exist_ok=True)
    with open(LOCK, "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield file


def _rewrite(file: Any, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
