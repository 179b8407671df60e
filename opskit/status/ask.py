"""Ask every nameserver and broker at once, at application level, each with its own deadline."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from opskit.inventory.cluster import Broker, Cluster, Nameserver
from opskit.reach.dial import Dialer
from opskit.reach.line import Reply
from opskit.rocketmq import admin
from opskit.rocketmq.answers import ClusterInfo, HaStatus, Route, RuntimeInfo, TopicTable

DEADLINE_SECONDS = 0.7
"""A server that is well answers in milliseconds; with Ansible's loader, a hung one is named within 2 s in all."""
FIRST_5_X = 413
"""MQVersion of 5.0.0, the first release that answers request 907."""


@dataclass(frozen=True)
class NameserverAnswers:
    route: Reply[Route]
    """Of the topic named as the cluster, which exists on every master: asked as clients ask."""
    info: Reply[ClusterInfo]


@dataclass(frozen=True)
class BrokerAnswers:
    """topics: asked of masters; ha: asked of masters that run 5.x. Who may be elected is asked as a master is."""

    runtime: Reply[RuntimeInfo]
    config: Reply[dict[str, str]]
    topics: Reply[TopicTable] | None = None
    ha: Reply[HaStatus] | None = None


@dataclass(frozen=True)
class Answers:
    """By host name, all that was asked of a cluster."""

    at: datetime
    nameservers: dict[str, NameserverAnswers]
    brokers: dict[str, BrokerAnswers]


def ask_now(cluster: Cluster, deadline_seconds: float = DEADLINE_SECONDS) -> Answers:
    """`ask`, for callers without an event loop."""
    return asyncio.run(ask(cluster, deadline_seconds))


async def ask(cluster: Cluster, deadline_seconds: float = DEADLINE_SECONDS, dialer: Dialer | None = None) -> Answers:
    """Ask all servers at once; takes deadline_seconds at most, whatever hangs. Never raises for a server's sake.

    dialer: one that is open already, so that polling keeps its SSH connections.
    """
    if dialer is None:
        async with Dialer(cluster.dial, cluster.acl) as own:
            return await ask(cluster, deadline_seconds, own)
    at = datetime.now(UTC)
    nameservers = (_nameserver(dialer, cluster, nameserver, deadline_seconds) for nameserver in cluster.nameservers)
    brokers = (_broker(dialer, broker, deadline_seconds) for broker in cluster.brokers)
    of_nameservers, of_brokers = await asyncio.gather(asyncio.gather(*nameservers), asyncio.gather(*brokers))
    return Answers(
        at,
        {node.host.name: answers for node, answers in zip(cluster.nameservers, of_nameservers, strict=True)},
        {node.host.name: answers for node, answers in zip(cluster.brokers, of_brokers, strict=True)},
    )


async def _nameserver(dialer: Dialer, cluster: Cluster, node: Nameserver, seconds: float) -> NameserverAnswers:
    async with dialer.line(node.host, node.port, seconds) as line:
        route, info = await asyncio.gather(line.ask(admin.route(cluster.name)), line.ask(admin.cluster_info()))
    return NameserverAnswers(route, info)


async def _broker(dialer: Dialer, node: Broker, seconds: float) -> BrokerAnswers:
    async with dialer.line(node.host, node.port, seconds) as line:
        if not (node.is_master or node.is_elected):
            runtime, config = await asyncio.gather(line.ask(admin.broker_runtime()), line.ask(admin.broker_config()))
            return BrokerAnswers(runtime, config)
        runtime, config, topics = await asyncio.gather(
            line.ask(admin.broker_runtime()), line.ask(admin.broker_config()), line.ask(admin.topic_table())
        )
        # A broker of 4.x would leave 907 unanswered until the deadline.
        ha = await line.ask(admin.ha_status()) if (runtime.version or 0) >= FIRST_5_X else None
    return BrokerAnswers(runtime, config, topics, ha)
