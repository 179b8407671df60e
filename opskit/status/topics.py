"""Topics that only one master carries. Pure."""

from collections.abc import Iterable, Iterator

from opskit.inventory.cluster import Broker, Cluster
from opskit.status.ask import Answers

SYSTEM = {
    "TBW102",
    "SCHEDULE_TOPIC_XXXX",
    "BenchmarkTest",
    "OFFSET_MOVED_EVENT",
    "SELF_TEST_TOPIC",
    "CHECKPOINT_TOPIC",
    "DefaultHeartBeatSyncerTopic",
}
SYSTEM_PREFIXES = ("RMQ_SYS_", "rmq_sys_", "%RETRY%", "%DLQ%", "TRANS_CHECK_MAX_TIME_TOPIC")
"""Topics that RocketMQ makes for itself or for a consumer group; some live on one broker by design.

TopicValidator of 4.8.0 and 5.4.0; the last of SYSTEM is the proxy's (5.x).
"""


def users_topics(cluster: Cluster, names: Iterable[str]) -> set[str]:
    """Of topics that a broker of the cluster carries, those that RocketMQ did not make for itself."""
    own = {cluster.name, f"{cluster.name}_REPLY_TOPIC", *(broker.broker_name for broker in cluster.brokers)}
    return {name for name in set(names) - SYSTEM - own if not name.startswith(SYSTEM_PREFIXES)}


def on_one_master(cluster: Cluster, answers: Answers) -> dict[str, tuple[str, ...]]:
    """Broker name → the users' topics that it carries alone, where all of at least two masters told theirs."""
    masters = _masters(cluster)
    tables = {}
    for master in masters:
        answered = answers.brokers[master.host.name].topics
        if answered and answered.value is not None:
            tables[master.broker_name] = users_topics(cluster, answered.value.topic_config_table)
    if len(masters) < 2 or len(tables) < len(masters):
        return {}
    found = {}
    for name, own in tables.items():
        others = {topic for other, topics in tables.items() if other != name for topic in topics}
        if own - others:
            found[name] = tuple(sorted(own - others))
    return found


def unknown(cluster: Cluster, answers: Answers) -> Iterator[tuple[Broker, str]]:
    """Masters that answer, but did not tell their topics, with the reason."""
    for master in _masters(cluster):
        answered = answers.brokers[master.host.name]
        if answered.runtime.outcome == "answered" and answered.topics and answered.topics.outcome != "answered":
            yield master, answered.topics.detail


def _masters(cluster: Cluster) -> tuple[Broker, ...]:
    return tuple(broker for broker in cluster.brokers if broker.is_master)
