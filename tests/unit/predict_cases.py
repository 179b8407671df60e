"""The cases of tests/cases/predict as clusters and predictions."""

from pathlib import Path
from typing import Any

import yaml
from clusters import host

from opskit.inventory.cluster import Broker, Client, Cluster, Jvm, Nameserver, Server
from opskit.predict.predict import predict
from opskit.predict.result import Prediction
from opskit.predict.situation import Pace

CASES = Path(__file__).parent.parent / "cases" / "predict"
JVM = Jvm(heap="1g")


def load(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((CASES / name).read_text())
    return cases


def cluster_of(case: dict[str, Any]) -> Cluster:
    """nameservers, masters: how many, two where left out; slaves: whether each master has one."""
    release, client = case.get("servers", "4.8.0"), case.get("client", {})
    names = [f"broker-{letter}" for letter in "abcd"[: case.get("masters", 2)]]
    ids = (0, 1) if case.get("slaves") else (0,)
    return Cluster(
        name="lab",
        nameservers=tuple(
            Nameserver(
                host=host(f"ns{n}", f"10.0.0.{n}"), release=release, settings=case.get("nameserver", {}), jvm=JVM
            )
            for n in range(1, case.get("nameservers", 2) + 1)
        ),
        brokers=tuple(
            Broker(
                host=host(f"{name}-{broker_id}", f"10.0.{broker_id}.{n}"),
                release=release,
                broker_name=name,
                broker_id=broker_id,
                role="SLAVE" if broker_id else "ASYNC_MASTER",
                settings=case.get("broker", {}),
                jvm=JVM,
            )
            for n, name in enumerate(names)
            for broker_id in ids
        ),
        clients=(
            Client(
                host=host("c1", "10.0.9.1"),
                releases=(client.get("release", "4.8.0"),),
                settings=client.get("settings", {}),
                bootstrap_attempts=client.get("attempts", 1),
            ),
        ),
    )


def victims_of(case: dict[str, Any], cluster: Cluster) -> list[Server]:
    """Those whose host or, for masters, broker name is hung."""
    return [
        server
        for server in cluster.servers
        if server.host.name in case["hung"]
        or (isinstance(server, Broker) and server.is_master and server.broker_name in case["hung"])
    ]


def predicted(case: dict[str, Any], pace: Pace | None = None) -> tuple[Prediction, ...]:
    cluster = cluster_of(case)
    fault, new_groups = case.get("fault", "freeze"), case.get("new_groups", False)
    return predict(cluster, fault, victims_of(case, cluster), pace, new_groups)
