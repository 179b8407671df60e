"""What is left to do on which host: the jobs of the plans, without what is done and what would not work."""

from collections.abc import Mapping
from pathlib import Path

from opskit.inventory.cluster import Cluster
from opskit.observe import survey
from opskit.observe.model import Jvm, ProcessRef
from opskit.reach.sweep import HostResult, sweep
from opskit.rollout.environment import SHOWN, UnitFacts, hindrances
from opskit.rollout.jobs import Job, job
from opskit.rollout.outcome import JobOutcome
from opskit.rollout.result import PlannedJvm, PreviewResult
from opskit.rollout.run import service_of
from opskit.rollout.strategy import Around, decide

AT_START, FLIP = "agent-at-start", "live-flip"


def plan_jobs(
    cluster: Cluster, looked: PreviewResult, agent_sha256: str, untested_jdk: bool
) -> dict[str, tuple[Job, ...]]:
    """By host, what opskit has to do there."""
    found: dict[str, tuple[Job, ...]] = {}
    for one in looked.jvms:
        host = one.process.host
        wanted = job(one.process, one.jvm, one.plan, service_of(cluster, host, one.jvm), agent_sha256, untested_jdk)
        if wanted:
            found[host] = (*found.get(host, ()), wanted)
    return found


Records = Mapping[tuple[str, int, int], tuple[str, ...]]
"""(host, pid, start_ticks) → the ways that were applied to that process."""


def confirmed(cluster: Cluster, looked: PreviewResult, around: Around, recorded: Records, agent: Path) -> PreviewResult:
    """The plans once more, with what the agent says where it is already: by a record, or since the start."""

    def has_agent(one: PlannedJvm) -> bool:
        started = bool(one.jvm.own_agent) and not one.jvm.options.attach_disabled
        return bool(one.jvm.clients) and (started or FLIP in recorded.get(_key(one.process), ()))

    wanted: dict[str, list[Jvm]] = {}
    for one in filter(has_agent, looked.jvms):
        wanted.setdefault(one.process.host, []).append(one.jvm)
    asked = survey.reports(cluster, wanted, agent, around.untested_jdk) if wanted else {}

    def again(one: PlannedJvm) -> PlannedJvm:
        found = asked.get((one.process.host, one.jvm.pid))
        if found is None or found.report is None:
            return one
        service = service_of(cluster, one.process.host, one.jvm)
        return one.model_copy(update={"plan": decide(one.jvm, service, around, found.report)})

    return looked.model_copy(update={"jvms": tuple(map(again, looked.jvms))})


def without_done(jobs: Mapping[str, tuple[Job, ...]], recorded: Records) -> dict[str, tuple[Job, ...]]:
    """The jobs without those that wait for somebody's restart only: a record says that all else was done."""

    def is_done(host: str, one: Job) -> bool:
        ways = {step.way for step in one.steps}
        done = recorded.get((host, one.process.pid, one.process.start_ticks), ())
        return not one.restart and FLIP not in ways and ways <= set(done)

    left = {host: tuple(one for one in members if not is_done(host, one)) for host, members in jobs.items()}
    return {host: members for host, members in left.items() if members}


def _key(process: ProcessRef) -> tuple[str, int, int]:
    return process.host, process.pid, process.start_ticks


def without_hindered_starts(
    cluster: Cluster, jobs: Mapping[str, tuple[Job, ...]]
) -> tuple[dict[str, tuple[Job, ...]], tuple[JobOutcome, ...]]:
    """The jobs without the drop-ins that would not work, and each of those with the reason."""
    asked = {
        host: sorted({one.unit for one in members if one.unit and any(step.way == AT_START for step in one.steps)})
        for host, members in jobs.items()
    }
    requests = {
        host: {"op": "unit-facts", "units": units, "shown": list(SHOWN)} for host, units in asked.items() if units
    }
    results = sweep(requests, [host.endpoint for host in cluster.hosts]) if requests else {}
    kept: dict[str, tuple[Job, ...]] = {}
    hindered: list[JobOutcome] = []
    for host, members in jobs.items():
        for one in members:
            why = _hindrance(one, results.get(host))
            steps = tuple(step for step in one.steps if not (why and step.way == AT_START))
            if why:
                hindered.append(
                    JobOutcome(host=host, subject=one.subject, ways=(AT_START,), state="refused", sentence=why)
                )
            if steps or not one.steps:
                kept[host] = (*kept.get(host, ()), one.model_copy(update={"steps": steps}))
    return kept, tuple(hindered)


def with_one_restart(jobs: Mapping[str, tuple[Job, ...]]) -> dict[str, tuple[Job, ...]]:
    """A unit of several JVMs is restarted once, after all else was done to them: a restart ends them all."""
    found = {}
    for host, members in jobs.items():
        ordered = sorted(members, key=lambda one: one.restart)
        last = {one.unit: number for number, one in enumerate(ordered)}
        found[host] = tuple(
            one.model_copy(update={"restart": one.restart and last[one.unit] == number})
            for number, one in enumerate(ordered)
        )
    return found


def _hindrance(wanted: Job, told: HostResult | None) -> str:
    if told is None or not any(step.way == AT_START for step in wanted.steps):
        return ""
    if told.outcome != "ok":
        return f"its unit could not be looked at: {told.error}"
    return "; ".join(hindrances(wanted.unit or "", UnitFacts(**told.value["units"][wanted.unit])))
