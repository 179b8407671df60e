"""Lock, audit line and undo on all hosts of a cluster, each in one sweep."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Endpoint
from opskit.reach.sweep import HostResult, sweep
from opskit.runs.folder import Run

LOCK_SECONDS = 3600


@contextmanager
def locked(run: Run, endpoints: Sequence[Endpoint]) -> Iterator[None]:
    """Hold the cluster's lock on every host while the body runs.

    Raises OpskitError (exit 3) that names the holder where one host is locked by another run; a holder that ran on
    this machine and is gone is replaced. The lock frees itself after an hour.
    """
    _take(run, endpoints)
    try:
        yield
    finally:
        everywhere({"op": "unlock", "owner": run.identity}, endpoints)


def audit(run: Run, endpoints: Sequence[Endpoint], outcome: str) -> dict[str, HostResult]:
    """Leave one line in /var/log/opskit/audit.log on every host."""
    return everywhere(
        {"op": "audit", "verb": run.verb, "run": run.identity, "by": run.by, "outcome": outcome}, endpoints
    )


def undo_all(endpoints: Sequence[Endpoint]) -> dict[str, HostResult]:
    """Undo every change that is still armed on these hosts."""
    return everywhere({"op": "undo-all"}, endpoints)


def everywhere(request: dict[str, Any], endpoints: Sequence[Endpoint]) -> dict[str, HostResult]:
    return sweep({endpoint.host: request for endpoint in endpoints}, endpoints)


def _take(run: Run, endpoints: Sequence[Endpoint], replace: str = "") -> None:
    request = {
        "op": "lock",
        "owner": run.identity,
        "verb": run.verb,
        "by": run.by,
        "controller": socket.gethostname(),
        "pid": os.getpid(),
        "seconds": LOCK_SECONDS,
        "replace": replace,
    }
    results = everywhere(request, endpoints)
    for host, result in results.items():
        if result.outcome != "ok":
            _release(run, results, endpoints)
            raise OpskitError(f"the cluster lock could not be taken: {result.error}", where=host, code=Exit.UNJUDGED)
        held = result.value["held"]
        if held:
            _release(run, results, endpoints)
            if not replace and _is_dead(held):
                _take(run, endpoints, replace=held["owner"])
                return
            raise OpskitError(
                f"the cluster is locked by {held['verb']} of {held['by']} (run {held['owner']})",
                where=host,
                remedy="Wait until that run ends; its lock frees itself at the latest one hour after it was taken.",
                code=Exit.UNJUDGED,
            )


def _release(run: Run, results: dict[str, HostResult], endpoints: Sequence[Endpoint]) -> None:
    taken = [endpoint for endpoint in endpoints if results[endpoint.host].outcome == "ok"]
    everywhere({"op": "unlock", "owner": run.identity}, taken)


def _is_dead(held: dict[str, Any]) -> bool:
    """Whether the holder ran on this machine and is gone."""
    if held["controller"] != socket.gethostname():
        return False
    try:
        os.kill(held["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
