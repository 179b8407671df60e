"""The deploy: survey, preflight, lock, roll, smoke test. Composes; every decision is made elsewhere."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opskit.artifacts.bundles import Bundle, bundle
from opskit.change.handover import handed_over
from opskit.change.hosts import audit, locked, undo_all
from opskit.deploy import manifest
from opskit.deploy.account import changed, drains, failure, pending, undrained
from opskit.deploy.decide import check_limit
from opskit.deploy.present import undo_failed
from opskit.deploy.result import DeployResult, Failure, Smoke, UndoFailure, host_result
from opskit.deploy.smoke import smoke
from opskit.deploy.survey import Surveyed, survey
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Broker, Cluster, Nameserver
from opskit.onhost import units
from opskit.paths import assets
from opskit.reach.playbook import Event, play
from opskit.render.files import RenderedHost, render
from opskit.runs.folder import Run, start
from opskit.status.gate import wait_for_gate


@dataclass(frozen=True)
class Options:
    check: bool = False
    limit: tuple[str, ...] = ()
    smoke: bool = True


@dataclass(frozen=True)
class Prepared:
    """What is rendered and packed before any host is asked."""

    rendered: Mapping[str, RenderedHost]
    servers: Mapping[str, Bundle]
    clients: Mapping[str, Bundle]


Say = Callable[[str], None]


def prepare(cluster: Cluster, say: Say) -> Prepared:
    """Fetch and check the bundles, render every file."""
    releases = sorted({server.release for server in cluster.servers})
    servers = {release: bundle("server", release, cluster.artifact, say) for release in releases}
    wanted = sorted({release for client in cluster.clients for release in client.releases})
    clients = {release: bundle("client", release, cluster.artifact, say) for release in wanted}
    rendered = render(cluster, {release: found.folder for release, found in servers.items()})
    return Prepared(rendered, servers, clients)


def deploy(
    cluster: Cluster, inventories: Sequence[Path], options: Options, say: Say, on_event: Callable[[Event], None]
) -> DeployResult:
    """Roll the cluster to its declared state; the result says what changed and where it stopped.

    Raises OpskitError: exit 2 for a limit that names no host, exit 3 where a host is out of reach or locked, exit 1
    where preflight finds an error.
    """
    check_limit(cluster, options.limit)
    began = time.monotonic()
    run = start(cluster.name, "deploy")
    prepared = prepare(cluster, say)
    say(f"Asking {len(cluster.hosts)} hosts what differs")
    surveyed = survey(cluster, prepared.rendered, prepared.servers, prepared.clients)
    _refuse(surveyed)
    result = _result(cluster, run, surveyed, options)
    if not options.check:
        result = _change(cluster, inventories, options, run, prepared, result, say, on_event)
    result = result.model_copy(update={"seconds": round(time.monotonic() - began, 1)})
    run.finish(result)
    return result


def _refuse(surveyed: Surveyed) -> None:
    errors = [finding for finding in surveyed.findings if finding.severity == "error"]
    if errors:
        if len(errors) == 1:
            what, where, remedy = f"{errors[0].sentence}; nothing was changed", errors[0].subject, errors[0].remedy
        else:
            what, where = f"preflight found {len(errors)} reasons not to start; nothing was changed", ""
            remedy = "\n  ".join(f"{error.subject}: {error.sentence}. {error.remedy}" for error in errors)
        raise OpskitError(what, where=where, remedy=remedy, code=Exit.FAILS)


def _result(cluster: Cluster, run: Run, surveyed: Surveyed, options: Options) -> DeployResult:
    wanted = [plan for plan in surveyed.plans if not options.limit or plan.host in options.limit]
    return DeployResult(
        cluster=cluster.name,
        run=run.identity,
        outcome="checked" if options.check else "done",
        changed=tuple(host_result(plan) for plan in wanted if plan.differs),
        unchanged=tuple(plan.host for plan in wanted if not plan.differs),
        seconds=0,
    )


def _change(
    cluster: Cluster,
    inventories: Sequence[Path],
    options: Options,
    run: Run,
    prepared: Prepared,
    result: DeployResult,
    say: Say,
    on_event: Callable[[Event], None],
) -> DeployResult:
    if result.changed:
        endpoints = [host.endpoint for host in cluster.hosts]
        with locked(run, endpoints, longest(cluster)):
            outcome = "broken off"
            try:
                result = _roll(cluster, inventories, run, prepared, result, on_event)
                outcome = result.outcome
            finally:
                audit(run, endpoints, outcome)
    if options.limit:
        return result
    if result.outcome == "done":
        result = _judged(cluster, result, say)
    if result.outcome == "done" and options.smoke:
        try:
            result = result.model_copy(update={"smoke": _smoke(cluster, prepared, say)})
        except OpskitError as error:
            # what the roll did is told all the same
            result = result.model_copy(update={"smoke_unjudged": str(error)})
    return result


def longest(cluster: Cluster) -> float:
    """Seconds that a roll can take at most, half an hour of it for the jars: every broker drained, every gate late."""
    each = units.STOP_SECONDS + units.START_SECONDS + cluster.gate_seconds
    return 1800 + len(cluster.servers) * each + len(cluster.brokers) * 2 * cluster.drain_seconds


def _judged(cluster: Cluster, result: DeployResult, say: Say) -> DeployResult:
    """Every gate once more: a roll that was cut off left one behind it, and a host may have gone since its own."""
    say("Asking every server whether its gate is open")
    gated: tuple[Nameserver | Broker, ...] = (*cluster.nameservers, *cluster.brokers)
    for server in gated:
        reasons = asyncio.run(wait_for_gate(cluster, server, cluster.gate_seconds))
        if reasons:
            sentence = "; ".join(reasons)
            failure = Failure(host=server.host.name, stage="The whole cluster", step="gate", sentence=sentence)
            return result.model_copy(update={"outcome": "failed", "failure": failure})
    return result


def _roll(
    cluster: Cluster,
    inventories: Sequence[Path],
    run: Run,
    prepared: Prepared,
    result: DeployResult,
    on_event: Callable[[Event], None],
) -> DeployResult:
    """Run the playbook on the hosts that differ; where it does not end well, for any reason, undo what is armed."""
    events: list[Event] = []

    def handle(event: Event) -> None:
        events.append(event)
        on_event(event)

    try:
        with handed_over(run) as folder:
            manifest.write(folder, run.identity, cluster, prepared.rendered, prepared.servers, prepared.clients)
            played = play(
                assets() / "playbooks" / "deploy.yml",
                inventories,
                {"opskit_manifest": str(folder)},
                [host.host for host in result.changed],
                handle,
            )
    except BaseException as error:
        if failed := _undo(cluster).failed:
            raise OpskitError("".join(map(undo_failed, failed)).strip(), code=Exit.UNDO_FAILED) from error
        raise
    updates: dict[str, object] = {
        "outcome": played.outcome,
        "terminated": played.terminated,
        "changed": (done := changed(result.changed, events)),
        "pending": pending(result.changed, done),
        "drains": drains(events),
        "undrained": undrained(events),
    }
    if played.outcome != "done":
        undone = _undo(cluster)
        updates |= {"undone": undone.hosts, "undo_failed": undone.failed}
        updates["failure"] = failure(played, events, undone.silent)
    return result.model_copy(update=updates)


@dataclass(frozen=True)
class Undone:
    """hosts: whose broker got its write permission back; silent: out of reach, their own timers will see to it."""

    hosts: tuple[str, ...]
    failed: tuple[UndoFailure, ...]
    silent: tuple[str, ...]


def _undo(cluster: Cluster) -> Undone:
    results = undo_all([host.endpoint for host in cluster.hosts])
    failed = {host: found.error for host, found in results.items() if found.outcome in ("failed", "garbled")}
    return Undone(
        hosts=tuple(host for host, found in results.items() if found.outcome == "ok" and found.value["undone"]),
        failed=tuple(UndoFailure(host=host, reason=error) for host, error in failed.items()),
        silent=tuple(host for host, found in results.items() if found.outcome in ("unreachable", "timeout")),
    )


def _smoke(cluster: Cluster, prepared: Prepared, say: Say) -> tuple[Smoke, ...]:
    if not cluster.clients:
        say("No smoke test: the inventory has no host in the group clients.")
        return ()
    client = cluster.clients[0]
    return tuple(smoke(cluster, client.host, prepared.clients[release], say) for release in client.releases)
