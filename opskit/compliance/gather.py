"""Ask every host and every server at once; what they tell becomes evidence."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from opskit.artifacts.bundles import known_server_folder
from opskit.artifacts.own_jars import agent_jar
from opskit.compliance.evidence import DrillSeen, Evidence, Unseen
from opskit.compliance.request import requests
from opskit.compliance.servers import ask_servers
from opskit.errors import OpskitError
from opskit.inventory.cluster import Cluster
from opskit.observe.facts import HostFacts
from opskit.observe.nameservers import owners
from opskit.reach.dial import Dialer
from opskit.reach.sweep import HostResult, asweep
from opskit.render.files import render
from opskit.runs.past import past

UNKNOWN_BUNDLE = "unknown"
"""In place of a bundle's folder: what is rendered with it is not compared."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Bounds:
    """Seconds that one host has, one server, and all of them together."""

    host: float = 20.0
    server: float = 3.0
    deadline: float = 120.0


class _Judged(BaseModel):
    """What is read of a drill's verdict."""

    model_config = ConfigDict(frozen=True)

    judgement: Literal["holds", "fails", "unjudged"]
    undo: str


class _ClientSeen(BaseModel):
    model_config = ConfigDict(frozen=True)

    release: str


class _DrillReport(BaseModel):
    """What is read of a drill's report (opskit/verify/1)."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    scenario: str
    fault: str
    verdict: _Judged
    clients: tuple[_ClientSeen, ...] = ()
    topology: tuple[str, ...] = ()


def gather(cluster: Cluster, bounds: Bounds, say: Say, heard: Callable[[HostResult], None]) -> Evidence:
    """All that can be seen of a cluster now. A host or server that does not answer is part of it. Changes nothing.

    heard is told of each host that answered, or did not.
    """
    return asyncio.run(_gather(cluster, bounds, say, heard))


async def _gather(cluster: Cluster, bounds: Bounds, say: Say, heard: Callable[[HostResult], None]) -> Evidence:
    at, bundles = datetime.now(UTC), _bundles(cluster, say)
    names = {server.release: bundles.get(server.release, UNKNOWN_BUNDLE) for server in cluster.servers}
    asked = requests(cluster, render(cluster, names), _agent(cluster, say), bounds.host)
    async with Dialer(cluster.dial, cluster.acl) as dialer:
        hosts, (nameservers, brokers), resolved = await asyncio.gather(
            asweep(asked, [host.endpoint for host in cluster.hosts], bounds.host, bounds.deadline, heard),
            ask_servers(cluster, bounds.server, dialer),
            asyncio.to_thread(owners, cluster),
        )
    facts, unseen = _told(hosts)
    drills, unreadable = _drills(cluster)
    return Evidence(
        at=at,
        hosts=facts,
        unseen=unseen,
        nameservers=nameservers,
        brokers=brokers,
        drills=drills,
        drills_unreadable=unreadable,
        bundles=bundles,
        owners=resolved,
    )


def _bundles(cluster: Cluster, say: Say) -> dict[str, str]:
    found = {}
    for release in sorted({server.release for server in cluster.servers}):
        try:
            folder = known_server_folder(release, cluster.artifact)
        except OpskitError as error:
            say(f"The jars of {release} are not at hand, so units are not compared: {error.what}")
            continue
        if folder:
            found[release] = folder
    return found


def _agent(cluster: Cluster, say: Say) -> bytes | None:
    """The jar with which agents are asked; None where this controller has none."""
    if not cluster.clients:
        return None
    try:
        return agent_jar(say).path.read_bytes()
    except OpskitError as error:
        say(f"opskit's agent is not at hand, so agents in JVMs are not asked: {error.what}")
        return None


def _told(results: Mapping[str, HostResult]) -> tuple[dict[str, HostFacts], dict[str, Unseen]]:
    facts, unseen = {}, {}
    for host, result in results.items():
        if result.outcome != "ok":
            unseen[host] = Unseen(outcome=result.outcome, error=result.error)
            continue
        told = result.value if isinstance(result.value, dict) else {}
        try:
            facts[host] = HostFacts.model_validate({**told, "heard": result.heard_ns / 1e9})
        except ValidationError as wrong:
            first = wrong.errors()[0]
            error = f"what it told is not understood: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            unseen[host] = Unseen(outcome="garbled", error=error)
    return facts, unseen


def _drills(cluster: Cluster) -> tuple[tuple[DrillSeen, ...], tuple[str, ...]]:
    """Drills that this controller made, newest first, and those whose report cannot be read."""
    found = past(cluster.name, "verify", _DrillReport)
    seen = tuple(
        DrillSeen(
            run=one.identity,
            at=one.report.at,
            judgement=one.report.verdict.judgement,
            undo=one.report.verdict.undo,
            scenario=one.report.scenario,
            fault=one.report.fault,
            topology=one.report.topology,
            client_releases=tuple(sorted({client.release for client in one.report.clients})),
        )
        for one in found.finished
    )
    return seen, tuple(f"{one.identity}: {one.reason}" for one in found.unreadable)
