"""One audit from the first question to the kept report."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import zstandard
from filelock import FileLock, Timeout

from opskit import paths
from opskit.compliance import waivers
from opskit.compliance.catalogue import chosen
from opskit.compliance.control import Control, Severity
from opskit.compliance.gather import Bounds, Say, gather
from opskit.compliance.judge import errors, judge, judgement
from opskit.compliance.past import changes, history
from opskit.compliance.result import ComplianceResult
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Cluster
from opskit.reach.sweep import HostResult
from opskit.runs.folder import Run, start

VERB = "compliance"


@dataclass(frozen=True)
class Options:
    """only, skip: globs of control ids or families."""

    fail_on: Severity = "medium"
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)


def audit(cluster: Cluster, options: Options, say: Say) -> tuple[ComplianceResult, Run]:
    """Ask everything, judge it, compare it with the run before, keep it. Changes nothing on any host.

    Raises OpskitError: exit 2 for a control that there is not, exit 3 where another audit of the cluster is under way,
    or where nothing can be kept.
    """
    controls, folder = chosen(options.only, options.skip), _folder(cluster.name)
    try:
        with FileLock(folder / "compliance.lock", blocking=False):
            return _audit(cluster, options, controls, folder, say)
    except Timeout:
        raise OpskitError(
            "another audit of this cluster is under way",
            where=cluster.name,
            remedy="Wait until it is over; `opskit compliance schedule status` tells when it runs by itself.",
            code=Exit.UNJUDGED,
        ) from None


def _folder(cluster: str) -> Path:
    """Where the audits of a cluster are kept. Raises OpskitError (exit 3) where this user may not write there."""
    folder = paths.state() / "runs" / cluster
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        why = "" if os.access(folder, os.W_OK | os.X_OK) else "this user may not write there"
    except OSError as error:
        why = (error.strerror or str(error)).lower()
    if why:
        raise OpskitError(
            f"audits cannot be kept: {why}",
            where=str(folder),
            remedy="Look at who owns it and whether its disk is writable, or choose another place by OPSKIT_STATE.",
            code=Exit.UNJUDGED,
        )
    return folder


def _audit(
    cluster: Cluster, options: Options, controls: Sequence[Control], folder: Path, say: Say
) -> tuple[ComplianceResult, Run]:
    began, run = time.monotonic(), start(cluster.name, VERB)
    say(f"Asking {len(cluster.hosts)} hosts and {len(cluster.servers)} servers")
    evidence = gather(cluster, options.bounds, say, _counter(len(cluster.hosts), say))
    (run.folder / "evidence.json.zst").write_bytes(zstandard.compress(evidence.model_dump_json().encode()))
    rows = waivers.apply(judge(cluster, evidence, controls), cluster.waivers, evidence.at)
    before, judged = history.last(cluster.name), {control.id for control in controls}
    rows, fixed = changes.compare(before.rows if before else None, rows, evidence.at, judged, evidence.unseen)
    # rows of the audit before that nobody can judge now came with their waivers of that day
    rows = waivers.apply(rows, cluster.waivers, evidence.at)
    unheard = errors(evidence)
    result = ComplianceResult(
        cluster=cluster.name,
        run=run.identity,
        at=evidence.at,
        seconds=round(time.monotonic() - began, 1),
        fail_on=options.fail_on,
        judgement=judgement(rows, unheard, options.fail_on),
        hosts=len(cluster.hosts),
        errors=unheard,
        rows=rows,
        fixed=fixed,
        since=before.run if before else None,
    )
    run.finish(result)
    for name in (*history.record(result), *_cut_off(folder, run)):
        shutil.rmtree(folder / name, ignore_errors=True)
    return result, run


def _cut_off(folder: Path, own: Run) -> list[str]:
    """Audits that were interrupted: this one holds the lock, so none of them is at work."""
    runs = (run for run in folder.glob(f"*Z-{VERB}-??????") if run.name != own.identity)
    return [run.name for run in runs if not (run / "report.json").exists()]


def _counter(hosts: int, say: Say) -> Callable[[HostResult], None]:
    """Tells of each tenth of many hosts, and of each that did not answer."""
    heard = 0

    def count(result: HostResult) -> None:
        nonlocal heard
        heard += 1
        if result.outcome != "ok":
            say(f"{result.host}: {result.error}")
        if hosts >= 50 and heard % (hosts // 10) == 0:
            say(f"{heard} of {hosts} hosts")

    return count
