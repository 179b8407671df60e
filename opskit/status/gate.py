"""The gate of a roll: why a node that was just restarted does not let the next one pass yet. Pure, but for the wait.

Reasons can stand for a while without anything being wrong. A broker registers at its start, and from then on every
registerNameServerPeriod (30 s): a nameserver that was restarted knows nothing, and is whole again after 30 to 40 s.
With needWaitForService (from 5.1.0) it even refuses routes for its first 45 s ("name server not ready"). A slave learns
its master's HA address when it registers. So wait with patience: 90 s is a good bound.
"""

import asyncio
import time
from dataclasses import dataclass

from opskit.inventory.cluster import Broker, Cluster, Nameserver
from opskit.reach.dial import Dialer
from opskit.status.ask import Answers, ask
from opskit.status.condition import label, of_broker, of_nameserver, sentence
from opskit.status.elected import as_elected
from opskit.status.findings import permission
from opskit.status.pairs import lag, pairs, size, slaves_in_sync
from opskit.status.views import Member, differences, member, registers, views

Node = Nameserver | Broker
ANSWER_SECONDS = 3.0
"""A client's own timeout for a route query."""
DEFAULT_PERIOD = "30000"
WRITE = 2
"""The bit of brokerPermission (PermName.PERM_WRITE)."""
"""registerNameServerPeriod, milliseconds, in every release."""


async def wait_for_gate(
    cluster: Cluster, node: Node, timeout_seconds: float = 90.0, interval_seconds: float = 1.0
) -> list[str]:
    """Ask until the gate passes or the time is over; the reasons that stand at the end, none where it passes."""
    end = time.monotonic() + timeout_seconds
    async with Dialer(cluster.dial, cluster.acl) as dialer:
        while True:
            reasons = gate(cluster, await ask(cluster, ANSWER_SECONDS, dialer), node)
            if not reasons or time.monotonic() + interval_seconds >= end:
                return reasons
            await asyncio.sleep(interval_seconds)


@dataclass(frozen=True)
class BeforeDrain:
    """Whether a master may be drained and stopped.

    reasons: why not, each a sentence. alone: no other master takes writes, so that producers had nowhere to move.
    """

    reasons: tuple[str, ...]
    alone: bool


async def wait_before_drain(
    cluster: Cluster, master: Broker, timeout_seconds: float = 90.0, interval_seconds: float = 1.0
) -> BeforeDrain:
    """Ask until the master may be drained or the time is over; what stands at the end."""
    end = time.monotonic() + timeout_seconds
    async with Dialer(cluster.dial, cluster.acl) as dialer:
        while True:
            found = before_drain(cluster, await ask(cluster, ANSWER_SECONDS, dialer), master)
            if not found.reasons or time.monotonic() + interval_seconds >= end:
                return found
            await asyncio.sleep(interval_seconds)


def before_drain(cluster: Cluster, answers: Answers, master: Broker) -> BeforeDrain:
    """Each slave of the pair must answer and be in sync: while its master is down, it alone serves reads."""
    cluster = as_elected(cluster, answers)
    master = next(broker for broker in cluster.brokers if broker.host == master.host)
    slaves = [broker for broker in pairs(cluster)[master.broker_name] if not broker.is_master]
    down = [
        sentence(slave, state)
        for slave, state in ((slave, of_broker(answers.brokers[slave.host.name])) for slave in slaves)
        if not state.healthy
    ]
    writable = [
        other
        for other in cluster.brokers
        if other.is_master
        and other != master
        and of_broker(answers.brokers[other.host.name]).healthy
        and (permission(answers, other)[0] or 0) & WRITE
    ]
    return BeforeDrain(tuple(down or _unsynced(cluster, answers, master)), alone=not writable)


def gate(cluster: Cluster, answers: Answers, node: Node) -> list[str]:
    """Reasons, each a sentence, why `node` does not pass; empty where it does."""
    cluster = as_elected(cluster, answers)
    if isinstance(node, Broker):
        return _broker(cluster, answers, next(one for one in cluster.brokers if one.host == node.host))
    return _nameserver(cluster, answers, node)


