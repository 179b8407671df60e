"""One sweep over all hosts: the facts that preflight and plan are judged on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opskit.artifacts.bundles import Bundle
from opskit.deploy.decide import HostPlan, bundle_folders, decide, survey_request
from opskit.deploy.preflight import preflight
from opskit.errors import Exit, OpskitError
from opskit.finding import Finding
from opskit.inventory.cluster import Cluster
from opskit.reach.sweep import sweep
from opskit.render.files import RenderedHost


@dataclass(frozen=True)
class Surveyed:
    """What each host needs, and what stands in the way."""

    plans: tuple[HostPlan, ...]
    findings: tuple[Finding, ...]


def survey(
    cluster: Cluster,
    rendered: Mapping[str, RenderedHost],
    servers: Mapping[str, Bundle],
    clients: Mapping[str, Bundle],
) -> Surveyed:
    """Ask every host once; raises OpskitError (exit 3) that names every host that did not answer."""
    folders = {host.name: bundle_folders(cluster, host.name, servers, clients) for host in cluster.hosts}
    facts = ask(
        cluster,
        {name: survey_request(cluster, rendered.get(name), wanted) for name, wanted in folders.items()},
    )
    plans = tuple(decide(name, rendered.get(name), folders[name], facts[name]) for name in folders)
    return Surveyed(plans, preflight(cluster, facts))


def ask(cluster: Cluster, requests: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Each host's answer, and `heard_ns`, when it came; all must answer."""
    results = sweep(requests, [host.endpoint for host in cluster.hosts])
    silent = [f"{host}: {result.error}" for host, result in results.items() if result.outcome != "ok"]
    if silent:
        raise OpskitError(
            f"{len(silent)} of {len(results)} hosts could not be asked; nothing was changed",
            remedy="\n  ".join(silent),
            code=Exit.UNJUDGED,
        )
    return {host: {**result.value, "heard_ns": result.heard_ns} for host, result in results.items()}
