"""What brokers say of their clients: language and release of each, over RocketMQ's own protocol."""

import asyncio
from collections.abc import Iterator

from opskit.inventory.cluster import Broker, Cluster
from opskit.observe.peers import Told, without_port
from opskit.reach.dial import Dialer
from opskit.reach.line import Line, Reply
from opskit.rocketmq import admin
from opskit.rocketmq.answers import Connections

SECONDS = 10.0
INNER_PRODUCER = "CLIENT_INNER_PRODUCER"
"""Every Java client instance registers a producer of this group (MixAll.CLIENT_INNER_PRODUCER_GROUP): so a broker that
cannot list its producer groups still names them all."""
FIRST_WITH_PRODUCERS = 401
"""MQVersion of 4.9.4, the first release that answers request 328."""
RETRY = "%RETRY%"
"""Topic of each consumer group."""
UNKNOWN_GROUP = 1
"""ResponseCode of 204 for a group without a client."""


def ask_brokers(cluster: Cluster) -> tuple[dict[str, tuple[Told, ...]], dict[str, str]]:
    """(by broker's host its clients, by broker's host why it did not tell)."""
    return asyncio.run(_ask(cluster))


async def _ask(cluster: Cluster) -> tuple[dict[str, tuple[Told, ...]], dict[str, str]]:
    async with Dialer(cluster.dial, cluster.acl) as dialer:
        answers = await asyncio.gather(*(told_by(broker, dialer, SECONDS) for broker in cluster.brokers))
    told, silent = {}, {}
    for broker, (clients, why) in zip(cluster.brokers, answers, strict=True):
        told[broker.host.name] = clients
        if why:
            silent[broker.host.name] = why
    return told, silent


async def told_by(broker: Broker, dialer: Dialer, seconds: float) -> tuple[tuple[Told, ...], str]:
    """(the clients that one broker names, each once; why these may not be all, "" where they are)."""
    async with dialer.line(broker.host, broker.port, seconds) as line:
        inner, topics = await asyncio.gather(
            line.ask(admin.producer_connections(INNER_PRODUCER)), line.ask(admin.topic_table())
        )
        found = list(_told(inner))
        names = topics.value.topic_config_table if topics.value else {}
        groups = [name.removeprefix(RETRY) for name in names if name.startswith(RETRY)]
        consumers = await asyncio.gather(*(line.ask(admin.consumer_connections(group)) for group in groups))
        found += [one for reply in consumers for one in _told(reply)]
        why = topics.detail or next((reply.detail for reply in consumers if reply.outcome != "answered"), "")
        if inner.outcome != "answered" and inner.code != UNKNOWN_GROUP:
            why = inner.detail
        if (topics.version or 0) >= FIRST_WITH_PRODUCERS:
            producers, why_not = await _all_producers(line)
            found, why = [*found, *producers], why or why_not
        return tuple(dict.fromkeys(found)), why


async def _all_producers(line: Line) -> tuple[list[Told], str]:
    reply = await line.ask(admin.all_producers())
    found = [
        Told(address=without_port(one.remote_ip), client_id=one.client_id, language=one.language, version=one.version)
        for members in (reply.value.data.values() if reply.value else ())
        for one in members
    ]
    return found, reply.detail


def _told(reply: Reply[Connections]) -> Iterator[Told]:
    for one in reply.value.connection_set if reply.value else ():
        yield Told(
            address=without_port(one.client_addr), client_id=one.client_id, language=one.language, version=one.version
        )
