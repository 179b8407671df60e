"""The questions to the hosts: their JVMs, what the agent in a JVM says, who is connected to the servers."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from opskit.inventory.cluster import Client, Cluster
from opskit.observe.agent import agent_options
from opskit.observe.model import AgentReport, Jvm
from opskit.reach.sweep import HostResult, sweep

LOOK_SECONDS = 60.0
"""Of one host: hundreds of jars to read, on disks that are busy."""
AGENT_SECONDS = 15.0
"""Of one JVM, until its agent has answered."""


@dataclass(frozen=True)
class SeenHost:
    """A client host as it told. error: why it did not; refused: what it could not look into, and why."""

    host: str
    jvms: tuple[Jvm, ...] = ()
    boot_id: str | None = None
    error: str = ""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What became of the question to one JVM's agent: a report, or why there is none."""

    report: AgentReport | None
    why: str = ""


def jvms(cluster: Cluster, clients: Sequence[Client]) -> dict[str, SeenHost]:
    """One sweep; a host that did not answer is there with its error. Flows are those to nameservers: brokers hold back
    the answer to a pull for many seconds, which would look like a hang.
    """
    ports = sorted({nameserver.port for nameserver in cluster.nameservers})
    requests = {client.host.name: {"op": "jvms", "ports": ports} for client in clients}
    results = sweep(requests, [client.host.endpoint for client in clients], LOOK_SECONDS)
    return {name: _seen(result) for name, result in results.items()}


def standing(clients: Sequence[Client]) -> dict[tuple[str, int, int], tuple[str, ...]]:
    """(host, pid, start_ticks) → the ways that the host's records say were applied to that process.

    A host that does not answer is told of by `jvms`.
    """
    found: dict[tuple[str, int, int], tuple[str, ...]] = {}
    for host, result in records(clients, {client.host.name: () for client in clients}).items():
        for record in result.value["records"] if result.outcome == "ok" else ():
            if record["state"] == "applied":
                key = host, record["process"]["pid"], record["process"]["start_ticks"]
                found[key] = tuple(dict.fromkeys((*found.get(key, ()), *record["ways"])))
    return found


def records(clients: Sequence[Client], patterns: Mapping[str, Sequence[str]]) -> dict[str, HostResult]:
    """What stands on record on each host of `patterns`: {"records": [{subject, process, state, ways, …}]}.

    patterns: by host, globs of what a record is about; none for all.
    """
    requests = {host: {"op": "rollout-standing", "subjects": list(globs)} for host, globs in patterns.items()}
    return sweep(requests, [client.host.endpoint for client in clients])


def peers(cluster: Cluster) -> dict[str, HostResult]:
    """Of each nameserver and broker host: {"peers": {port: ["ip:port"]}}."""
    requests: dict[str, dict[str, object]] = {}
    for server in (*cluster.nameservers, *cluster.brokers):
        ports = {one.port for one in cluster.servers_on(server.host.name)}
        requests[server.host.name] = {"op": "peers", "ports": sorted(ports)}
    return sweep(requests, [host.endpoint for host in cluster.hosts])


def reports(
    cluster: Cluster, wanted: Mapping[str, Sequence[Jvm]], jar: Path, untested_jdk: bool = False
) -> dict[tuple[str, int], Asked]:
    """Ask opskit's agent in each of these JVMs what is in force; it is loaded where it is not there yet.

    By host and pid. One JVM that does not answer costs its host so many seconds, and no other host any.
    """
    jar_b64 = base64.b64encode(jar.read_bytes()).decode()
    fields = {"op": "agent", "jar_b64": jar_b64, "options": agent_options("report"), "seconds": AGENT_SECONDS}
    asking = {host: members for host, members in wanted.items() if members}
    requests = {
        host: {
            **fields,
            "untested": untested_jdk,
            "jvms": [{"pid": jvm.pid, "start_ticks": jvm.start_ticks} for jvm in members],
        }
        for host, members in asking.items()
    }
    bound = LOOK_SECONDS + AGENT_SECONDS * max(map(len, asking.values()), default=0)
    results = sweep(requests, [host.endpoint for host in cluster.hosts], bound)
    found: dict[tuple[str, int], Asked] = {}
    for host, result in results.items():
        answers = {one["pid"]: one for one in result.value["results"]} if result.outcome == "ok" else {}
        for jvm in asking[host]:
            found[host, jvm.pid] = _asked(answers.get(jvm.pid), result.error)
    return found


def _asked(answer: Mapping[str, object] | None, error: str) -> Asked:
    if answer is None:
        return Asked(None, error or "its host told nothing of it")
    if answer.get("report") is None:
        return Asked(None, str(answer.get("error") or "its agent told nothing"))
    try:
        return Asked(AgentReport.model_validate(answer["report"]))
    except ValidationError as wrong:
        return Asked(None, f"its agent's report is not understood: {_first(wrong)}")


def _seen(result: HostResult) -> SeenHost:
    if result.outcome != "ok":
        return SeenHost(result.host, error=result.error)
    boot_id = result.value.get("boot_id")
    try:
        found = tuple(Jvm.model_validate({"boot_id": boot_id, **one}) for one in result.value["jvms"])
    except ValidationError as wrong:
        return SeenHost(result.host, error=f"what it told of its JVMs is not understood: {_first(wrong)}")
    return SeenHost(result.host, found, boot_id, refused=tuple(result.value.get("refused", ())))


def _first(wrong: ValidationError) -> str:
    first = wrong.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
