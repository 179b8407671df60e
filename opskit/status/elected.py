"""Where controllers elect (5.x), who is master now: the declared cluster with the ids that the nameservers show. Pure.

A controller gives its brokers their ids by the order in which they first came, and whoever is master is registered with
the id 0 (ReplicasManager, 5.4.0). So the declared ids are where a pair began, and a broker is known by its address.
"""

from collections.abc import Sequence
from itertools import chain, count

from opskit.inventory.cluster import Broker, Cluster
from opskit.status.ask import Answers


def as_elected(cluster: Cluster, answers: Answers) -> Cluster:
    """The cluster with the ids in force, of the pairs that controllers elect for; nothing else is different.

    A broker that no nameserver knows keeps its declared id, or takes the next one where that is given to another.
    """
    pairs: dict[str, list[Broker]] = {}
    for broker in cluster.brokers:
        pairs.setdefault(broker.broker_name, []).append(broker)
    ids = {host: number for members in pairs.values() for host, number in _ids(members, cluster, answers).items()}
    brokers = tuple(_with_id(broker, ids[broker.host.name], pairs[broker.broker_name]) for broker in cluster.brokers)
    return cluster.model_copy(update={"brokers": brokers})


def _ids(members: Sequence[Broker], cluster: Cluster, answers: Answers) -> dict[str, int]:
    """Host → id."""
    shown = _shown(members[0].broker_name, cluster, answers) if all(each.is_elected for each in members) else {}
    ids = {each.host.name: shown[each.address] for each in members if each.address in shown}
    for each in members:
        if each.host.name not in ids:
            free = (number for number in chain([each.broker_id], count()) if number not in ids.values())
            ids[each.host.name] = next(free)
    return ids


def _shown(pair: str, cluster: Cluster, answers: Answers) -> dict[str, int]:
    """Address → id, as the nameserver tells it that knows most of the pair: one view, so that no id is given twice."""
    views = [
        {address: number for number, address in answered.info.value.view(cluster.name).get(pair, {}).items()}
        for answered in answers.nameservers.values()
        if answered.info.value is not None
    ]
    return max(views, key=len, default={})


def _with_id(broker: Broker, number: int, members: Sequence[Broker]) -> Broker:
    if number == broker.broker_id:
        return broker
    master = next(each.role for each in members if each.is_master)
    return broker.model_copy(update={"broker_id": number, "role": "SLAVE" if number else master})
