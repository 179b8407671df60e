"""What nameservers and brokers say of themselves: all are asked at once, and each has its own deadline."""

import asyncio
from itertools import repeat
from typing import Any, NamedTuple

from opskit.compliance.evidence import BrokerSeen, NameserverSeen
from opskit.inventory.cluster import Broker, Cluster, Nameserver
from opskit.observe.brokers import SECONDS, told_by
from opskit.observe.peers import Told
from opskit.onhost.facts.properties import is_secret
from opskit.onhost.masking import MASK
from opskit.reach.dial import Dialer
from opskit.reach.line import Reply
from opskit.rocketmq import admin
from opskit.rocketmq.answers import SubscriptionGroups
from opskit.status.ask import Answers, ask
from opskit.status.condition import Condition, of_broker, of_nameserver
from opskit.status.pairs import lag, slaves_in_sync


class _Told(NamedTuple):
    """What `opskit status` does not ask a broker. groups: asked of masters."""

    clients: tuple[Told, ...]
    clients_error: str
    groups: Reply[SubscriptionGroups] | None


async def ask_servers(
    cluster: Cluster, seconds: float, dialer: Dialer
) -> tuple[dict[str, NameserverSeen], dict[str, BrokerSeen]]:
    """(nameservers, brokers) by host name: every declared one, whatever it does.

    SSH logins aside it takes `seconds` for what all are asked, then as long for the clients of brokers, up to 10 s
    where one answers.

    An answer that is not RocketMQ's makes its server one in error, also where others of its answers are sound.
    """
    answers, settings = await asyncio.gather(
        ask(cluster, seconds, dialer),
        asyncio.gather(*(_settings(node, seconds, dialer) for node in cluster.nameservers)),
    )
    # one question a consumer group: those that answer get more time for it, those that hang do not
    well = {host for host, answered in answers.brokers.items() if of_broker(answered).healthy}
    patience = [max(seconds, SECONDS) if node.host.name in well else seconds for node in cluster.brokers]
    told = await asyncio.gather(*map(_told, cluster.brokers, patience, repeat(dialer)))
    return (
        {
            node.host.name: _nameserver(cluster, answers, node, reply)
            for node, reply in zip(cluster.nameservers, settings, strict=True)
        },
        {
            node.host.name: _broker(cluster, answers, node, more)
            for node, more in zip(cluster.brokers, told, strict=True)
        },
    )


async def _settings(node: Nameserver, seconds: float, dialer: Dialer) -> Reply[dict[str, str]]:
    async with dialer.line(node.host, node.port, seconds) as line:
        return await line.ask(admin.nameserver_config())


async def _told(node: Broker, seconds: float, dialer: Dialer) -> _Told:
    (clients, why), groups = await asyncio.gather(told_by(node, dialer, seconds), _groups(node, seconds, dialer))
    return _Told(clients, why, groups)


async def _groups(node: Broker, seconds: float, dialer: Dialer) -> Reply[SubscriptionGroups] | None:
    if not node.is_master:
        return None
    async with dialer.line(node.host, node.port, seconds) as line:
        return await line.ask(admin.consumer_groups())


def _nameserver(
    cluster: Cluster, answers: Answers, node: Nameserver, settings: Reply[dict[str, str]]
) -> NameserverSeen:
    answered = answers.nameservers[node.host.name]
    condition = _unless_garbled(of_nameserver(answered), {"its settings (319)": settings})
    return NameserverSeen(
        state=condition.state,
        detail=condition.detail,
        seconds=condition.seconds,
        release=condition.release,
        view=None if answered.info.value is None else answered.info.value.view(cluster.name),
        settings=_masked(settings.value),
        settings_error=settings.detail,
    )


def _broker(cluster: Cluster, answers: Answers, node: Broker, told: _Told) -> BrokerSeen:
    answered = answers.brokers[node.host.name]
    topics, groups = answered.topics, told.groups
    others = {"its topics (21)": topics, "its consumer groups (201)": groups, "its slaves (907)": answered.ha}
    condition = _unless_garbled(of_broker(answered), others)
    behind = None if node.is_master else lag(cluster, answers, node)
    return BrokerSeen(
        state=condition.state,
        detail=condition.detail,
        seconds=condition.seconds,
        release=condition.release,
        settings=_masked(answered.config.value),
        settings_error=answered.config.detail,
        topics={name: one.perm for name, one in sorted(topics.value.topic_config_table.items())}
        if topics and topics.value
        else None,
        topics_error=topics.detail if topics else "",
        groups=tuple(sorted(groups.value.subscription_group_table)) if groups and groups.value else None,
        groups_error=groups.detail if groups else "",
        clients=told.clients,
        clients_error=told.clients_error,
        slaves_in_sync=slaves_in_sync(answers, node),
        behind_bytes=behind.behind if behind else None,
    )


def _unless_garbled(condition: Condition, others: dict[str, Reply[Any] | None]) -> Condition:
    if not condition.healthy:
        return condition
    for asked, reply in others.items():
        if reply and reply.outcome == "garbled":
            detail = f"asked for {asked}: {reply.detail}"
            return Condition("error", detail, condition.release, condition.seconds)
    return condition


def _masked(settings: dict[str, str] | None) -> dict[str, str] | None:
    """Before anything writes them down: evidence is kept."""
    if settings is None:
        return None
    return {key: MASK if is_secret(key) else value for key, value in settings.items()}
