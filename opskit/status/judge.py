"""Answers become a report: the state of every server, and what does not hold. Pure."""

from opskit.inventory.cluster import Broker, Cluster, Nameserver
from opskit.status.ask import Answers
from opskit.status.condition import of_broker, of_nameserver
from opskit.status.elected import as_elected
from opskit.status.findings import findings, permission
from opskit.status.pairs import lag
from opskit.status.result import BrokerStatus, Judgement, NameserverStatus, StatusReport
from opskit.status.topics import on_one_master
from opskit.status.views import member, views


def judge(cluster: Cluster, answers: Answers) -> StatusReport:
    """What the answers say of the cluster as it is declared; of its masters, as they are elected."""
    cluster = as_elected(cluster, answers)
    nameservers = tuple(_nameserver(cluster, answers, node) for node in cluster.nameservers)
    brokers = tuple(_broker(cluster, answers, node) for node in cluster.brokers)
    found = tuple(findings(cluster, answers))
    judgement: Judgement = "fails" if any(finding.severity == "error" for finding in found) else "holds"
    if all(server.state == "unreachable" for server in (*nameservers, *brokers)):
        judgement = "unjudged"
    return StatusReport(
        cluster=cluster.name,
        at=answers.at,
        judgement=judgement,
        nameservers=nameservers,
        brokers=brokers,
        topics_on_one_master=on_one_master(cluster, answers),
        findings=found,
    )


def _nameserver(cluster: Cluster, answers: Answers, node: Nameserver) -> NameserverStatus:
    condition = of_nameserver(answers.nameservers[node.host.name])
    view = views(cluster, answers).get(node.host.name)
    return NameserverStatus(
        host=node.host.name,
        address=node.address,
        state=condition.state,
        detail=condition.detail,
        release=condition.release,
        declared_release=node.release,
        seconds=round(condition.seconds, 3),
        brokers=None if view is None else {f"{name} id {number}": address for (name, number), address in view.items()},
    )


def _broker(cluster: Cluster, answers: Answers, node: Broker) -> BrokerStatus:
    condition, behind = of_broker(answers.brokers[node.host.name]), lag(cluster, answers, node)
    seen, runtime = views(cluster, answers), answers.brokers[node.host.name].runtime.value
    return BrokerStatus(
        host=node.host.name,
        address=node.address,
        state=condition.state,
        detail=condition.detail,
        release=condition.release,
        declared_release=node.release,
        seconds=round(condition.seconds, 3),
        broker_name=node.broker_name,
        broker_id=node.broker_id,
        role=node.role,
        permission=permission(answers, node)[0],
        registered_with=tuple(host for host, view in seen.items() if view.get(member(node)) == node.address),
        behind_bytes=behind.behind if behind and not node.is_master else None,
        put_tps=runtime.recent_put_tps if runtime else None,
    )
