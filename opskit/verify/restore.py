"""`opskit verify restore`: undo whatever is armed on the hosts of a cluster."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.change.hosts import PATIENCE_SECONDS, undo_armed
from opskit.errors import Exit
from opskit.inventory.cluster import Cluster, Frozen
from opskit.onhost.kill import START_SECONDS
from opskit.reach.sweep import Outcome
from opskit.report.shapes import Cell, Sentence, Shape, Table

UNITS = 2
"""A host has a nameserver and a broker at most, and the undo of a kill starts one after the other."""
UNDO_SECONDS = START_SECONDS * UNITS + PATIENCE_SECONDS + 15

State = Literal["clean", "undone", "failed", "still at work", "out of reach"]
CODES: dict[State, Exit] = {
    "clean": Exit.HOLDS,
    "undone": Exit.HOLDS,
    "failed": Exit.UNDO_FAILED,
    "still at work": Exit.UNJUDGED,
    "out of reach": Exit.UNJUDGED,
}
LOST: dict[Outcome, State] = {"unreachable": "out of reach", "timeout": "still at work"}


class Restored(Frozen):
    """undone: subjects of the changes that were armed. detail: why it is not known to be undone."""

    host: str
    state: State
    undone: tuple[str, ...] = ()
    detail: str = ""


class RestoreResult(BaseModel):
    """Every host of the cluster."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/verify-restore/1"] = Field(default="opskit/verify-restore/1", alias="schema")
    cluster: str
    hosts: tuple[Restored, ...]


def restore_all(cluster: Cluster) -> RestoreResult:
    """One sweep over all hosts; what is not armed by opskit is not touched."""
    hosts = []
    for host, found in undo_armed([host.endpoint for host in cluster.hosts], UNDO_SECONDS).items():
        if found.outcome == "ok":
            undone = tuple(f"{change['kind']} of {change['subject']}" for change in found.value["undone"])
            hosts.append(Restored(host=host, state="undone" if undone else "clean", undone=undone))
        else:
            hosts.append(Restored(host=host, state=LOST.get(found.outcome, "failed"), detail=found.error))
    return RestoreResult(cluster=cluster.name, hosts=tuple(hosts))


def present(result: RestoreResult) -> Iterator[Shape]:
    """For the terminal."""
    told = [one for one in result.hosts if one.state != "clean"]
    if not told:
        yield Sentence(f"Nothing was armed on the {len(result.hosts)} hosts of {result.cluster}", "good")
        return
    rows = tuple(
        (one.host, Cell(one.state, "good" if one.state == "undone" else "bad"), one.detail or ", ".join(one.undone))
        for one in told
    )
    yield Table(("host", "state", "what"), rows)


def exit_code(result: RestoreResult) -> Exit:
    """Exit 4 where an undo failed, 3 where a host is out of reach or still at work."""
    codes = {CODES[one.state] for one in result.hosts}
    return next(code for code in (Exit.UNDO_FAILED, Exit.UNJUDGED, Exit.HOLDS) if code in codes)
