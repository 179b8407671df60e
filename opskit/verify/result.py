"""The result of `opskit verify failover`: JSON schema opskit/verify/1. Seconds are seconds, null where none."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.inventory.cluster import Frozen
from opskit.predict.result import Prediction

Event = Literal["fault", "thaw"]
WindowOutcome = Literal["never failed", "recovered", "flapped", "not recovered", "not judged"]
Judgement = Literal["holds", "fails", "unjudged"]
Undo = Literal["restored", "failed", "nothing to undo"]


class Window(Frozen):
    """How one path of one client came through the fault, or through the thaw after it.

    seconds: time to recover, from the event to the first success after which nothing fails for the stable time; 0 where
    nothing failed. at_least: not recovered, and seconds is what was proven: as long as it was watched, or up to the
    last return to success where the stable time no longer fitted. outage_seconds: from the start of the first operation
    that failed. flaps: how often it failed again after a success. resolution: interval of the operations and error of
    the clocks. limit_seconds: what it is judged against; null: shown only. reason: why it was not judged, or a silence
    that counts though nothing failed in it.
    """

    client: str
    path: str
    event: Event
    outcome: WindowOutcome
    seconds: float | None
    at_least: bool = False
    outage_seconds: float | None = None
    flaps: int = 0
    failed: int
    attempted: int
    resolution_seconds: float
    limit_seconds: float | None = None
    reason: str = ""


class PathSummary(Frozen):
    """All clients of one path and event: the maximum is judged, p99 and p50 are shown.

    Of those that were judged; null where a client that has not recovered decides the figure.
    """

    path: str
    event: Event
    clients: int
    not_recovered: int
    not_judged: int = 0
    max_seconds: float | None
    p99_seconds: float | None
    p50_seconds: float | None
    failed: int
    attempted: int
    limit_seconds: float | None


class Ledger(Frozen):
    """What became of the messages, in the words of Jepsen's total-queue checker, and `late`.

    attempted = acknowledged + failed + indeterminate. lost: acknowledged, never received. recovered: indeterminate, and
    received. unexpected: never sent, or received although refused. late: received, but only after the undo and later
    than the consume deadline.
    """

    client: str
    attempted: int
    acknowledged: int
    failed: int
    indeterminate: int
    received: int
    lost: int
    duplicated: int
    unexpected: int
    recovered: int
    late: int


class FreshClients(Frozen):
    """Fresh clients during the fault, by the nameserver that they met first."""

    path: str
    nameserver: str
    failed: int
    attempted: int


class Verdict(Frozen):
    """in_this_run_only: it held, but the closed-form worst case exceeds the window."""

    judgement: Judgement
    reasons: tuple[str, ...]
    undo: Undo
    in_this_run_only: bool = False


class ClientSeen(Frozen):
    """A probing client and the nameservers that its instances were attached to just before the fault."""

    name: str
    host: str
    release: str
    layout: str
    nameservers: tuple[str, ...]


class Victim(Frozen):
    """units: systemd units that the fault was in effect on; proof: what showed it."""

    host: str
    units: tuple[str, ...]
    proof: str
    shown: int
    """How often the fault was seen in effect."""
    missed: int


class VerifyResult(BaseModel):
    """One drill, judged."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/verify/1"] = Field(default="opskit/verify/1", alias="schema")
    cluster: str
    run: str
    folder: str
    at: datetime
    scenario: str
    fault: str
    victims: tuple[Victim, ...]
    clients: tuple[ClientSeen, ...]
    hold_seconds: float
    """How long the fault was in effect."""
    stable_seconds: float
    verdict: Verdict
    summaries: tuple[PathSummary, ...]
    windows: tuple[Window, ...]
    longest_gap_seconds: float | None
    """Longest time in which a consumer received nothing, over all clients, between fault and undo."""
    fresh: tuple[FreshClients, ...]
    ledger: Ledger
    """All clients together."""
    ledgers: tuple[Ledger, ...]
    predictions: tuple[Prediction, ...]
    notes: tuple[str, ...] = ()
    """What a reader must know: a part of the history that is missing, a clock that stepped."""
    commands: tuple[str, ...] = ()
    """What was done on which host, as a person would type it."""
    environment: dict[str, str] = {}
    topology: tuple[str, ...] = ()
    """Each server as "component host release", sorted."""
