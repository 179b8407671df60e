"""apply: look, plan, hand the plan to the playbook, and prove what is in force afterwards."""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opskit.artifacts.own_jars import OwnJar
from opskit.change.handover import handed_over, write_host
from opskit.change.hosts import audit, locked
from opskit.inventory.cluster import Cluster
from opskit.observe import survey
from opskit.observe.agent import agent_path
from opskit.paths import assets
from opskit.reach.playbook import Event, PlaybookResult, play
from opskit.rollout.environment import prepare_script
from opskit.rollout.jobs import Job
from opskit.rollout.outcome import ApplyResult, JobOutcome
from opskit.rollout.result import PreviewResult
from opskit.rollout.run import preview, prove_all
from opskit.rollout.select import Selection, hosts
from opskit.rollout.strategy import Around
from opskit.rollout.todo import confirmed, plan_jobs, with_one_restart, without_done, without_hindered_starts
from opskit.runs.folder import Run, start

ROLL_SECONDS = 600.0
"""Beyond restarts and soaks: so long the rest of a host may take before the lock frees itself."""


@dataclass(frozen=True)
class Options:
    """batches: how many client hosts at a time, numbers or percentages; the first is the canary, the last repeats.
    soak: seconds for which each batch is watched. max_fail_percentage: of a batch's hosts, above which the roll stops.
    """

    check: bool = False
    batches: tuple[str, ...] = ("1", "25%")
    soak: float = 10.0
    max_fail_percentage: float = 0.0


def apply(
    cluster: Cluster,
    inventories: Sequence[Path],
    chosen: Sequence[Selection],
    around: Around,
    options: Options,
    agent: OwnJar,
    say: Callable[[str], None],
    on_event: Callable[[Event], None],
) -> tuple[ApplyResult, PreviewResult]:
    """Roll it out to the JVMs that are meant: what became of each and what is in force, and what was seen before.

    Raises OpskitError: exit 2 for a selection that no JVM answers to, exit 3 where the lock cannot be had.
    """
    began = time.monotonic()
    say("Looking at every JVM of the client hosts")
    recorded = survey.standing(hosts(cluster, chosen))
    looked = confirmed(cluster, preview(cluster, chosen, around), around, recorded, agent.path)
    wanted = without_done(plan_jobs(cluster, looked, agent.sha256, around.untested_jdk), recorded)
    possible, hindered = without_hindered_starts(cluster, wanted)
    jobs = with_one_restart(possible)
    run = start(cluster.name, "rollout")
    result = ApplyResult(
        cluster=cluster.name, run=run.identity, outcome="checked", planned=looked.jvms, unseen=looked.unseen, seconds=0
    )
    if not options.check:
        result = _change(cluster, inventories, chosen, options, agent, run, jobs, result, say, on_event)
    result = result.model_copy(update={"jobs": (*result.jobs, *hindered)})
    result = result.model_copy(update={"seconds": round(time.monotonic() - began, 1)})
    run.finish(result)
    return result, looked


def _change(
    cluster: Cluster,
    inventories: Sequence[Path],
    chosen: Sequence[Selection],
    options: Options,
    agent: OwnJar,
    run: Run,
    jobs: Mapping[str, tuple[Job, ...]],
    result: ApplyResult,
    say: Callable[[str], None],
    on_event: Callable[[Event], None],
) -> ApplyResult:
    updates: dict[str, Any] = {"outcome": "done"}
    if jobs:
        endpoints = [host.endpoint for host in cluster.hosts if host.name in jobs]
        longest = sum(one.seconds for host in jobs.values() for one in host) + len(jobs) * options.soak + ROLL_SECONDS
        with locked(run, endpoints, longest):
            said = "broken off"
            try:
                events: list[Event] = []
                played = _play(
                    cluster, inventories, options, agent, run, jobs, lambda one: _note(events, one, on_event)
                )
                updates = {
                    "outcome": played.outcome,
                    "terminated": played.terminated,
                    "jobs": outcomes(jobs, events),
                    "failure": _failure(played, events),
                }
                said = played.outcome
            finally:
                audit(run, endpoints, said)
    say("Proving what is in force")
    return result.model_copy(update=updates | {"proof": prove_all(cluster, chosen, lambda: agent.path)})


def _note(events: list[Event], event: Event, on_event: Callable[[Event], None]) -> None:
    events.append(event)
    on_event(event)


def _play(
    cluster: Cluster,
    inventories: Sequence[Path],
    options: Options,
    agent: OwnJar,
    run: Run,
    jobs: Mapping[str, tuple[Job, ...]],
    handle: Callable[[Event], None],
) -> PlaybookResult:
    script = prepare_script()
    common = {
        "run": run.identity,
        "agent": agent_path(agent.sha256),
        "shared": [
            _shared(agent_path(agent.sha256), agent.path.read_bytes(), "0644"),
            _shared(script.path, script.content.encode(), script.mode),
        ],
        "nameserver_ports": sorted({one.port for one in cluster.nameservers}),
        "broker_ports": sorted({one.port for one in cluster.brokers}),
        "seconds": options.soak,
    }
    with handed_over(run) as folder:
        for host, members in jobs.items():
            write_host(folder, host, {**common, "jobs": [one.model_dump() for one in members]})
        variables = {
            "opskit_manifest": str(folder),
            "opskit_batches": ",".join(options.batches),
            "opskit_max_fail_percentage": f"{options.max_fail_percentage:g}",
        }
        playbook = assets() / "playbooks" / "rollout_close_on_timeout.yml"
        return play(playbook, inventories, variables, list(jobs), handle)


def _shared(path: str, content: bytes, mode: str) -> dict[str, str]:
    return {"path": path, "base64": base64.b64encode(content).decode(), "mode": mode}


def outcomes(jobs: Mapping[str, tuple[Job, ...]], events: Sequence[Event]) -> tuple[JobOutcome, ...]:
    """Of every planned job, from what the hosts told; not begun where nothing was asked of its host."""
    told = {
        (event.host, one["pid"], one["start_ticks"]): one
        for event in events
        if event.outcome in ("ok", "failed")
        for one in event.result.get("jobs", ())
    }
    found = []
    for host, members in jobs.items():
        silent = _silent([event for event in events if event.host == host])
        for one in members:
            mine = told.get((host, one.process.pid, one.process.start_ticks), silent)
            ways = tuple(step.way for step in one.steps)
            found.append(
                JobOutcome(host=host, subject=one.subject, ways=ways, state=mine["state"], sentence=mine["sentence"])
            )
    return tuple(found)


def _silent(events: Sequence[Event]) -> dict[str, Any]:
    """State and sentence of the jobs that a host told nothing of."""
    if not any(event.outcome in ("started", "failed", "unreachable") for event in events):
        return {"state": "not begun", "sentence": ""}
    failed = next((event.sentence for event in events if event.outcome == "failed"), "")
    why = failed or "its host was at it when the connection or opskit went"
    return {"state": "unknown", "sentence": f"{why}; look with prove, or run it again"}


def _failure(played: PlaybookResult, events: Sequence[Event]) -> str:
    if played.outcome != "failed":
        return ""
    for event in events:
        if event.outcome in ("failed", "unreachable"):
            return f"{event.host}: {event.sentence}"
    return played.output[-2000:].strip()
