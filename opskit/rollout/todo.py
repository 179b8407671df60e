"""What is left to do on which host: the jobs of the plans, without what is done and what would not work."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from opskit.inventory.cluster import Client, Cluster
from opskit.reach.sweep import HostResult, sweep
from opskit.rollout import survey
from opskit.rollout.environment import SHOWN, UnitFacts, hindrances
from opskit.rollout.jobs import Job, job
from opskit.rollout.outcome import JobOutcome
from opskit.rollout.result import PreviewResult
from opskit.rollout.run import service_of

AT_START, FLIP = "agent-at-start", "live-flip"


def plan_jobs(
    cluster: Cluster, looked: PreviewResult, agent_sha256: str, untested_jdk: bool
) -> dict[str, tuple[Job, ...]]:
    """By host, what opskit has to do there."""
    found: dict[str, tuple[Job, ...]] = {}
    for one in looked.jvms:
        host = one.process.host
        wanted = job(one.jvm, one.plan, service_of(cluster, host, one.jvm), agent_sha256, untested_jdk)
        if wanted:
            found[host] = (*found.get(host, ()), wanted)
    return found


def without_done(
    cluster: Cluster,
    clients: Sequence[Client],
    looked: PreviewResult,
    jobs: Mapping[str, tuple[Job, ...]],
    agent: Path,
) -> dict[str, tuple[Job, ...]]:
    """The jobs without those that a record says were done to this very process; a flip must be in force there still."""
    recorded = survey.standing(clients)

    def is_recorded(host: str, one: Job) -> bool:
        ways = recorded.get((host, one.process.pid, one.process.start_ticks), ())
        return not one.restart and {step.way for step in one.steps} <= set(ways)

    flipped = {
        (host, one.process.pid)
        for host, members in jobs.items()
        for one in members
        if is_recorded(host, one) and any(step.way == FLIP for step in one.steps)
    }
    wanted = {
        host: [one.jvm for one in looked.jvms if one.process.host == host and (host, one.jvm.pid) in flipped]
        for host in {host for host, _ in flipped}
    }
    asked = survey.reports(cluster, wanted, agent) if wanted else {}

    def is_done(host: str, one: Job) -> bool:
        if (host, one.process.pid) not in flipped:
            return is_recorded(host, one)
        report = asked[host, one.process.pid].report
        return report is not None and report.is_on

    left = {host: tuple(one for one in members if not is_done(host, one)) for host, members in jobs.items()}
    return {host: members for host, members in left.items() if members}


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
            if steps:
                kept[host] = (*kept.get(host, ()), one.model_copy(update={"steps": steps}))
    return kept, tuple(hindered)


def _hindrance(wanted: Job, told: HostResult | None) -> str:
    if told is None or not any(step.way == AT_START for step in wanted.steps):
        return ""
    if told.outcome != "ok":
        return f"its unit could not be looked at: {told.error}"
    return "; ".join(hindrances(wanted.unit or "", UnitFacts(**told.value["units"][wanted.unit])))
