"""undo: each host takes back what is on record there."""

import math
from collections.abc import Mapping, Sequence

from opskit.change.hosts import ANSWER_SECONDS, audit, locked
from opskit.errors import OpskitError
from opskit.inventory.cluster import Client, Cluster
from opskit.observe import survey
from opskit.reach.sweep import CONNECTS_AT_ONCE, sweep
from opskit.rollout.outcome import UndoneJvm, UndoResult
from opskit.rollout.result import Unseen
from opskit.rollout.select import Selection, hosts
from opskit.runs.folder import start

UNDO_SECONDS = 600.0
"""Of one host: every restarted unit has two minutes to come back."""


def undo(cluster: Cluster, chosen: Sequence[Selection], restart: bool) -> UndoResult:
    """Take back the records of these hosts, or of some JVMs on them; restart: units that were restarted for it.

    Raises OpskitError: exit 2 for names that no record answers to, exit 3 where the lock cannot be had.
    """
    clients = hosts(cluster, chosen)
    wanted = patterns(clients, chosen)
    _refuse_unknown(clients, chosen, wanted)
    run = start(cluster.name, "rollout")
    endpoints = [client.host.endpoint for client in clients]
    with locked(run, endpoints, lock_seconds(len(endpoints))):
        requests = {
            host: {"op": "rollout-undo", "subjects": globs, "restart": restart} for host, globs in wanted.items()
        }
        results = sweep(requests, endpoints, UNDO_SECONDS)
        audit(run, endpoints, "undone")
    result = UndoResult(
        cluster=cluster.name,
        run=run.identity,
        undone=tuple(
            UndoneJvm(host=host, **one)
            for host, found in results.items()
            if found.outcome == "ok"
            for one in found.value["undone"]
        ),
        unseen=tuple(Unseen(host=host, why=found.error) for host, found in results.items() if found.outcome != "ok"),
    )
    run.finish(result)
    return result


def patterns(clients: Sequence[Client], chosen: Sequence[Selection]) -> dict[str, list[str]]:
    """By host, the globs of what is meant there; none where all of it is."""
    found: dict[str, list[str]] = {}
    for host in (client.host.name for client in clients):
        names = [one.name for one in chosen if one.host in (None, host)]
        found[host] = [] if None in names else [name for name in names if name]
    return found


def lock_seconds(count: int) -> float:
    """Longer than so many hosts can take, the audit line included: they are asked a few at a time."""
    return math.ceil(count / CONNECTS_AT_ONCE) * (UNDO_SECONDS + ANSWER_SECONDS)


def _refuse_unknown(
    clients: Sequence[Client], chosen: Sequence[Selection], wanted: Mapping[str, Sequence[str]]
) -> None:
    if not any(wanted.values()):
        return
    results = survey.records(clients, wanted).values()
    if any(result.outcome != "ok" or result.value["records"] for result in results):
        return
    standing = survey.records(clients, dict.fromkeys(wanted, ())).items()
    names = [
        f"{host}/{record['subject']}"
        for host, result in standing
        if result.outcome == "ok"
        for record in result.value["records"]
    ]
    raise OpskitError(
        "nothing on record answers to that",
        where=" ".join(f"--only {one}" for one in chosen),
        remedy=f"On record are {', '.join(dict.fromkeys(names))}." if names else "Nothing is on record there at all.",
    )
