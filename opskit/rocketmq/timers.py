"""The timers that bound a recovery, each with the setting, class and release that hold its value. Seconds.

Read in the jars of 4.8.0, 4.9.7, 5.1.4, 5.3.3 and 5.4.0 by javap; defaults of servers come from the setting tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from opskit.rocketmq.client_settings import CLIENT_SETTINGS, in_force
from opskit.rocketmq.releases import numbers
from opskit.rocketmq.settings_table import Component, Scalar, default


class Timer(NamedTuple):
    """source: the setting or constant, with its class and the release where that matters."""

    name: str
    seconds: float
    source: str


ADMIN_TIMEOUT = Timer("timeout of a route query", 6.0, "MQAdminImpl.timeoutMillis 6000")
"""Of fetchPublishMessageQueues and the like; the client's own poll has another (api_timeout)."""

REBALANCE = Timer("rebalance interval", 20.0, "RebalanceService.waitInterval 20000")
"""How long a consumer waits until it asks again who shares its queues, where the broker that it asked was silent."""

TCP_GIVES_UP = Timer(
    "TCP gives up the connection", 1045.0, "net.ipv4.tcp_retries2 15: 925 s, and at the most one retransmission more"
)
"""Where a peer's kernel is silent: the client's own kernel ends it. Computed, not measured."""

HEARTBEAT_DELAY = 1.0
"""Polls start 0.01 s and heartbeats 1 s after the client, on one thread (MQClientInstance.startScheduledTask)."""


@dataclass(frozen=True)
class Server:
    """Release and settings of a server; a setting left out has its release's default."""

    component: Component
    release: str
    settings: Mapping[str, Scalar]

    def value(self, key: str) -> Scalar | None:
        """Raises KeyError where the release has no such setting."""
        return self.settings.get(key, default(self.component, self.release, key))

    def seconds(self, key: str, unit: float = 0.001) -> float:
        """A number of milliseconds, or of `unit` seconds; a text in the inventory reads as its number."""
        return float(self.value(key) or 0) * unit

    def flag(self, key: str) -> bool:
        return str(self.value(key)).lower() == "true"


def broker_removed(nameserver: Server, broker: Server) -> tuple[Timer, ...]:
    """How long a nameserver keeps a broker that fell silent, counted from its last word, so from the fault at the most.

    The nameserver's idle timer closes the broker's connection and removes it at once, without a scan. Any byte either
    way starts that timer again, so it is counted on only where it is the shorter one.
    """
    old = numbers(nameserver.release) < (5, 0, 0)
    scan_source = "NamesrvController, every 10 s" if old else "scanNotActiveBrokerInterval (NamesrvConfig)"
    scan = Timer("next scan", 10.0 if old else nameserver.seconds("scanNotActiveBrokerInterval"), scan_source)
    expiry = Timer("broker expires on the nameserver", 120.0, "RouteInfoManager.BROKER_CHANNEL_EXPIRED_TIME 120000")
    if not old and numbers(broker.release) >= (5, 0, 0) and broker.flag("enableSlaveActingMaster"):
        # BrokerController sends the timeout with its registration only then
        source = "brokerNotActiveTimeoutMillis with enableSlaveActingMaster (BrokerConfig)"
        expiry = Timer(expiry.name, broker.seconds("brokerNotActiveTimeoutMillis"), source)
    idle = nameserver.seconds("serverChannelMaxIdleTimeSeconds", 1)
    if idle < expiry.seconds:
        return (Timer("broker's connection is idle", idle, "serverChannelMaxIdleTimeSeconds (NettyServerConfig)"),)
    return expiry, scan


def client_forgotten(broker: Server) -> tuple[Timer, ...]:
    """How long a broker that woke counts a client's dead connection as one more member of its consumer group.

    The client connected again while it hung. The broker reads what waited in the old socket, notes the heartbeat after
    the close, and lists the client once for each connection (ConsumerGroupInfo.getAllClientId, up to 5.4.0).
    """
    source = "ConsumerManager.CHANNEL_EXPIRED_TIMEOUT 120000"
    expiry = Timer("broker forgets a dead connection", 120.0, source)
    if numbers(broker.release) >= (5, 0, 0):
        expiry = Timer(expiry.name, broker.seconds("channelExpiredTimeout"), "channelExpiredTimeout (BrokerConfig)")
    return expiry, Timer("next scan of its clients", 10.0, "ClientHousekeepingService, every 10 s")


