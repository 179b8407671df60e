"""What servers answer, typed. Field names are RocketMQ's own in snake case; what opskit does not use is left out.

Facts are of 4.8.0 and 5.4.0 unless a docstring says otherwise.
"""

import math

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

WRITABLE = 6
"""brokerPermission (and a topic's perm) of a server that is read and written: 4 read + 2 write."""


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, defer_build=True)


class BrokerData(Answer):
    """One pair, as a nameserver knows it."""

    broker_name: str
    cluster: str = ""
    broker_addrs: dict[int, str]
    """Broker id (0: master) → ip:port."""


class ClusterInfo(Answer):
    """A nameserver's view of all clusters that register with it."""

    broker_addr_table: dict[str, BrokerData] = {}
    cluster_addr_table: dict[str, frozenset[str]] = {}

    def view(self, cluster: str) -> dict[str, dict[int, str]]:
        """Broker name → id → address, of one cluster."""
        names = self.cluster_addr_table.get(cluster, frozenset())
        return {name: data.broker_addrs for name, data in sorted(self.broker_addr_table.items()) if name in names}


class QueueData(Answer):
    broker_name: str
    read_queue_nums: int
    write_queue_nums: int
    perm: int


class Route(Answer):
    """Where a topic lives; empty where the nameserver knows no such topic."""

    queue_datas: tuple[QueueData, ...] = ()
    broker_datas: tuple[BrokerData, ...] = ()


class RuntimeInfo(Answer):
    """A broker's runtime table, of which each value is text."""

    broker_version_desc: str = ""
    """Release as the broker names it: V4_8_0."""
    boot_timestamp: int = 0
    """Milliseconds since 1970."""
    commit_log_max_offset: int = Field(ge=0, lt=1 << 63)
    """Bytes: where the next message will be stored. A slave's own, so the distance to its master is its lag."""
    put_message_average_size: float = 0.0
    """Bytes a message, since the start."""
    put_message_times_total: int = 0
    put_tps: str = ""
    """Messages stored per second, averaged over 10, 60 and 600 s."""

    @field_validator("put_tps")
    @classmethod
    def _numbers(cls, text: str) -> str:
        for word in text.split():
            float(word)
        return text

    @property
    def recent_put_tps(self) -> float:
        """Messages stored per second over the last 10 s; 0.0 before the first 10 s are over."""
        recent = self.put_tps.split()
        return float(recent[0]) if recent else 0.0

    @property
    def bytes_per_second(self) -> float:
        """What was stored per second over the last 10 s, estimated by the average size of a message.

        0.0 where Java divided by zero and says NaN or Infinity.
        """
        rate = self.recent_put_tps * self.put_message_average_size
        return rate if math.isfinite(rate) else 0.0


class TopicConfig(Answer):
    topic_name: str
    read_queue_nums: int
    write_queue_nums: int
    perm: int
    order: bool = False


class TopicTable(Answer):
    topic_config_table: dict[str, TopicConfig] = {}


class TopicList(Answer):
    topic_list: frozenset[str] = frozenset()


class SubscriptionGroups(Answer):
    """Consumer groups of a broker by name; what each is set to is left out."""

    subscription_group_table: dict[str, object] = {}


class Connection(Answer):
    """One client: of a consumer group (203) or a producer group (204)."""

    client_id: str
    client_addr: str = ""
    language: str = ""
    version: int = 0


class Connections(Answer):
    """Clients of one group; empty where the group is offline."""

    connection_set: tuple[Connection, ...] = ()


class QueueOffsets(Answer):
    """Offsets are counts of messages: where the next one will be stored, and up to where the group has acknowledged."""

    broker_offset: int = 0
    consumer_offset: int = 0


class ConsumeStats(Answer):
    """A consumer group on one broker (request 208), by the text of each queue: topic, broker's name, number.

    A client commits what it consumed with its next pull, and every 5 s (persistConsumerOffsetInterval).
    """

    offset_table: dict[str, QueueOffsets] = {}

    @property
    def stored(self) -> int:
        return sum(queue.broker_offset for queue in self.offset_table.values())

    @property
    def consumed(self) -> int:
        return sum(queue.consumer_offset for queue in self.offset_table.values())


class Producer(Answer):
    client_id: str
    remote_ip: str = Field(default="", alias="remoteIP")
    language: str = ""
    version: int = 0
    last_update_timestamp: int = 0


class ProducerTable(Answer):
    """Every producer group of a broker with its clients (request 328, brokers from 4.9.4)."""

    data: dict[str, tuple[Producer, ...]] = {}


class HaConnection(Answer):
    """A slave, as its master sees it. addr is the slave's end of the HA connection."""

    addr: str
    slave_ack_offset: int = 0
    diff: int = 0
    """Bytes that the slave has not acknowledged."""
    in_sync: bool = False


class HaStatus(Answer):
    """A broker's replication (request 907, from 5.0.0)."""

    master: bool
    in_sync_slave_nums: int = 0
    ha_connection_info: tuple[HaConnection, ...] = ()


def properties(text: str) -> dict[str, str]:
    """key=value lines as MixAll.properties2String writes them: nothing is escaped, so nothing may be unescaped."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key: value for key, _, value in pairs}
