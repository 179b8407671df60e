"""A drill from the first check to the report. Composes: every decision is made elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from opskit.artifacts.bundles import Bundle, bundle
from opskit.change.hosts import audit, locked
from opskit.change.stopping import until_stopped
from opskit.change.topic import create_on_every_master
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Cluster
from opskit.reach.sweep import sweep
from opskit.render.layout import CLIENT_RELEASES
from opskit.runs.folder import Run, start
from opskit.status.ask import ask_now
from opskit.status.elected import as_elected
from opskit.status.judge import judge as judge_status
from opskit.verify import history
from opskit.verify.drill import BASELINE_SECONDS, HEALTHY_SECONDS, Drill, Tick, unhealthy
from opskit.verify.history import History, Record
from opskit.verify.options import Options, late_seconds
from opskit.verify.outcome import outcome
from opskit.verify.paused import PausedHosts, Pauser
from opskit.verify.plan import plan
from opskit.verify.probes import QUEUES, READY_SECONDS, TOPIC, Probes
from opskit.verify.result import VerifyResult
from opskit.verify.showing.reports import write_reports
from opskit.verify.undone import left
from opskit.verify.victims import Fault, HeldFault, Victim

Say = Callable[[str], None]
HISTORY = "history.jsonl.zst"
SLOW_SECONDS = 400.0
"""For what else a drill waits for where hosts are slow: seats, the effect, the undo, the histories."""


def verify(
    cluster: Cluster, options: Options, say: Say, tell: Callable[[Tick], None], pauser: Pauser | None = None
) -> VerifyResult:
    """Make one drill and judge it. pauser: for the fault freeze-host.

    Raises OpskitError: exit 2 where the drill must not be made, exit 3 where nothing could be measured; nothing is
    injected then, or it is undone. KeyboardInterrupt and SystemExit(143) come after the undo.
    """
    planned = plan(cluster, options)
    wanted = sorted({release for client in cluster.clients for release in client.releases})
    bundles = {release: bundle("client", release, cluster.artifact, say) for release in wanted}
    _refuse_unready(cluster, bundles)
    answers = ask_now(cluster)
    status = judge_status(cluster, answers)
    if status.judgement != "holds":
        raise unhealthy(status)
    # who is master now: a plan that is only shown asks nobody
    cluster = as_elected(cluster, answers)
    planned = plan(cluster, options)
    run = start(cluster.name, "verify")
    endpoints = [host.endpoint for host in cluster.hosts]
    longest = READY_SECONDS + BASELINE_SECONDS + planned.hold_seconds + HEALTHY_SECONDS
    longest += planned.settle_seconds + late_seconds(planned.thaw_seconds) + SLOW_SECONDS
    probes = Probes(cluster, options.clients, bundles, planned, longest)
    with locked(run, endpoints, longest):
        create_on_every_master(cluster, TOPIC, QUEUES)
        at = datetime.now(UTC)
        drill = Drill(cluster, options, run, probes, _fault_on(pauser), tell, say)
        said = "broken off"
        try:
            until_stopped(_recorded(drill, probes, run, say))
            say("Judging")
            recorded = history.read(run.folder / HISTORY)
            result = outcome(cluster, options, run, at, drill.recording, recorded, probes.commands())
            said = result.verdict.judgement
        except BaseException as error:
            if still := left(drill.recording.victims):
                raise OpskitError(
                    "the undo is not confirmed: " + " ".join(still),
                    remedy="Run opskit verify restore until nothing is armed.",
                    code=Exit.UNDO_FAILED,
                ) from error
            raise
        finally:
            audit(run, endpoints, said)
    _keep(run, result, recorded, say)
    return result


def _fault_on(pauser: Pauser | None) -> Callable[[Sequence[Victim], Callable[[Record], None]], Fault]:
    return (lambda victims, record: PausedHosts(victims, pauser, record)) if pauser else HeldFault


async def _recorded(drill: Drill, probes: Probes, run: Run, say: Say) -> None:
    """The drill, and whatever became of it, its history on this machine; only then the probes' own copies go."""
    try:
        await drill.go()
    finally:
        say("Fetching the histories")
        collected = [record async for record in probes.collect(run.folder)]
        try:
            history.write(run.folder / HISTORY, [drill.header(), *drill.recording.records, *collected])
        except OSError:
            say(f"What the probes wrote is kept in {run.folder} and on their hosts")
            raise
        for place in await probes.tidy(run.folder):
            say(f"Left behind: {place}")


def _keep(run: Run, result: VerifyResult, recorded: History, say: Say) -> None:
    """A verdict that was reached is told, whether this machine's disk takes its reports or not."""
    try:
        write_reports(run, result, recorded)
        run.finish(result)
    except OSError as error:
        say(f"The reports could not be written to {run.folder}: {error.strerror}")


def _refuse_unready(cluster: Cluster, bundles: Mapping[str, Bundle]) -> None:
    """Every client host can be asked, and has the probe and a Java."""
    folders = {
        client.host.name: [f"{CLIENT_RELEASES}/{bundles[release].folder}/lib" for release in client.releases]
        for client in cluster.clients
    }
    requests = {host: {"op": "survey", "java": cluster.java, "folders": wanted} for host, wanted in folders.items()}
    for host, answer in sweep(requests, [client.host.endpoint for client in cluster.clients]).items():
        if answer.outcome != "ok":
            raise OpskitError(f"the client host could not be asked: {answer.error}", where=host, code=Exit.UNJUDGED)
        missing = [folder for folder in folders[host] if answer.value["folders"][folder]["empty"]]
        if missing:
            raise OpskitError(
                f"the probe is not there: {', '.join(missing)}",
                where=host,
                remedy="Run opskit deploy: it lays the clients' jars down beside the servers'. Nothing was injected.",
                code=Exit.UNJUDGED,
            )
        if answer.value["java"] is None:
            raise OpskitError(f"{cluster.java} does not run", where=host, code=Exit.UNJUDGED)
