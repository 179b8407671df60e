"""Topics and groups that do not survive the loss of one master."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.observed import listed, silence
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Broker, Cluster
from opskit.status.topics import users_topics

RETRY = "%RETRY%"
WRITE = 2
"""The bit of a topic's perm (PermName.PERM_WRITE)."""
SYSTEM_GROUPS = {
    "DEFAULT_CONSUMER",
    "TOOLS_CONSUMER",
    "SCHEDULE_CONSUMER",
    "FILTERSRV_CONSUMER",
    "__MONITOR_CONSUMER",
    "SELF_TEST_C_GROUP",
    "CID_ONS-HTTP-PROXY",
}
SYSTEM_GROUP_PREFIXES = ("CID_ONSAPI_", "CID_RMQ_SYS_", "CID_SYS_RMQ_")
"""Groups that every broker has of itself: MixAll and SubscriptionGroupManager of 4.8.0 and 5.4.0."""


@control(
    "topic-on-one-master",
    "topics",
    "medium",
    "Every topic can be written on more than one master.",
    rationale="A producer goes on where a master hangs because its topic has queues on another one. Where it has none "
    "no setting saves it: it fails until the master is back. Topics that were made by hand on one broker, or by the "
    "first message to it, are like that.",
    looks_at="The topics of each master and their perm. RocketMQ's own topics are left out, and those that no master "
    "takes messages for.",
    expects="Each topic that takes messages takes them on two masters at the least.",
    remedy="Make it on the other masters too: `mqadmin updateTopic` with -c and the cluster's name, not with -b.",
    references=("docs/status.md",),
)
def _on_one_master(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    masters = [broker for broker in cluster.brokers if broker.is_master]
    if len(masters) < 2:
        yield not_applicable("cluster", "there are fewer than two masters, so no topic can be on two")
        return
    carriers: dict[str, list[str]] = {}
    untold = []
    for master in masters:
        topics = evidence.brokers[master.host.name].topics
        if topics is None:
            untold.append(master)
            continue
        for topic in users_topics(cluster, (name for name, perm in topics.items() if perm & WRITE)):
            carriers.setdefault(topic, []).append(master.broker_name)
    yield from (_untold(master, evidence) for master in untold)
    for topic, names in sorted(carriers.items()):
        if len(names) > 1:
            yield holds(topic)
        elif untold:
            yield unknown(topic, f"{names[0]} takes it; whether {untold[0].broker_name} does was not told")
        else:
            yield fails(topic, f"{topic} takes messages on {names[0]} only", evidence=("request 21",))
    if not carriers and not untold:
        yield not_applicable("cluster", "no topic of a user takes messages")


@control(
    "group-without-retry-topic",
    "topics",
    "low",
    "Every consumer group has its retry topic wherever it is known.",
    rationale="A message that a consumer cannot handle is put back into the retry topic of its group, on the master it "
    "came from. A broker makes that topic at a consumer's first heartbeat: a group without one has never had a "
    "consumer there, or somebody deleted the topic.",
    looks_at="The consumer groups of each master (request 201) and its topics; RocketMQ's own groups are left out.",
    expects="Each master that knows a group carries %RETRY% and the group's name.",
    remedy="Start a consumer of the group, or restart it: the topic is made at its first heartbeat. Delete a group "
    "that nobody uses: `mqadmin deleteSubGroup`.",
    references=("docs/status.md",),
)
def _without_retry(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    missing: dict[str, list[str]] = {}
    untold = False
    for master in (broker for broker in cluster.brokers if broker.is_master):
        seen = evidence.brokers[master.host.name]
        if seen.groups is None or seen.topics is None:
            untold = True
            yield _untold(master, evidence)
            continue
        for group in filter(_is_users, seen.groups):
            lacking = missing.setdefault(group, [])
            if f"{RETRY}{group}" not in seen.topics:
                lacking.append(master.broker_name)
    for group, names in sorted(missing.items()):
        if names:
            yield fails(group, f"{group} has no retry topic on {listed(names)}", evidence=("requests 201 and 21",))
        else:
            yield holds(group)
    if not missing and not untold:
        yield not_applicable("cluster", "the masters know no consumer group of a user")


def _is_users(group: str) -> bool:
    return group not in SYSTEM_GROUPS and not group.startswith(SYSTEM_GROUP_PREFIXES)


def _untold(master: Broker, evidence: Evidence) -> Outcome:
    host, seen = master.host.name, evidence.brokers[master.host.name]
    why = silence(master, seen) or f"{host} did not tell: {seen.topics_error or seen.groups_error or 'no reason'}"
    return unknown(host, why, host)
