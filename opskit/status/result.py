"""The result of `opskit status`: JSON schema opskit/status/1."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.errors import Exit
from opskit.finding import Finding
from opskit.inventory.cluster import BrokerRole
from opskit.status.condition import State

Judgement = Literal["holds", "fails", "unjudged"]


class Server(BaseModel):
    """What every server shows. release is what it reports, null where it did not answer."""

    model_config = ConfigDict(frozen=True)

    host: str
    address: str
    state: State
    detail: str = ""
    release: str | None
    declared_release: str
    seconds: float
    """Until the slowest of its answers, or until it was given up."""


class NameserverStatus(Server):
    brokers: dict[str, str] | None
    """What it knows of this cluster: "broker-a id 0" → address; null where it did not say."""


class BrokerStatus(Server):
    broker_name: str
    broker_id: int
    role: BrokerRole
    permission: int | None
    """brokerPermission in force: 6 read and written, 4 drained."""
    registered_with: tuple[str, ...]
    """Hosts of the nameservers that know it under its declared address."""
    behind_bytes: int | None
    """A slave's distance to its master; null for a master, and where one of the two did not answer."""
    put_tps: float | None
    """Messages stored per second over the last 10 s."""


class StatusReport(BaseModel):
    """holds: every server answers as declared. unjudged: not one server could be reached."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/status/1"] = Field(default="opskit/status/1", alias="schema")
    cluster: str
    at: datetime
    judgement: Judgement
    nameservers: tuple[NameserverStatus, ...]
    brokers: tuple[BrokerStatus, ...]
    topics_on_one_master: dict[str, tuple[str, ...]]
    """Broker name → the topics that live on it and on no other master."""
    findings: tuple[Finding, ...]

    @property
    def ills(self) -> tuple[str, ...]:
        """A sentence for each error; empty where the cluster is healthy."""
        return tuple(f"{one.subject}: {one.sentence}" for one in self.findings if one.severity == "error")

    @property
    def exit(self) -> Exit:
        return {"holds": Exit.HOLDS, "fails": Exit.FAILS, "unjudged": Exit.UNJUDGED}[self.judgement]
