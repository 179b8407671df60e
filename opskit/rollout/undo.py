"""undo: each host takes back what is on record there."""

from collections.abc import Sequence

from opskit.change.hosts import audit, everywhere, locked
from opskit.inventory.cluster import Client, Cluster
from opskit.rollout.outcome import UndoneJvm, UndoResult
from opskit.rollout.result import Unseen
from opskit.runs.folder import start

UNDO_SECONDS = 600.0
"""Of one host: every restarted unit has two minutes to come back."""


def undo(cluster: Cluster, clients: Sequence[Client], subjects: Sequence[str], restart: bool) -> UndoResult:
    """Take back the records of these hosts, or of some JVMs on them; restart: units that were restarted for it.

    Raises OpskitError (exit 3) where the lock cannot be had.
    """
    run = start(cluster.name, "rollout")
    endpoints = [client.host.endpoint for client in clients]
    with locked(run, endpoints, UNDO_SECONDS):
        request = {"op": "rollout-undo", "subjects": list(subjects), "restart": restart}
        results = everywhere(request, endpoints, UNDO_SECONDS)
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