def _nameserver(cluster: Cluster, answers: Answers, node: Nameserver) -> list[str]:
    """It answers, and knows every broker that the others know or that answers and registers with it.

    A nameserver where nothing listens holds no view, as on a cluster that is being built; one that hangs does.
    """
    own = of_nameserver(answers.nameservers[node.host.name])
    if not own.healthy:
        return [sentence(node, own)]
    others = [other for other in cluster.nameservers if other != node]
    states = {other.host.name: of_nameserver(answers.nameservers[other.host.name]) for other in others}
    hung = [
        f"{sentence(other, states[other.host.name])}, so its view cannot be compared"
        for other in others
        if states[other.host.name].state not in ("healthy", "refused")
    ]
    known = views(cluster, answers)[node.host.name]
    late = [
        broker
        for broker in cluster.brokers
        if member(broker) not in known
        and of_broker(answers.brokers[broker.host.name]).healthy
        and registers(cluster, answers, broker, node)
    ]
    reasons = [*hung, *(_unknown(node, answers, broker) for broker in late)]
    return [*reasons, *_disagreements(cluster, answers, {member(broker) for broker in late})]


def _broker(cluster: Cluster, answers: Answers, node: Broker) -> list[str]:
    """It answers, every nameserver knows it, all views are equal, it is writable, and its complete pair is in sync."""
    own = of_broker(answers.brokers[node.host.name])
    if not own.healthy:
        return [sentence(node, own)]
    reasons = []
    seen = views(cluster, answers)
    for nameserver in cluster.nameservers:
        state = of_nameserver(answers.nameservers[nameserver.host.name])
        known = seen.get(nameserver.host.name, {}).get(member(node))
        if not state.healthy:
            reasons.append(f"{sentence(nameserver, state)}, so whether it knows {label(node)} cannot be seen")
        elif known is None:
            reasons.append(_unknown(nameserver, answers, node))
        elif known != node.address:
            reasons.append(f"{label(nameserver)} knows {label(node)} at {known}, declared is {node.address}")
    found, declared = permission(answers, node)
    if found != declared:
        reasons.append(f"{label(node)} has brokerPermission {found}, declared is {declared}")
    return [*reasons, *_disagreements(cluster, answers, {member(node)}), *_unsynced(cluster, answers, node)]


def _unknown(nameserver: Nameserver, answers: Answers, broker: Broker) -> str:
    config = answers.brokers[broker.host.name].config.value or {}
    seconds = int(config.get("registerNameServerPeriod", DEFAULT_PERIOD)) / 1000
    return f"{label(nameserver)} does not know {label(broker)} yet; a broker registers every {seconds:g} s"


def _disagreements(cluster: Cluster, answers: Answers, named: set[Member]) -> list[str]:
    """Members on which the nameservers differ, but for those that a reason names already."""
    return [
        f"the nameservers do not agree on {difference}"
        for difference in differences(cluster, answers)
        if difference.member not in named
    ]


def _unsynced(cluster: Cluster, answers: Answers, node: Broker) -> list[str]:
    """Why the pair of `node` is not in sync; nothing to say before each of its declared members is registered."""
    members = pairs(cluster)[node.broker_name]
    registered = {who for view in views(cluster, answers).values() for who in view}
    if not all(member(broker) in registered for broker in members):
        return []
    reasons = []
    slaves = [broker for broker in members if not broker.is_master]
    for slave in [node] if node in slaves else slaves:
        found = lag(cluster, answers, slave)
        if found is None:
            reasons.append(f"{label(slave)} or its master does not answer, so whether it is in sync cannot be seen")
        elif not found.in_sync:
            way = "behind" if found.behind > 0 else "ahead of"
            reasons.append(f"{label(slave)} is {size(abs(found.behind))} {way} its master {found.master.host.name}")
    master = members[0]
    counted = slaves_in_sync(answers, master)
    if counted is not None and counted < len(slaves):
        reasons.append(f"{label(master)} counts {counted} of its {len(slaves)} slaves in sync")
    return reasons
