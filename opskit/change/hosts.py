"""Lock, audit line and undo on all hosts of a cluster, each in one sweep."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from opskit.change.process import Process, current, is_gone
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Endpoint
from opskit.reach.playbook import STOPS
from opskit.reach.sweep import HostResult, sweep
from opskit.runs.folder import Run

ANSWER_SECONDS = 30.0
PATIENCE_SECONDS = 15
"""So long a host tries an undo that fails again: a broker that is just stopping may take a call and not answer it."""


@contextmanager
def locked(run: Run, endpoints: Sequence[Endpoint], seconds: float) -> Iterator[None]:
    """Hold the cluster's lock on every host while the body runs.

    seconds: after which the lock frees itself; more than the body can take. Raises OpskitError (exit 3) that names the
    holder where one host is locked by another run; a holder that ran on this machine and is gone is replaced.
    """
    try:
        _take(run, endpoints, seconds)
        yield
    finally:
        # on all, also where none was granted: a host whose answer was lost may have granted it
        everywhere({"op": "unlock", "owner": run.identity}, endpoints)


def audit(run: Run, endpoints: Sequence[Endpoint], outcome: str) -> dict[str, HostResult]:
    """Leave one line in /var/log/opskit/audit.log on every host."""
    return everywhere(
        {"op": "audit", "verb": run.verb, "run": run.identity, "by": run.by, "outcome": outcome}, endpoints
    )


def undo_all(endpoints: Sequence[Endpoint]) -> dict[str, HostResult]:
    """Undo what a run of this process left armed; a second Ctrl-C does not cut it short (30 s at most for a host)."""
    with _uninterrupted():
        return undo_armed(endpoints, ANSWER_SECONDS)


def undo_armed(endpoints: Sequence[Endpoint], timeout_seconds: float) -> dict[str, HostResult]:
    """Undo every change that is still armed on these hosts; timeout_seconds bounds each on its own."""
    return everywhere({"op": "undo-all", "patience": PATIENCE_SECONDS}, endpoints, timeout_seconds)


def everywhere(
    request: dict[str, Any], endpoints: Sequence[Endpoint], timeout_seconds: float = ANSWER_SECONDS
) -> dict[str, HostResult]:
    return sweep({endpoint.host: request for endpoint in endpoints}, endpoints, timeout_seconds)


def _take(run: Run, endpoints: Sequence[Endpoint], seconds: float, replace: Sequence[str] = ()) -> None:
    request = {
        "op": "lock",
        "owner": run.identity,
        "verb": run.verb,
        "by": run.by,
        "process": current().model_dump(),
        "seconds": seconds,
        "replace": replace,
    }
    results = everywhere(request, endpoints)
    for host, result in results.items():
        if result.outcome != "ok":
            raise OpskitError(f"the cluster lock could not be taken: {result.error}", where=host, code=Exit.UNJUDGED)
    held = {host: result.value["held"] for host, result in results.items() if result.value["held"]}
    living = {host: lock for host, lock in held.items() if not is_gone(Process(**lock["process"]))}
    if held and not living and not replace:
        _take(run, endpoints, seconds, replace=sorted({lock["owner"] for lock in held.values()}))
    elif held:
        host, lock = next(iter((living or held).items()))
        until = datetime.fromtimestamp(lock["until"], UTC)
        raise OpskitError(
            f"the cluster is locked by {lock['verb']} of {lock['by']} (run {lock['owner']})",
            where=host,
            remedy=f"Wait until that run ends; its lock frees itself at {until:%Y-%m-%d %H:%M} UTC at the latest.",
            code=Exit.UNJUDGED,
        )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in STOPS}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
