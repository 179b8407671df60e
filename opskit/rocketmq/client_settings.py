"""Settings that a service gives its RocketMQ clients by Java setters: names, types, defaults and releases.

Read by reflection from new instances of 4.8.0, 4.9.7, 5.1.4, 5.3.3 and 5.4.0; first releases from the sources. No file
sets them, so a name that the release's client lacks does not even compile in the service; opskit's probe takes the
same names from `rocketmq_client_settings`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from opskit.finding import Finding
from opskit.rocketmq.releases import numbers
from opskit.rocketmq.settings_table import Scalar

_OLDEST = "4.0.0"


@dataclass(frozen=True, slots=True)
class ClientSetting:
    """One setter of the client.

    defaults: (first release, default from there on), oldest first; before the first one there is no such setter.
    minimum: of a number; below it the client throws or never waits. source: the class that holds it.
    """

    name: str
    source: str
    defaults: tuple[tuple[str, Scalar], ...]
    minimum: int = 0

    @property
    def first(self) -> str:
        return self.defaults[0][0]

    def is_in(self, release: str) -> bool:
        return numbers(release) >= numbers(self.first)

    def default(self, release: str) -> Scalar | None:
        """None where the release has no such setter."""
        values = [value for first, value in self.defaults if numbers(release) >= numbers(first)]
        return values[-1] if values else None

    def objection(self, value: Scalar) -> str:
        """What is wrong with a value, "" where nothing is."""
        if isinstance(self.defaults[0][1], bool):
            return "" if isinstance(value, bool) else "is not true or false"
        whole = isinstance(value, int) and not isinstance(value, bool)
        sound = whole and self.minimum <= int(value) < 2**31
        return "" if sound else f"is no whole number from {self.minimum} to {2**31 - 1}"


def _always(name: str, source: str, default: Scalar, minimum: int = 0) -> ClientSetting:
    return ClientSetting(name, source, ((_OLDEST, default),), minimum)


_CONFIG, _PRODUCER, _NETTY = "ClientConfig", "DefaultMQProducer", "NettyClientConfig"

CLIENT_SETTINGS: Mapping[str, ClientSetting] = MappingProxyType(
    {
        setting.name: setting
        for setting in (
            # in 4.8.0 a field that only code sets; from 4.9.1 on a system property too
            ClientSetting("clientCloseSocketIfTimeout", _NETTY, ((_OLDEST, False), ("4.9.1", True))),
            _always("connectTimeoutMillis", _NETTY, 3000, 1),
            _always("clientChannelMaxIdleTimeSeconds", _NETTY, 120, 1),
            _always("pollNameServerInterval", _CONFIG, 30_000, 1),
            _always("heartbeatBrokerInterval", _CONFIG, 30_000, 1),
            _always("persistConsumerOffsetInterval", _CONFIG, 5000, 1),
            _always("pullTimeDelayMillsWhenException", _CONFIG, 1000),
            ClientSetting("mqClientApiTimeout", _CONFIG, (("4.9.2", 3000),), 1),
            ClientSetting("useHeartbeatV2", _CONFIG, (("5.1.3", False),)),
            ClientSetting("enableHeartbeatChannelEventListener", _CONFIG, (("5.2.0", True),)),
            ClientSetting("startDetectorEnable", _CONFIG, (("5.1.4", False),)),
            ClientSetting("detectTimeout", _CONFIG, (("5.1.4", 200),), 1),
            ClientSetting("detectInterval", _CONFIG, (("5.1.4", 2000),), 1),
            _always("sendMsgTimeout", _PRODUCER, 3000, 1),
            _always("retryTimesWhenSendFailed", _PRODUCER, 2),
            _always("retryTimesWhenSendAsyncFailed", _PRODUCER, 2),
            _always("retryAnotherBrokerWhenNotStoreOK", _PRODUCER, False),
            _always("sendLatencyFaultEnable", _PRODUCER, False),
            ClientSetting("sendMsgMaxTimeoutPerRequest", _PRODUCER, (("5.3.3", -1),), -1),
        )
    }
)


def in_force(release: str, settings: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """Every setting that a client of this release has: what is given, else the default. Settings must have passed."""
    defaults = {name: setting.default(release) for name, setting in CLIENT_SETTINGS.items()}
    return {name: settings.get(name, default) for name, default in defaults.items() if default is not None}


def check_client(
    host: str, releases: Sequence[str], settings: Mapping[str, Scalar], origin: str = ""
) -> Iterator[Finding]:
    """What is wrong with the settings of a client host, in their order.

    Rules: setting-unknown, setting-other-release, setting-type (errors) and setting-danger (a warning).
    """
    for name, value in settings.items():
        at = f"{origin}.{name}" if origin else name
        setting = CLIENT_SETTINGS.get(name)
        lacking = [] if setting is None else [release for release in releases if not setting.is_in(release)]
        if setting is None:
            yield _finding(
                "setting-unknown",
                name,
                at,
                f"{host}: no RocketMQ client has a setting {name} that opskit knows",
                _near(name),
            )
        elif lacking:
            yield _finding(
                "setting-other-release",
                name,
                at,
                f"{host}: the client of RocketMQ {', '.join(lacking)} has no setting {name}; {setting.first} brought it",
                "Leave it out, or give the clients of each release a host of their own.",
            )
        elif wrong := setting.objection(value):
            default = setting.default(releases[-1]) if releases else setting.defaults[-1][1]
            written = str(default).lower() if isinstance(default, bool) else default
            yield _finding(
                "setting-type",
                name,
                at,
                f"{host}: {name} {value!r} {wrong}",
                f"Correct it, without quotes; the default is {written}.",
            )
        elif name == "mqClientApiTimeout" and int(value) < 3000:
            # one hung nameserver holds up the healthy brokers' answers to heartbeats for longer (measured on 5.4.0)
            yield _finding(
                "setting-danger",
                name,
                at,
                f"{host}: mqClientApiTimeout {value}: while a nameserver hangs, a healthy broker that answers slowly "
                "looks dead to the client",
                "Leave it at 3000.",
            )


def _finding(rule: str, subject: str, origin: str, sentence: str, remedy: str) -> Finding:
    severity = "warning" if rule == "setting-danger" else "error"
    return Finding(rule=rule, severity=severity, subject=subject, sentence=sentence, remedy=remedy, origin=origin)


def _near(name: str) -> str:
    known = {each.lower(): each for each in CLIENT_SETTINGS}
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.75)
    return f"Did you mean {known[near[0]]}?" if near else f"Leave it out; known are {', '.join(CLIENT_SETTINGS)}."
