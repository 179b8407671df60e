"""Topics that only one master carries. Pure."""

from collections.abc import Iterator

from opskit.inventory.cluster import Broker, Cluster
from opskit.status.ask import Answers

SYSTEM = {"TBW102", "SCHEDULE_TOPIC_XXXX", "BenchmarkTest", "OFFSET_MOVED_EVENT", "SELF_TEST_TOPIC"}
SYSTEM_PREFIXES = ("RMQ_SYS_", "rmq_sys_", "%RETRY%", "%DLQ%", "TRANS_CHECK_MAX_TIME_TOPIC")
"""Topics that RocketMQ makes for itself or for a consumer group; some live on one broker by design."""


def on_one_master(cluster: Cluster, answers: Answers) -> dict[str, tuple[str, ...]]:
    """Broker name → the users' topics that it carries alone, where all of at least two masters told theirs."""
    masters = _masters(cluster)
    tables = {master.broker_name: _users_topics(cluster, answers, master) for master in masters}
    if len(masters) < 2 or None in tables.values():
        return {}
    found = {}
    for name, own in tables.items():
        others = {topic for other, topics in tables.items() if other != name for topic in topics or ()}
        alone = tuple(sorted((own or set()) - others))
        if alone:
            found[name] = alone
    return found


def unknown(cluster: Cluster, answers: Answers) -> Iterator[tuple[Broker, str]]:
    """Masters that answer, but did not tell their topics, with the reason."""
    for master in _masters(cluster):
        answered = answers.brokers[master.host.name]
        if answered.runtime.outcome == "answered" and answered.topics and answered.topics.outcome != "answered":
            yield master, answered.topics.detail


def _masters(cluster: Cluster) -> tuple[Broker, ...]:
    return tuple(broker for broker in cluster.brokers if broker.is_master)


def _users_topics(cluster: Cluster, answers: Answers, master: Broker) -> set[str] | None:
    answered = answers.brokers[master.host.name].topics
    if answered is None or answered.value is None:
        return None
    own = {cluster.name, f"{cluster.name}_REPLY_TOPIC", *(broker.broker_name for broker in cluster.brokers)}
    names = answered.value.topic_config_table.keys() - SYSTEM - own
    return {name for name in names if not name.startswith(SYSTEM_PREFIXES)}
