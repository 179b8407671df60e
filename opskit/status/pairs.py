"""How far slaves are behind their masters. Pure."""

from dataclasses import dataclass

from opskit.inventory.cluster import Broker, Cluster
from opskit.status.ask import Answers

IN_SYNC_BYTES = 1024 * 1024
"""How far a slave may be behind a master at rest; see `Lag.bound`."""


@dataclass(frozen=True)
class Lag:
    """A slave and its master, which both answered. behind: bytes, below 0 where the slave holds more."""

    slave: Broker
    master: Broker
    behind: int
    bound: int
    """The larger of 1 MiB and what the master stored in the last second.

    Master and slave are asked milliseconds apart and HA sends 32 KiB at a time, so that a slave in sync shows some lag
    while messages flow; a second of traffic is what an asynchronous master may lose anyway. RocketMQ's own bound,
    256 MiB (haSlaveFallbehindMax), only says that a slave is still connected.
    """

    @property
    def in_sync(self) -> bool:
        return abs(self.behind) <= self.bound


def pairs(cluster: Cluster) -> dict[str, tuple[Broker, ...]]:
    """Broker name → its declared members, master first."""
    names = sorted({broker.broker_name for broker in cluster.brokers})
    return {
        name: tuple(sorted((b for b in cluster.brokers if b.broker_name == name), key=lambda broker: broker.broker_id))
        for name in names
    }


def master_of(cluster: Cluster, broker: Broker) -> Broker | None:
    return next((other for other in pairs(cluster)[broker.broker_name] if other.is_master), None)


def lag(cluster: Cluster, answers: Answers, slave: Broker) -> Lag | None:
    """None where the slave, its master, or both did not answer."""
    master = master_of(cluster, slave)
    if master is None:
        return None
    ahead = answers.brokers[master.host.name].runtime.value
    own = answers.brokers[slave.host.name].runtime.value
    if ahead is None or own is None:
        return None
    bound = max(IN_SYNC_BYTES, int(ahead.bytes_per_second))
    return Lag(slave, master, ahead.commit_log_max_offset - own.commit_log_max_offset, bound)


def slaves_in_sync(answers: Answers, master: Broker) -> int | None:
    """Slaves that the master itself counts as in sync: from 5.0.0; None where it did not say."""
    ha = answers.brokers[master.host.name].ha
    return ha.value.in_sync_slave_nums if ha and ha.value else None


def size(count: int) -> str:
    """Bytes for people: 5.0 MiB."""
    amount, units = float(count), iter(("bytes", "KiB", "MiB", "GiB"))
    unit = next(units)
    while amount >= 1024 and unit != "GiB":
        amount, unit = amount / 1024, next(units)
    return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
