"""A small sound cluster for tests of pure rooms."""

from typing import Any

from opskit.inventory.cluster import Broker, Client, Cluster, Endpoint, Host, Jvm, Nameserver


def host(name: str, address: str) -> Host:
    return Host(name=name, address=address, endpoint=Endpoint(host=name, address=address))


def small_cluster(**changes: Any) -> Cluster:
    """Two nameservers, one pair, one client host, release 4.8.0."""
    values: dict[str, Any] = {
        "name": "small",
        "nameservers": tuple(
            Nameserver(host=host(f"ns{number}", f"10.0.0.{number}"), release="4.8.0", jvm=Jvm(heap="256m"))
            for number in (1, 2)
        ),
        "brokers": tuple(
            Broker(
                host=host(name, address),
                release="4.8.0",
                broker_name="broker-a",
                broker_id=number,
                role="SLAVE" if number else "ASYNC_MASTER",
                jvm=Jvm(heap="1g", direct_memory="1g"),
            )
            for number, (name, address) in enumerate([("a", "10.0.0.11"), ("a-s", "10.0.0.12")])
        ),
        "clients": (Client(host=host("client1", "10.0.0.21"), releases=("4.8.0",)),),
    }
    return Cluster(**(values | changes))