def registration_timeout(broker: Server) -> float:
    """How long a hung nameserver holds up a broker's thread at each new topic or consumer group."""
    return broker.seconds("registerBrokerTimeoutMills")


class Client:
    """The timers of one client: its release, and what the service sets on it."""

    def __init__(self, release: str, settings: Mapping[str, Scalar]) -> None:
        self.release, self._numbers = release, numbers(release)
        self._values = in_force(release, settings)

    @property
    def closes_on_timeout(self) -> bool:
        """Whether it leaves a nameserver that lets a request time out."""
        return bool(self._values["clientCloseSocketIfTimeout"])

    @property
    def closes_healthy_channels(self) -> bool:
        """Up to 5.1.3 a retry with 0 ms left times out at once and closes the connection to the healthy broker.

        NettyRemotingClient.MIN_CLOSE_TIMEOUT_MILLIS came with 5.1.4.
        """
        return self.closes_on_timeout and self.retries > 0 and self._numbers < (5, 1, 4)

    @property
    def is_trapped_by_two_nameservers(self) -> bool:
        """RocketMQ issue 7056: the connect eats the query's whole time, and the good connection is closed for it."""
        return self.closes_on_timeout and self._numbers < (5, 1, 4)

    @property
    def tries_one_nameserver(self) -> bool:
        """From 5.3.0 on a query tries one nameserver; before, all of them until one connects (NettyRemotingClient)."""
        return self._numbers >= (5, 3, 0)

    @property
    def heartbeats_on_connect(self) -> bool:
        """Each reconnect sends a heartbeat that blocks the others (enableHeartbeatChannelEventListener, from 5.2.0)."""
        return bool(self._values.get("enableHeartbeatChannelEventListener", False))

    @property
    def avoids_for(self) -> float:
        """Seconds for which a broker that timed out once gets no sends (MQFaultStrategy).

        Up to 5.1.3 600 s; from 5.1.4 on 10 s, then it is tried again, unless the detector asks it first and it answers.
        """
        if not self._values["sendLatencyFaultEnable"]:
            return 0.0
        if self._numbers < (5, 1, 4):
            return 600.0
        return inf if self._values["startDetectorEnable"] else 10.0

    @property
    def retries(self) -> int:
        return int(self._values["retryTimesWhenSendFailed"])

    @property
    def retries_in_time(self) -> bool:
        """Whether a try is cut short enough that the next one, at another broker, has time left."""
        per_request = int(self._values.get("sendMsgMaxTimeoutPerRequest", -1))
        return self.retries > 0 and 0 < per_request < int(self._values["sendMsgTimeout"])

    @property
    def send_timeout(self) -> Timer:
        """A budget for all tries together; without retries a single request's own limit cuts it."""
        per_request = int(self._values.get("sendMsgMaxTimeoutPerRequest", -1))
        if self.retries == 0 and 0 < per_request < int(self._values["sendMsgTimeout"]):
            return self._timer("timeout of a send", "sendMsgMaxTimeoutPerRequest")
        return self._timer("timeout of a send", "sendMsgTimeout")

    @property
    def poll(self) -> Timer:
        return self._timer("client's next route poll", "pollNameServerInterval")

    @property
    def heartbeat(self) -> Timer:
        return self._timer("client's next heartbeat", "heartbeatBrokerInterval")

    @property
    def pull_retry(self) -> Timer:
        return self._timer("consumer's next pull", "pullTimeDelayMillsWhenException")

    @property
    def api_timeout(self) -> Timer:
        """Of the poll and of a heartbeat; up to 4.9.1 a constant."""
        if "mqClientApiTimeout" in self._values:
            return self._timer("timeout of a request", "mqClientApiTimeout")
        return Timer("timeout of a request", 3.0, "MQClientInstance, 3000")

    def _timer(self, name: str, setting: str) -> Timer:
        value = int(self._values[setting])
        return Timer(name, value / 1000, f"{setting} {value} ({CLIENT_SETTINGS[setting].source})")
