"""The result of `opskit plan`: JSON schema opskit/plan/1."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.finding import Finding
from opskit.inventory.cluster import Cluster
from opskit.inventory.placement import declared
from opskit.plan.judge import Judged


class Server(BaseModel):
    """One server as it would be deployed."""

    model_config = ConfigDict(frozen=True)

    host: str
    role: Literal["nameserver", "broker", "controller"]
    address: str
    release: str
    broker_name: str | None = None
    broker_id: int | None = None
    broker_role: str | None = None
    rack: str | None = None
    hypervisor: str | None = None


class ClientHost(BaseModel):
    model_config = ConfigDict(frozen=True)

    host: str
    address: str
    releases: tuple[str, ...]


class PlanResult(BaseModel):
    """cluster and environment are null, and the placement empty, where the variables make no cluster."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/plan/1"] = Field(default="opskit/plan/1", alias="schema")
    outcome: Literal["holds", "rejected"]
    sources: tuple[str, ...]
    cluster: str | None = None
    environment: str | None = None
    servers: tuple[Server, ...] = ()
    clients: tuple[ClientHost, ...] = ()
    errors: int
    warnings: int
    findings: tuple[Finding, ...]


def result(judged: Judged) -> PlanResult:
    """What `opskit plan` says about a judged declaration."""
    cluster = judged.cluster
    return PlanResult(
        outcome="rejected" if judged.errors else "holds",
        sources=tuple(str(source) for source in judged.sources),
        cluster=cluster.name if cluster else None,
        environment=cluster.environment if cluster else None,
        servers=_servers(cluster) if cluster else (),
        clients=_clients(cluster) if cluster else (),
        errors=len(judged.errors),
        warnings=len(judged.warnings),
        findings=judged.findings,
    )


def _servers(cluster: Cluster) -> tuple[Server, ...]:
    roles = {broker.host.name: broker.role for broker in cluster.brokers}
    return tuple(
        Server(
            host=placed.host.name,
            role=placed.role,
            address=f"{placed.host.address}:{placed.port}",
            release=placed.release,
            broker_name=placed.pair or None,
            broker_id=placed.broker_id if placed.role == "broker" else None,
            broker_role=roles[placed.host.name] if placed.role == "broker" else None,
            rack=placed.host.rack,
            hypervisor=placed.host.hypervisor,
        )
        for placed in declared(cluster).servers
    )


def _clients(cluster: Cluster) -> tuple[ClientHost, ...]:
    return tuple(
        ClientHost(host=client.host.name, address=client.host.address, releases=client.releases)
        for client in cluster.clients
    )
