"""From a case's few words to a Cluster and its Answers: all is well, but for what the case says.

servers: nameservers ns1, ns2 and the pairs broker-a (hosts a, a-s) and broker-b (b, b-s), unless `cluster` says so.
answers: host → an outcome for all its questions, or a table of what is different about it.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from opskit.inventory.cluster import Broker, Cluster, Endpoint, Host, Jvm, Nameserver
from opskit.reach.line import Reply
from opskit.rocketmq.answers import ClusterInfo, HaStatus, Route, RuntimeInfo, TopicTable
from opskit.status.ask import FIRST_5_X, Answers, BrokerAnswers, NameserverAnswers

CASES = Path(__file__).parent.parent / "cases" / "status"
ADDRESSES = {"ns1": "10.0.0.1", "ns2": "10.0.0.2", "ns3": "10.0.0.3"}
ADDRESSES |= {"a": "10.0.1.1", "a-s": "10.0.1.2", "b": "10.0.2.1", "b-s": "10.0.2.2", "a-s2": "10.0.1.3"}
PAIRS = {
    "a": ("broker-a", 0),
    "a-s": ("broker-a", 1),
    "a-s2": ("broker-a", 2),
    "b": ("broker-b", 0),
    "b-s": ("broker-b", 1),
}
ORDINALS = {"4.8.0": 373, "4.9.7": 407, "5.4.0": 493}
OFFSET = 10 * 1024 * 1024
SYSTEM_TOPICS = ("TBW102", "C1", "SELF_TEST_TOPIC")
DETAILS = {
    "silent": "no answer within 0.7 s",
    "refused": "nothing listens on port {port}",
    "unreachable": "no connection to port {port} within 0.7 s",
    "error": "code 1: name server not ready",
    "garbled": "not in RocketMQ's protocol: a frame of 1213486160 bytes",
}


def load(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((CASES / name).read_text())
    return cases


def cluster_of(case: dict[str, Any]) -> Cluster:
    said = case.get("cluster", {})
    release, jvm = str(said.get("release", "4.8.0")), Jvm(heap="256m")
    return Cluster(
        name="C1",
        nameservers=tuple(
            Nameserver(host=host(name), release=release, jvm=jvm) for name in said.get("nameservers", ["ns1", "ns2"])
        ),
        brokers=tuple(
            Broker(
                host=host(name),
                release=release,
                broker_name=PAIRS[name][0],
                broker_id=PAIRS[name][1],
                role="SLAVE" if PAIRS[name][1] else "ASYNC_MASTER",
                settings=said.get("settings", {}),
                jvm=jvm,
            )
            for name in said.get("brokers", ["a", "a-s", "b", "b-s"])
        ),
    )


def host(name: str) -> Host:
    address = ADDRESSES[name]
    return Host(name=name, address=address, endpoint=Endpoint(host=name, address=address))


def answers_of(case: dict[str, Any]) -> Answers:
    cluster, said = cluster_of(case), case.get("answers", {})
    down = {name for name, what in said.items() if what in ("refused", "unregistered")}
    everyone = {
        f"{broker.broker_name} id {broker.broker_id}": broker.address
        for broker in cluster.brokers
        if broker.host.name not in down
    }
    return Answers(
        datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
        {node.host.name: _nameserver(node, said.get(node.host.name, {}), everyone) for node in cluster.nameservers},
        {node.host.name: _broker(cluster, node, said.get(node.host.name, {})) for node in cluster.brokers},
    )


def _nameserver(node: Nameserver, what: Any, everyone: dict[str, str]) -> NameserverAnswers:
    if isinstance(what, str):
        return NameserverAnswers(lost(what, node.port), lost(what, node.port))
    known = {who: at for who, at in everyone.items() if who not in what.get("lacks", [])} | what.get("knows", {})
    table: dict[str, Any] = {}
    for who, address in known.items():
        name, number = who.split(" id ")
        table.setdefault(name, {"brokerName": name, "brokerAddrs": {}})["brokerAddrs"][int(number)] = address
    others = {"C2": ["elsewhere"]}
    table["elsewhere"] = {"brokerName": "elsewhere", "brokerAddrs": {0: "10.9.9.9:10911"}}
    clusters = {"C1": sorted(table.keys() - {"elsewhere"}), **others}
    info = ClusterInfo.model_validate({"brokerAddrTable": table, "clusterAddrTable": clusters})
    version = ORDINALS[what.get("release", node.release)]
    route = Reply("answered", 0.01, Route(), version=version)
    return NameserverAnswers(
        lost(what["route"], node.port) if "route" in what else route,
        lost(what["info"], node.port) if "info" in what else Reply("answered", 0.02, info, version=version),
    )


def _broker(cluster: Cluster, node: Broker, what: Any) -> BrokerAnswers:
    if isinstance(what, str) and what != "unregistered":
        gone: Reply[Any] = lost(what, node.port)
        return BrokerAnswers(gone, gone, gone if node.is_master else None)
    what = {} if isinstance(what, str) else what
    version = ORDINALS[what.get("release", node.release)]
    runtime = RuntimeInfo.model_validate(
        {
            "commitLogMaxOffset": OFFSET + what.get("offset", 0),
            "putTps": what.get("put_tps", "12.5 10.0 9.0"),
            "putMessageAverageSize": what.get("average", 100.0),
        }
    )
    config = {
        "brokerPermission": str(what.get("permission", node.settings.get("brokerPermission", 6))),
        "namesrvAddr": what.get("namesrvAddr", cluster.nameserver_addresses),
        "registerNameServerPeriod": str(what.get("period", 30000)),
    }
    topics = [*SYSTEM_TOPICS, node.broker_name, *what.get("topics", ["Orders"])]
    table = {name: {"topicName": name, "readQueueNums": 8, "writeQueueNums": 8, "perm": 6} for name in topics}
    slaves = sum(other.broker_name == node.broker_name and not other.is_master for other in cluster.brokers)
    ha = HaStatus.model_validate({"master": True, "inSyncSlaveNums": what.get("in_sync", slaves)})
    answered = BrokerAnswers(
        Reply("answered", 0.01, runtime, version=version),
        lost(what["config"], node.port) if "config" in what else Reply("answered", 0.02, config, version=version),
    )
    if not (node.is_master or node.is_elected):
        return answered
    tables: Reply[TopicTable] = Reply("answered", 0.03, TopicTable.model_validate({"topicConfigTable": table}))
    return replace(
        answered,
        topics=lost(what["table"], node.port) if "table" in what else tables,
        ha=Reply("answered", 0.03, ha) if version >= FIRST_5_X else None,
    )


def lost(outcome: str, port: int) -> Reply[Any]:
    return Reply(outcome, 0.7, detail=DETAILS[outcome].format(port=port), code=1 if outcome == "error" else None)  # type: ignore[arg-type]
