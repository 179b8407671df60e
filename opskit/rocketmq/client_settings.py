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
from opskit.rocketmq.settings_value import to_properties_value

_OLDEST = "4.0.0"
_API_TIMEOUT = 3000
"""Default of mqClientApiTimeout, in milliseconds."""


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

    def default(self, release: str) -> Scalar:
        """Of a release that has it; raises IndexError for any other."""
        return [value for first, value in self.defaults if numbers(release) >= numbers(first)][-1]

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
            ClientSetting("mqClientApiTimeout", _CONFIG, (("4.9.2", _API_TIMEOUT),), 1),
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
    having = (setting for setting in CLIENT_SETTINGS.values() if setting.is_in(release))
    return {setting.name: settings.get(setting.name, setting.default(release)) for setting in having}


def check_client(
    host: str, releases: Sequence[str], settings: Mapping[str, Scalar], origin: str = ""
) -> Iterator[Finding]:
    """What is wrong with the settings of a client host, in their order.

    Rules: setting-unknown, setting-other-release, setting-type (errors) and setting-danger (a warning).
    """
    for name, value in settings.items():
        rule, sentence, remedy = _judge(releases, name, value)
        if rule:
            yield Finding(
                rule=rule,
                severity="warning" if rule == "setting-danger" else "error",
                subject=name,
                sentence=f"{host}: {sentence}",
                remedy=remedy,
                origin=f"{origin}.{name}" if origin else name,
            )


def _judge(releases: Sequence[str], name: str, value: Scalar) -> tuple[str, str, str]:
    """Rule, sentence and remedy; three empty texts where nothing is wrong."""
    setting = CLIENT_SETTINGS.get(name)
    if setting is None:
        return "setting-unknown", f"opskit knows no setting {name} of a RocketMQ client", _near(name)
    lacking = ", ".join(release for release in releases if not setting.is_in(release))
    if lacking:
        sentence = f"the client of RocketMQ {lacking} has no setting {name}, which came with {setting.first}"
        return (
            "setting-other-release",
            sentence,
            "Leave it out, or give the clients of each release a host of their own.",
        )
    if wrong := setting.objection(value):
        defaults = sorted({to_properties_value(setting.default(release)) for release in releases})
        return (
            "setting-type",
            f"{name} {value!r} {wrong}",
            f"Write it without quotes; the default is {' or '.join(defaults)}.",
        )
    if name == "mqClientApiTimeout" and int(value) < _API_TIMEOUT:
        # a hung nameserver blocks the healthy brokers' heartbeat threads (measured on 5.4.0: a gap of 26 s)
        sentence = f"{name} {value}: while a nameserver hangs, a healthy broker that answers slowly looks dead"
        return "setting-danger", sentence, f"Leave it at {_API_TIMEOUT}."
    return "", "", ""


def _near(name: str) -> str:
    known = {each.lower(): each for each in CLIENT_SETTINGS}
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.75)
    return f"Did you mean {known[near[0]]}?" if near else f"Leave it out; known are {', '.join(CLIENT_SETTINGS)}."
