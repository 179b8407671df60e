"""What hangs and what is left, as one client meets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from opskit.inventory.cluster import Broker, Cluster, Nameserver, Server
from opskit.rocketmq.timers import (
    HEARTBEAT_DELAY,
    TCP_GIVES_UP,
    Client,
    Timer,
    broker_removed,
    registration_timeout,
)
from opskit.rocketmq.timers import Server as ServerTimers

Fault = Literal["freeze", "blackhole", "kill", "freeze-host"]
Sum = tuple[Timer, ...]
"""Timers that run one after the other."""


def seconds(timers: Sum) -> float:
    return round(sum(timer.seconds for timer in timers), 3)


@dataclass(frozen=True)
class Pace:
    """What the probe itself adds. Seconds between two sends, two route queries, two fresh clients.

    by_admin: routes are asked through MQAdmin, which has a timeout of its own, not as the client's own poll asks.
    """

    interval: float = 0.2
    route_interval: float = 1.0
    fresh_interval: float = 10.0
    by_admin: bool = False


@dataclass(frozen=True)
class Situation:
    """attempts: how often a fresh producer tries its first send."""

    cluster: Cluster
    client: Client
    fault: Fault
    victims: Sequence[Server]
    pace: Pace
    attempts: int = 1

    @cached_property
    def hung_nameservers(self) -> int:
        return sum(isinstance(victim, Nameserver) for victim in self.victims)

    @cached_property
    def hung_brokers(self) -> tuple[Broker, ...]:
        """Masters and slaves."""
        return tuple(victim for victim in self.victims if isinstance(victim, Broker))

    @cached_property
    def hung(self) -> tuple[Broker, ...]:
        """Masters."""
        return tuple(broker for broker in self.hung_brokers if broker.is_master)

    @cached_property
    def left(self) -> tuple[Broker, ...]:
        """Masters that go on."""
        return tuple(broker for broker in self.cluster.brokers if broker.is_master and broker not in self.victims)

    @cached_property
    def has_slaves(self) -> bool:
        """Whether every master that hangs has a slave that goes on."""
        serving = {broker.broker_name for broker in self.cluster.brokers if broker not in self.victims}
        return {master.broker_name for master in self.hung} <= serving

    @property
    def names(self) -> str:
        return " and ".join(master.broker_name for master in self.hung)

    @property
    def is_silent(self) -> bool:
        """Connections stay up and nobody answers; where a process is killed, its kernel ends them at once."""
        return self.fault != "kill"

    @cached_property
    def removed(self) -> Sum:
        """Until the slowest nameserver that goes on has dropped every hung master."""
        if not self.is_silent:
            return ()
        sums = (
            broker_removed(_timers(nameserver), _timers(master))
            for nameserver in self.cluster.nameservers
            if nameserver not in self.victims
            for master in self.hung
        )
        return max(sums, key=seconds, default=())

    @cached_property
    def poll(self) -> Timer:
        """The longest time between two route polls: they wait behind a heartbeat to a broker that does not answer."""
        poll = self.client.poll
        heartbeat = HEARTBEAT_DELAY + len(self.hung_brokers) * self.client.api_timeout.seconds
        if not self.is_silent or poll.seconds >= heartbeat:
            return poll
        return Timer(f"{poll.name}, behind a heartbeat", heartbeat, f"{poll.source}; one thread does both")

    @cached_property
    def route_changed(self) -> Sum | None:
        """Until the client's own route no longer holds the hung masters; None: never while they hang."""
        if not self.is_silent:
            return (self.poll,)
        told = (*self.removed, self.poll)
        if not self.hung_nameservers:
            return told
        if self.client.closes_on_timeout:
            return max(told, (self.poll, *self._given_up), key=seconds)
        if self.fault == "blackhole":
            return max(told, (self.poll, TCP_GIVES_UP, self.poll), key=seconds)
        return None

    @property
    def _given_up(self) -> Sum:
        """Each hung nameserver costs a poll that times out; the next poll asks the next nameserver."""
        api = self.client.api_timeout
        blocked = api.seconds * (1 + len(self.hung_brokers))
        name = "hung nameserver given up, next poll"
        return (Timer(name, max(self.poll.seconds, blocked), f"{self.poll.source}; {api.source}"),) * (
            self.hung_nameservers
        )

    @property
    def registration_timeout(self) -> float:
        """Of the brokers that go on: how long a silent nameserver blocks each of their threads."""
        going_on = (broker for broker in self.cluster.brokers if broker not in self.victims)
        return max((registration_timeout(_timers(broker)) for broker in going_on), default=0.0)


def _timers(server: Server) -> ServerTimers:
    return ServerTimers(server.component, server.release, server.settings)
