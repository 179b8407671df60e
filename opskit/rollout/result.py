"""Results of `opskit rollout close-on-timeout`: JSON schemas opskit/rollout-preview/1 and opskit/rollout-prove/1."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.errors import Exit
from opskit.observe.model import Jvm, ProcessRef, Shape
from opskit.observe.peers import Peer
from opskit.observe.prove import Proof
from opskit.rollout.drill_model import DrillOutcome, Moved
from opskit.rollout.plan import Plan


class Unseen(Shape):
    """A host that could not be asked, or that could not tell all."""

    host: str
    why: str


class PlannedJvm(Shape):
    """One JVM, and what is to be done with it."""

    process: ProcessRef
    jvm: Jvm
    plan: Plan


class BrokerLine(Shape):
    """A broker is a client of the nameservers too: what its broker.conf says. declared: the inventory sets it."""

    host: str
    broker: str
    release: str
    close_on_timeout: bool
    declared: bool


class PreviewResult(BaseModel):
    """peers_complete: every server told who is connected, and every broker who they are."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/rollout-preview/1"] = Field(default="opskit/rollout-preview/1", alias="schema")
    cluster: str
    at: datetime
    seconds: float
    jvms: tuple[PlannedJvm, ...]
    brokers: tuple[BrokerLine, ...]
    peers: tuple[Peer, ...]
    unseen: tuple[Unseen, ...]
    """Client hosts of which not all is known."""
    silent: tuple[Unseen, ...]
    """Servers that did not tell who is connected."""

    @property
    def exit(self) -> Exit:
        return Exit.UNJUDGED if self.unseen else Exit.HOLDS


class ProvenJvm(Shape):
    """moved: what it did while its nameserver hung; None where there was no drill."""

    process: ProcessRef
    jvm: Jvm
    proof: Proof
    moved: Moved | None = None

    @property
    def service(self) -> str:
        return f"{self.process.host} {self.jvm.name}"


class ProveResult(BaseModel):
    """fails: one JVM is off; unjudged: none is off, but one is unknown, a host did not tell, or there is no JVM.

    With a drill also: fails where a JVM did not move, or a consumer group stopped; unjudged where one was not tried.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/rollout-prove/1"] = Field(default="opskit/rollout-prove/1", alias="schema")
    cluster: str
    at: datetime
    seconds: float
    judgement: Literal["holds", "fails", "unjudged"]
    jvms: tuple[ProvenJvm, ...]
    unseen: tuple[Unseen, ...]
    drill: DrillOutcome | None = None

    @property
    def exit(self) -> Exit:
        return {"holds": Exit.HOLDS, "fails": Exit.FAILS, "unjudged": Exit.UNJUDGED}[self.judgement]


def judgement(proven: tuple[ProvenJvm, ...], unseen: tuple[Unseen, ...]) -> Literal["holds", "fails", "unjudged"]:
    """Of all JVMs together; nothing proved is nothing that holds."""
    if any(one.proof.verdict == "off" for one in proven):
        return "fails"
    return "holds" if proven and not unseen and all(one.proof.is_on for one in proven) else "unjudged"


def drilled(
    proved: ProveResult, moves: Mapping[tuple[str, int], Moved], drill: DrillOutcome, seconds: float
) -> ProveResult:
    """The proof with a drill. moves: by host and pid."""
    jvms = tuple(one.model_copy(update={"moved": moves[one.process.host, one.jvm.pid]}) for one in proved.jvms)
    stopped = any(one.verdict == "stopped" for tried in drill.rounds for one in tried.consumers)
    verdicts = {move.verdict for move in moves.values()}
    judged = proved.judgement
    if stopped or drill.sick or verdicts & {"stayed", "adrift"}:
        judged = "fails"
    elif verdicts - {"moved"} and judged == "holds":
        judged = "unjudged"
    return proved.model_copy(update={"jvms": jvms, "drill": drill, "judgement": judged, "seconds": seconds})
