"""What a deploy did, or would do: the JSON contract opskit/deploy/1."""

from typing import Literal

from pydantic import ConfigDict, Field

from opskit.artifacts.probe import SmokeResult
from opskit.deploy.decide import HostPlan
from opskit.inventory.cluster import Frozen


class FileResult(Frozen):
    path: str
    diff: str = ""


class RestartResult(Frozen):
    component: str
    reason: str


class HostResult(Frozen):
    """What changed, or would change, on one host."""

    host: str
    releases: tuple[str, ...] = ()
    files: tuple[FileResult, ...] = ()
    restarts: tuple[RestartResult, ...] = ()


class DrainResult(Frozen):
    """seconds: how long the master was read-only before it stopped; still_per_second: what was still stored then."""

    host: str
    seconds: float
    still_per_second: float


class Failure(Frozen):
    """Where and why the roll stopped. unreachable: the host was lost, so that nothing can be said of it."""

    host: str
    unreachable: bool = False
    stage: str
    step: str
    sentence: str


class UndoFailure(Frozen):
    """A host whose broker may still be read-only, and why; the undo armed there tries again from its deadline on."""

    host: str
    reason: str


class Smoke(SmokeResult):
    """What one client host sent and received."""

    host: str

    @property
    def holds(self) -> bool:
        return self.sent == self.received and not self.failed and not self.lost


class DeployResult(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["opskit/deploy/1"] = Field(default="opskit/deploy/1", alias="schema")
    cluster: str
    run: str
    outcome: Literal["done", "failed", "cancelled", "checked"]
    terminated: bool = False
    """Cancelled by SIGTERM or SIGHUP, not by Ctrl-C."""
    changed: tuple[HostResult, ...]
    """What differed before the run; with --check, what a run would change."""
    unchanged: tuple[str, ...]
    pending: tuple[str, ...] = ()
    """Hosts that still differ, because the roll stopped before or on them."""
    drains: tuple[DrainResult, ...] = ()
    undrained: tuple[str, ...] = ()
    """Masters that were restarted without a drain, since no other one took writes."""
    failure: Failure | None = None
    undone: tuple[str, ...] = ()
    """Hosts whose drain was undone because the run was cut off."""
    undo_failed: tuple[UndoFailure, ...] = ()
    smoke: tuple[Smoke, ...] = ()
    smoke_unjudged: str = ""
    """Why the smoke test could not be judged."""
    seconds: float

    @property
    def restarts(self) -> int:
        return sum(len(host.restarts) for host in self.changed)


def host_result(plan: HostPlan) -> HostResult:
    return HostResult(
        host=plan.host,
        releases=plan.releases,
        files=tuple(FileResult(path=change.path, diff=change.diff) for change in plan.files),
        restarts=tuple(RestartResult(component=restart.component, reason=restart.reason) for restart in plan.restarts),
    )
