"""From what a drill recorded to its result; pure."""

import os
import platform
from collections.abc import Sequence
from datetime import datetime

from opskit import __version__
from opskit.inventory.cluster import Client, Cluster
from opskit.predict.predict import exceeding, predict
from opskit.predict.situation import Pace
from opskit.runs.folder import Run
from opskit.verify.drill import Recording
from opskit.verify.history import History
from opskit.verify.judging.judge import judge
from opskit.verify.options import Options, limits, route_interval_seconds
from opskit.verify.request import words_of
from opskit.verify.result import ClientSeen, Undo, Verdict, VerifyResult, Victim
from opskit.verify.undone import armed, left
from opskit.verify.victims import Victim as Held


def outcome(
    cluster: Cluster,
    options: Options,
    run: Run,
    at: datetime,
    recording: Recording,
    history: History,
    probes: Sequence[str],
) -> VerifyResult:
    """probes: the commands that ran on the client hosts."""
    limited = limits(cluster, options, recording.targets)
    still = left(recording.victims)
    undo: Undo = "failed" if still else "restored" if armed(recording.victims) else "nothing to undo"
    judged = judge(history, limited, undo)
    servers = tuple(server for target in recording.targets for server in target.servers)
    interval = history.header.interval_ns / 1e9
    predictions = predict(cluster, options.fault, servers, Pace(interval, route_interval_seconds(options, limited)))
    attached = {seen.client: seen.nameservers for seen in history.attached}
    return VerifyResult(
        cluster=cluster.name,
        run=run.identity,
        folder=str(run.folder),
        at=at,
        scenario=options.scenario,
        fault=options.fault,
        victims=tuple(_victim(victim) for victim in recording.victims),
        clients=tuple(
            ClientSeen(
                name=client.name,
                host=client.host,
                release=client.release,
                layout=client.layout,
                nameservers=attached.get(client.name, ()),
            )
            for client in history.header.clients
        ),
        hold_seconds=judged.hold_seconds,
        stable_seconds=options.stable,
        verdict=amended(judged.verdict, recording, beyond=bool(exceeding(predictions, limited.windows))),
        summaries=judged.summaries,
        windows=judged.windows,
        longest_gap_seconds=judged.longest_gap_seconds,
        fresh=judged.fresh,
        ledger=judged.ledger,
        ledgers=judged.ledgers,
        predictions=predictions,
        notes=(*still, *judged.notes),
        commands=(*probes, *_commands(recording.victims)),
        environment=_environment(cluster),
        topology=cluster.topology,
    )


def amended(verdict: Verdict, recording: Recording, *, beyond: bool) -> Verdict:
    """What the history alone does not show: a cluster that is not healthy again, a fault that was ended early.

    beyond: whether the closed-form worst case exceeds a window.
    """
    sick = recording.after.ills if recording.after else ()
    early = [f"the fault was undone before its time: {recording.stopped}"] if recording.stopped else []
    judgement = verdict.judgement
    if sick and judgement == "holds":
        judgement = "fails"
    elif early and judgement == "holds":
        judgement = "unjudged"
    told = [f"the cluster is not healthy again after the undo: {'; '.join(sick)}"] if sick else []
    return verdict.model_copy(
        update={
            "judgement": judgement,
            "reasons": (*told, *early, *(() if (told or early) and verdict.judgement == "holds" else verdict.reasons)),
            "in_this_run_only": judgement == "holds" and beyond,
        }
    )


def _victim(victim: Held) -> Victim:
    return Victim(
        host=victim.host,
        units=tuple(victim.request["units"]),
        proof=victim.proof,
        shown=victim.shown,
        missed=victim.missed,
    )


def _commands(victims: Sequence[Held]) -> list[str]:
    return [
        f"{victim.host}: {command}"
        for victim in victims
        for step in words_of(victim.request).values()
        for command in step
    ]


def _environment(cluster: Cluster) -> dict[str, str]:
    servers = sorted({f"{server.component} {server.release}" for server in cluster.servers})
    counts = f"{len(cluster.nameservers)} nameservers, {len(cluster.brokers)} brokers"
    return {
        "servers": ", ".join(servers),
        "hosts": f"{counts}, {len(cluster.clients)} client hosts",
        "client settings": "; ".join(f"{client.host.name}: {_settings(client)}" for client in cluster.clients),
        "controller": f"opskit {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores",
    }


def _settings(client: Client) -> str:
    return ", ".join(f"{name}={value}" for name, value in client.settings.items()) or "defaults"
