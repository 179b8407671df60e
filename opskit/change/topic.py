"""opskit's own topics, made on every master before real messages are sent."""

import asyncio

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Cluster
from opskit.reach.dial import Dialer
from opskit.rocketmq.admin import create_topic

SECONDS = 5.0


def create_on_every_master(cluster: Cluster, topic: str, queues: int) -> None:
    """Make the topic, with so many queues on each master; nothing changes where it is there.

    Raises OpskitError (exit 3) that names the master which did not take it.
    """
    asyncio.run(_create(cluster, topic, queues))


async def _create(cluster: Cluster, topic: str, queues: int) -> None:
    async with Dialer(cluster.dial, cluster.acl) as dialer:
        for broker in (broker for broker in cluster.brokers if broker.is_master):
            async with dialer.line(broker.host, broker.port, SECONDS) as line:
                reply = await line.ask(create_topic(topic, queues=queues))
            if reply.outcome != "answered":
                raise OpskitError(
                    f"the topic {topic} could not be created: {reply.detail}",
                    where=broker.host.name,
                    code=Exit.UNJUDGED,
                )
