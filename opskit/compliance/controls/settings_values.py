"""What was seen of one server's settings, and how RocketMQ reads a value. Pure.

A reason why something was not seen is a text; what was seen never is one.
"""

from collections.abc import Iterable, Mapping

from opskit.compliance.controls.observed import ELECTING
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Broker, Nameserver, Scalar, Server
from opskit.observe.facts import FileFacts, HostFacts, ServerProcess
from opskit.onhost.facts.properties import is_secret
from opskit.onhost.masking import MASK
from opskit.render.layout import KINDS
from opskit.rocketmq.releases import SUPPORTED, numbers
from opskit.rocketmq.settings_table import Key, keys
from opskit.rocketmq.settings_value import objection

SHOWN = 5
_LONGEST_NUMBER = 100
"""Letters: Python itself refuses a number of thousands, which a server that answers garbage may send."""
Settings = Mapping[str, str]

_SOCKET = "BrokerStartup of 4.8.0 makes it 131072 where no -D option says otherwise"
DERIVED: Mapping[str, Mapping[str, str]] = {
    "broker": {
        "bitMapLengthConsumeQueueExt": "ConsumerFilterManager computes it from the expected consumers",
        "coldDataFlowControlEnable": "CommitLog.ColdDataCheckService switches it off where the system cannot",
        "haListenPort": "BrokerStartup makes it listenPort + 1",
        "inBrokerContainer": "BrokerStartup says whether a container started it",
        "timerRocksDBEnable": "TimerMessageRocksDBStore switches it by its own state",
        "timerRocksDBStopScan": "the timer stores switch it while one takes over from the other",
        "timerStopEnqueue": "the timer stores switch it while one takes over from the other",
        "useTLS": "BrokerStartup of 4.x takes it from tls.server.mode",
        "writeWithoutMmap": "TieredMessageStore switches it",
    },
    "nameserver": {"configStorePath": "NamesrvStartup puts the path after -c in its place"},
}
"""Component → key → why its value in force may be another one than file and table say: read in the calls of setters in
the jars of 4.8.0 and 5.4.0, and seen in what their start-up classes report for opskit's own files."""
_DERIVED_IN_4_8: Mapping[str, str] = {
    "clientSocketRcvBufSize": _SOCKET,
    "clientSocketSndBufSize": _SOCKET,
    "serverSocketRcvBufSize": _SOCKET,
    "serverSocketSndBufSize": _SOCKET,
}
_ELECTED = ("brokerId", "brokerRole")
"""Where brokers elect their master, it is they who set these."""


def subject(server: Server) -> str:
    """HOST UNIT: a host may carry several servers."""
    return f"{server.host.name} {KINDS[server.component].unit}"


def facts_of(evidence: Evidence, host: str) -> HostFacts | str:
    facts = evidence.hosts.get(host)
    if facts is not None:
        return facts
    unseen = evidence.unseen.get(host)
    return f"its host could not be audited: {unseen.error}" if unseen else "its host was not audited"


def file_of(evidence: Evidence, host: str, path: str) -> FileFacts | str:
    """A file as it was looked at, be it there or not; what of it could not be read, it says itself."""
    facts = facts_of(evidence, host)
    if isinstance(facts, str):
        return facts
    return facts.files.get(path) or f"its host was not asked about {path}"


def on_disk(evidence: Evidence, server: Server) -> Settings | str:
    """The settings file as it lies there, secrets masked."""
    path = KINDS[server.component].conf
    file = file_of(evidence, server.host.name, path)
    if isinstance(file, str):
        return file
    if file.settings is not None:
        return file.settings
    return (
        f"{path} is missing" if file.exists is False else f"{path} could not be read: {file.error or 'nobody said why'}"
    )


def in_force(evidence: Evidence, server: Server) -> Settings | str:
    """The settings as the running nameserver or broker tells them, secrets masked."""
    seen = (
        evidence.nameservers.get(server.host.name)
        if isinstance(server, Nameserver)
        else evidence.brokers.get(server.host.name)
    )
    if seen is None:
        return "it was not asked for its settings"
    if seen.settings is None:
        return f"it did not tell its settings: {seen.settings_error or seen.detail or seen.state}"
    return seen.settings


def process_of(evidence: Evidence, server: Server) -> ServerProcess | str:
    """The process that serves the declared port, else the one of opskit's unit."""
    facts = facts_of(evidence, server.host.name)
    if isinstance(facts, str):
        return facts
    kin = [one for one in facts.servers if one.kind == server.component]
    by_port = (one for one in kin if server.port in (one.ports or ()))
    by_unit = (one for one in kin if one.unit == KINDS[server.component].unit)
    return next(by_port, None) or next(by_unit, None) or f"no process of this {server.component} runs on its host"


def known(server: Server) -> Mapping[str, Key] | str:
    if server.release not in SUPPORTED:
        return f"opskit has no setting table for RocketMQ {server.release}"
    return keys(server.component, server.release)


def derived(server: Server, settings: Settings) -> frozenset[str]:
    """Keys whose value RocketMQ itself may have changed since it read its file."""
    found = set(DERIVED.get(server.component, {}))
    if isinstance(server, Broker) and numbers(server.release) < (4, 9, 0):
        found |= _DERIVED_IN_4_8.keys()
    if any(settings.get(key, "").lower() == "true" for key in ELECTING):
        found |= set(_ELECTED)
    return frozenset(found)


def as_read(key: Key, text: str) -> Scalar | None:
    """The value that RocketMQ makes of a text: what it cannot parse leaves the default, in a boolean false."""
    if key.type == "boolean":
        return text.lower() == "true"
    if key.type == "string":
        return text.strip()  # as 5.3.3 and later do; what an older one keeps is the same on both sides
    if len(text) > _LONGEST_NUMBER or objection(key, text):
        return key.default
    return int(text) if key.type in ("int", "long") else float(text)


def is_same(key: Key, one: str, other: str) -> bool:
    """Whether RocketMQ reads both texts as one value; of a secret that is masked nobody can say, so it is."""
    return MASK in (one, other) or as_read(key, one) == as_read(key, other)


def is_default(key: Key, text: str) -> bool:
    """Never where the default is null: then a value is somebody's."""
    return key.default is not None and as_read(key, text) == key.default


def shown(key: str, value: str) -> str:
    """The value, unless its key says that it is a secret."""
    return MASK if is_secret(key) else value or '""'


def listed(parts: Iterable[str]) -> str:
    """At most five, and how many more there are."""
    every = list(parts)
    more = [f"and {len(every) - SHOWN} more"] if len(every) > SHOWN else []
    return "; ".join([*every[:SHOWN], *more])
