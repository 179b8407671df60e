"""The results of apply and undo: JSON schemas opskit/rollout-apply/1 and opskit/rollout-undo/1."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.errors import Exit, worst
from opskit.observe.model import Shape
from opskit.rollout.result import PlannedJvm, ProveResult, Unseen

State = Literal["applied", "refused", "rolled back", "stuck", "left", "not begun", "unknown"]


class JobOutcome(Shape):
    """What became of one JVM.

    refused: nothing was touched; rolled back: all was put back; stuck: it could not be; left, not begun: the roll
    stopped before it; unknown: its host was asked, and told nothing of it.
    """

    host: str
    subject: str
    ways: tuple[str, ...]
    state: State
    sentence: str = ""


class ApplyResult(BaseModel):
    """checked: nothing was touched. proof: what is in force afterwards; None where nothing was done."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/rollout-apply/1"] = Field(default="opskit/rollout-apply/1", alias="schema")
    cluster: str
    run: str
    outcome: Literal["checked", "done", "failed", "cancelled"]
    terminated: bool = False
    planned: tuple[PlannedJvm, ...]
    jobs: tuple[JobOutcome, ...] = ()
    failure: str = ""
    """Host and sentence of what stopped the roll."""
    unseen: tuple[Unseen, ...] = ()
    proof: ProveResult | None = None
    seconds: float

    @property
    def exit(self) -> Exit:
        """What opskit could do is done and proved: 0. A JVM that it could not help is in the plan, and makes it 1."""
        states = {job.state for job in self.jobs}
        if "stuck" in states:
            return Exit.UNDO_FAILED
        if self.outcome == "cancelled":
            return Exit.TERMINATED if self.terminated else Exit.INTERRUPTED
        if self.outcome == "checked":
            return Exit.UNJUDGED if self.unseen else Exit.HOLDS
        found = [self.proof.exit] if self.proof else []
        if "unknown" in states:
            found.append(Exit.UNJUDGED)
        if self.outcome == "failed" and ("unknown" not in states or states & {"refused", "rolled back"}):
            found.append(Exit.FAILS)
        return worst(found)


class UndoneJvm(Shape):
    """sentences: what somebody else changed meanwhile, what waits for a restart; error: why it is in place still."""

    host: str
    subject: str
    ways: tuple[str, ...]
    sentences: tuple[str, ...] = ()
    error: str = ""


class UndoResult(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/rollout-undo/1"] = Field(default="opskit/rollout-undo/1", alias="schema")
    cluster: str
    run: str
    undone: tuple[UndoneJvm, ...]
    unseen: tuple[Unseen, ...] = ()

    @property
    def exit(self) -> Exit:
        if any(one.error for one in self.undone):
            return Exit.UNDO_FAILED
        return Exit.UNJUDGED if self.unseen else Exit.HOLDS
