"""preview and prove: ask, judge, put together."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from opskit.inventory.cluster import Cluster
from opskit.inventory.services import Service, service_for
from opskit.observe import survey
from opskit.observe.brokers import ask_brokers
from opskit.observe.model import Jvm
from opskit.observe.nameservers import owners as declared_owners
from opskit.observe.peers import Told, judge_peers
from opskit.observe.prove import prove
from opskit.observe.survey import SeenHost
from opskit.reach.sweep import HostResult
from opskit.render.files import BROKER_DEFAULTS
from opskit.rollout.result import (
    BrokerLine,
    PlannedJvm,
    PreviewResult,
    ProvenJvm,
    ProveResult,
    Unseen,
    judgement,
)
from opskit.rollout.select import Selection, chosen_jvms, hosts
from opskit.rollout.strategy import Around, decide


def preview(cluster: Cluster, chosen: Sequence[Selection], around: Around) -> PreviewResult:
    """Every JVM that is meant with its plan, and who else is connected. Changes nothing.

    Raises OpskitError (exit 2) for a selection that no JVM answers to.
    """
    began, at = time.monotonic(), datetime.now(UTC)
    with ThreadPoolExecutor(max_workers=2) as pool:
        servers = pool.submit(_servers, cluster)
        seen = survey.jvms(cluster, hosts(cluster, chosen))
        connected, told, silent = servers.result()
    found = chosen_jvms({host: one.jvms for host, one in seen.items()}, chosen)
    return PreviewResult(
        cluster=cluster.name,
        at=at,
        jvms=planned(cluster, found, around),
        brokers=broker_lines(cluster),
        peers=judge_peers(cluster, connected, told, _owners(cluster, seen)),
        unseen=unseen(seen),
        silent=silent,
        seconds=round(time.monotonic() - began, 1),
    )


def planned(cluster: Cluster, found: Mapping[str, Sequence[Jvm]], around: Around) -> tuple[PlannedJvm, ...]:
    """Each JVM with its plan, by the first service of its host that matches."""
    return tuple(
        PlannedJvm(process=jvm.ref(host), jvm=jvm, plan=decide(jvm, service_of(cluster, host, jvm), around))
        for host, jvms in found.items()
        for jvm in jvms
    )


def service_of(cluster: Cluster, host: str, jvm: Jvm) -> Service:
    """What the inventory says of this JVM."""
    services = next((client.services for client in cluster.clients if client.host.name == host), ())
    return service_for(services, jvm.unit, jvm.container, jvm.main)


def broker_lines(cluster: Cluster) -> tuple[BrokerLine, ...]:
    """What opskit renders into each broker.conf."""
    key = "clientCloseSocketIfTimeout"
    return tuple(
        BrokerLine(
            host=broker.host.name,
            broker=f"{broker.broker_name} id {broker.broker_id}",
            release=broker.release,
            close_on_timeout=str(broker.settings.get(key, BROKER_DEFAULTS[key])).lower() == "true",
            declared=key in broker.settings,
        )
        for broker in cluster.brokers
    )


def prove_all(
    cluster: Cluster,
    chosen: Sequence[Selection],
    agent: Callable[[], Path],
    live: bool = False,
    untested_jdk: bool = False,
) -> ProveResult:
    """The verdict on every JVM that is meant. Raises OpskitError as `preview` does.

    Asked are the agents that the hosts' records say were loaded, those that came at a start, and with `live` those of
    all; agent() gives the jar.
    """
    began, at = time.monotonic(), datetime.now(UTC)
    looked_at = hosts(cluster, chosen)
    seen = survey.jvms(cluster, looked_at)
    found = chosen_jvms({host: one.jvms for host, one in seen.items()}, chosen)
    recorded = {} if live else survey.standing(looked_at)

    def is_asked(host: str, jvm: Jvm) -> bool:
        flipped = "live-flip" in recorded.get((host, jvm.pid, jvm.start_ticks), ())
        # nothing can be loaded into it, so its bytes and start options are all that there is
        closed = jvm.options.attach_disabled and not live
        return bool(jvm.clients) and not closed and (live or bool(jvm.own_agent) or flipped)

    wanted = {host: [jvm for jvm in jvms if is_asked(host, jvm)] for host, jvms in found.items()}
    asked = survey.reports(cluster, wanted, agent(), untested_jdk) if any(wanted.values()) else {}
    proven = tuple(
        ProvenJvm(process=jvm.ref(host), jvm=jvm, proof=prove(jvm, asked.get((host, jvm.pid))))
        for host, jvms in found.items()
        for jvm in jvms
    )
    gaps = unseen(seen)
    return ProveResult(
        cluster=cluster.name,
        at=at,
        judgement=judgement(proven, gaps),
        jvms=proven,
        unseen=gaps,
        seconds=round(time.monotonic() - began, 1),
    )


def unseen(seen: Mapping[str, SeenHost]) -> tuple[Unseen, ...]:
    """Hosts that did not answer, and what others could not look into."""
    return tuple(Unseen(host=one.host, why=why) for one in seen.values() for why in (one.error, *one.refused) if why)


def _servers(cluster: Cluster) -> tuple[dict[str, list[str]], list[Told], tuple[Unseen, ...]]:
    """Peers first: asking the brokers makes connections of our own."""
    results = survey.peers(cluster)
    told, silent = ask_brokers(cluster)
    whys = [Unseen(host=one.host, why=one.error) for one in results.values() if one.outcome != "ok"]
    whys += [Unseen(host=host, why=why) for host, why in silent.items()]
    everyone = list(dict.fromkeys(one for clients in told.values() for one in clients))
    return _connected(results), everyone, tuple(whys)


def _connected(results: Mapping[str, HostResult]) -> dict[str, list[str]]:
    return {
        host: [peer for peers in result.value["peers"].values() for peer in peers]
        for host, result in results.items()
        if result.outcome == "ok"
    }


def _owners(cluster: Cluster, seen: Mapping[str, SeenHost]) -> dict[str, str]:
    """Address → host: as declared, and as the connections of its JVMs show."""
    owners = declared_owners(cluster)
    for one in seen.values():
        for flow in (flow for jvm in one.jvms for flow in jvm.flows):
            owners.setdefault(flow.local.rpartition(":")[0].strip("[]"), one.host)
    return owners
