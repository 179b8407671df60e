"""Values that RocketMQ accepts and that endanger the cluster, or that do nothing: one table.

[V] stands for "read in the classes of the releases in releases.SUPPORTED", [M] for "measured in a lab".
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from opskit.finding import Severity
from opskit.rocketmq.releases import numbers
from opskit.rocketmq.settings_table import Component, Key, Scalar
from opskit.rocketmq.settings_value import to_properties_value

_CLIENT_PERIOD_SECONDS = 30
"""Clients poll routes and send heartbeats at this period unless their code says otherwise (ClientConfig)."""


@dataclass(frozen=True)
class Given:
    """The sound settings of one server, with the defaults of its release below them."""

    component: Component
    release: str
    settings: Mapping[str, Scalar]
    keys: Mapping[str, Key]

    def text(self, key: str) -> str:
        """The value in force as RocketMQ reads it; "" where the release has no such key or it is null."""
        known = self.keys.get(key)
        value = self.settings.get(key, known.default if known else None)
        return "" if value is None else to_properties_value(value)

    def number(self, key: str) -> float:
        """NaN where there is none, so that no comparison holds."""
        return float(self.text(key) or math.nan)

    def flag(self, key: str) -> bool:
        return self.text(key).lower() == "true"

    def only_of(self, key: str, package: str) -> bool:
        """Whether nothing but classes of this package take the key."""
        return all(name.startswith(package) for name in self.keys[key].classes)


@dataclass(frozen=True)
class Danger:
    """When a declared `key` of these components meets `when`, it is a finding for this reason.

    key: None stands for each declared key, which `when` gets as its second argument.
    """

    key: str | None
    components: tuple[Component, ...]
    when: Callable[[Given, str], bool]
    reason: str
    remedy: str
    severity: Severity = "warning"


BROKER: tuple[Component, ...] = ("broker",)
NAMESERVER: tuple[Component, ...] = ("nameserver",)
SERVERS: tuple[Component, ...] = ("broker", "nameserver", "controller")

DANGERS = (
    Danger(  # BrokerController.start: max(10000, min(period, 60000)) [V]
        "registerNameServerPeriod",
        BROKER,
        lambda given, key: not 10_000 <= given.number(key) <= 60_000,
        "the broker moves it into 10000 to 60000 ms without a word",
        "Choose a period from 10000 to 60000 ms.",
    ),
    Danger(  # y2 against y7 [M]; the default is 6000 in 4.x and 24000 in 5.x [V]
        "registerBrokerTimeoutMills",
        BROKER,
        lambda given, key: given.number(key) > 10_000,
        "one hung nameserver makes a healthy broker wait that long at each new topic and consumer group, "
        "so that it looks dead itself",
        "Choose at most 6000 ms; 2000 gave no gap.",
    ),
    Danger(  # NettyRemotingServer closes an idle channel: the heartbeat's own period must fit in [M, x3]
        "serverChannelMaxIdleTimeSeconds",
        ("broker", "nameserver"),
        lambda given, key: given.number(key) <= _CLIENT_PERIOD_SECONDS,
        "clients and brokers speak every 30 s by default, so their connections are cut between two messages",
        "Stay above 30 s, or lower registerNameServerPeriod and the clients' poll and heartbeat as well.",
    ),
    Danger(
        "clientCloseSocketIfTimeout",
        SERVERS,
        lambda given, key: not given.flag(key),
        "as a client of a hung server it then never leaves that connection, which made the incident last 10 minutes",
        "Leave it out or set it to true.",
    ),
    Danger(  # a restart keeps what the file says [M, drain]
        "brokerPermission",
        BROKER,
        lambda given, key: given.number(key) != 6,
        "the broker comes up drained after every restart: only 6 lets it be read and written",
        "Leave it out; opskit drains a broker at run time and gives the permission back.",
    ),
    Danger(  # MessageStoreConfig.getDiskMaxUsedSpaceRatio [V]
        "diskMaxUsedSpaceRatio",
        BROKER,
        lambda given, key: not 10 <= given.number(key) <= 95,
        "the broker moves it into 10 to 95 % without a word",
        "Choose a percentage from 10 to 95; 75 is the default.",
    ),
    Danger(
        "fileReservedTime",
        BROKER,
        lambda given, key: given.number(key) < 24,
        "it is in hours: a consumer that is down for longer loses messages for good",
        "Keep messages for at least 24 hours; 72 is the default.",
    ),
    Danger(  # UtilAll.isItTimeToDo: parseInt of each part between semicolons [V]
        "deleteWhen",
        BROKER,
        lambda given, key: not all(hour.isdecimal() and int(hour) < 24 for hour in given.text(key).split(";")),
        "no hour of the day, so that old files are deleted only when the disk is full",
        'Write hours from 00 to 23 with ";" between them, such as "04".',
    ),
    Danger(
        "mappedFileSizeCommitLog",
        BROKER,
        lambda given, key: given.number(key) <= given.number("maxMessageSize"),
        "a message of maxMessageSize does not fit into one commit log file and is refused",
        "Make the file larger than maxMessageSize.",
    ),
    Danger(
        "autoCreateTopicEnable",
        BROKER,
        lambda given, key: given.flag(key),
        "a misspelt topic springs up by itself, and on one master only, where it has no failover",
        "Set it to false and create topics on every master.",
    ),
    Danger(
        "transientStorePoolEnable",
        BROKER,
        lambda given, key: given.flag(key) and given.text("flushDiskType") == "ASYNC_FLUSH",
        "acknowledged messages wait outside the page cache, and are lost where only the process dies",
        "Set it to false.",
    ),
    Danger(  # MessageStoreConfig.isTransientStorePoolEnable of 4.x [V]
        "transientStorePoolEnable",
        BROKER,
        lambda given, key: given.flag(key) and given.text("flushDiskType") == "SYNC_FLUSH",
        "it works with flushDiskType ASYNC_FLUSH only",
        "Set it to false.",
    ),
    Danger(  # BrokerStartup: setHaListenPort(listenPort + 1) after the file is read [V]
        "haListenPort",
        BROKER,
        lambda given, _: numbers(given.release) < (5, 0, 0),
        "4.x puts the port after rocketmq_broker_port in its place without a word",
        "Leave it out.",
    ),
    Danger(  # BrokerConfig.aclEnable has a setter and nothing that reads it; up to 5.3.2 it has isAclEnable [V]
        "aclEnable",
        BROKER,
        lambda given, key: given.flag(key) and numbers(given.release) >= (5, 3, 3),
        "from 5.3.3 nothing reads it any more: the broker would serve everybody",
        "Set authenticationEnabled and authorizationEnabled instead.",
        "error",
    ),
    Danger(  # BrokerStartup [V]
        "enableControllerMode",
        BROKER,
        lambda given, key: given.flag(key) and given.flag("enableDLegerCommitLog"),
        "the broker exits with -4 where enableDLegerCommitLog is true as well",
        "Choose one of the two.",
        "error",
    ),
    Danger(  # BrokerStartup: setBrokerId(-1) [V]
        "enableDLegerCommitLog",
        BROKER,
        lambda given, key: given.flag(key),
        "DLedger elects the master and ignores rocketmq_broker_id and rocketmq_broker_role, "
        "so what opskit says of pairs does not hold",
        "Use master and slave, or the controller of 5.x.",
    ),
    Danger(  # BrokerController sends it with the registration only then [V, facts 2.2]
        "brokerNotActiveTimeoutMillis",
        BROKER,
        lambda given, _: not given.flag("enableSlaveActingMaster"),
        "without enableSlaveActingMaster it has no effect, and nameservers keep a hung broker for 120 s",
        "Set enableSlaveActingMaster to true as well, or leave it out.",
    ),
    Danger(
        "brokerNotActiveTimeoutMillis",
        BROKER,
        lambda given, key: given.number(key) < 3 * given.number("brokerHeartbeatInterval"),
        "two lost heartbeats take a healthy broker out of the route",
        "Allow for at least three of brokerHeartbeatInterval.",
    ),
    *(
        Danger(  # BrokerController.start [V, facts 2.2]
            key,
            BROKER,
            lambda given, _: not given.flag("enableSlaveActingMaster") and not given.flag("enableControllerMode"),
            "without enableSlaveActingMaster or enableControllerMode no heartbeat is sent, so it has no effect",
            "Leave it out, or set the mode that you mean.",
        )
        for key in ("brokerHeartbeatInterval", "sendHeartbeatTimeoutMillis")
    ),
    Danger(
        "enableElectUncleanMaster",
        ("nameserver", "controller"),
        lambda given, key: given.flag(key),
        "a replica that lacks acknowledged messages may become master, and they are lost",
        "Set it to false.",
    ),
    Danger(  # NamesrvConfig, BrokerConfig, ControllerConfig from 5.2.0 [V]
        "configBlackList",
        SERVERS,
        lambda given, key: not set(str(given.keys[key].default or "").split(";")) <= set(given.text(key).split(";")),
        "it lacks names of the default list, so that an admin request may change where files are written",
        "Add to the default list, take nothing from it.",
    ),
    Danger(  # NamesrvStartup reads these classes only then [V]
        None,
        NAMESERVER,
        lambda given, key: (
            (given.only_of(key, "common.ControllerConfig") or given.only_of(key, "common.JraftConfig"))
            and not given.flag("enableControllerInNamesrv")
        ),
        "it belongs to the controller, which this nameserver does not run: it has no effect",
        "Move it to rocketmq_controller_settings, or set enableControllerInNamesrv to true.",
    ),
    Danger(  # TieredMessageStore registers its configuration when the plugin is loaded [V]
        None,
        BROKER,
        lambda given, key: (
            given.only_of(key, "tieredstore.") and "TieredMessageStore" not in given.text("messageStorePlugIn")
        ),
        "it belongs to the tiered store, which is not loaded: it has no effect",
        "Set messageStorePlugIn to org.apache.rocketmq.tieredstore.TieredMessageStore, or leave it out.",
    ),
)


def dangers(given: Given) -> list[tuple[str, Danger]]:
    """Each declared key with a danger that it meets, in the order of the settings."""
    return [
        (key, danger)
        for key in given.settings
        for danger in (*_of_key(given.component, key), *_of_key(given.component, None))
        if danger.when(given, key)
    ]


@cache
def _of_key(component: Component, key: str | None) -> tuple[Danger, ...]:
    return tuple(danger for danger in DANGERS if danger.key == key and component in danger.components)
