"""Which server stands on which machine: what the topology rules judge, declared or observed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from opskit.inventory.cluster import Cluster, Host

Role = Literal["nameserver", "broker", "controller"]


@dataclass(frozen=True)
class Placed:
    """One server on its host. pair and broker_id say what a broker is; other roles, and a broker that runs without
    having been declared or registered, leave them out.
    """

    role: Role
    host: Host
    port: int
    release: str
    pair: str = ""
    broker_id: int = -1

    @property
    def name(self) -> str:
        """How an operator would name it."""
        if self.role != "broker":
            return self.role
        return f"broker {self.pair} id {self.broker_id}" if self.pair else "an undeclared broker"

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port it listens on: a broker also takes port-2 (VIP channel) and port+1 (replication).

        RocketMQ derives both: NettyServerConfig of the fast remoting server, MessageStoreConfig.haListenPort.
        """
        return (self.port - 2, self.port, self.port + 1) if self.role == "broker" else (self.port,)


@dataclass(frozen=True)
class Placement:
    """Servers, all hosts (those of clients too), and the releases of the clients that depend on them."""

    servers: tuple[Placed, ...]
    hosts: tuple[Host, ...]
    client_releases: frozenset[str] = frozenset()
    allow_colocation: bool = False

    def of(self, role: Role) -> tuple[Placed, ...]:
        return tuple(server for server in self.servers if server.role == role)

    @cached_property
    def machines(self) -> dict[str, str]:
        """Host name → the machine it is, named by its first host name.

        Two names are one machine where RocketMQ is reached at the same address, or SSH at the same address and port.
        """
        known: dict[str, str] = {}
        machines: dict[str, str] = {}
        for host in self.hosts:
            marks = (host.address, f"{host.endpoint.address}:{host.endpoint.port}")
            machine = next((known[mark] for mark in marks if mark in known), host.name)
            known |= dict.fromkeys(marks, machine)
            machines[host.name] = machine
        return machines

    def machine(self, server: Placed) -> str:
        return self.machines[server.host.name]

    @cached_property
    def by_machine(self) -> dict[str, tuple[Placed, ...]]:
        """The servers of each machine that runs one."""
        return group(self.servers, [self.machine(server) for server in self.servers])

    @cached_property
    def pairs(self) -> dict[str, tuple[Placed, ...]]:
        """The brokers of each broker name, in order of their id."""
        brokers = sorted(self.of("broker"), key=lambda broker: broker.broker_id)
        return group(brokers, [broker.pair for broker in brokers])


def group(servers: Sequence[Placed], keys: Sequence[str]) -> dict[str, tuple[Placed, ...]]:
    """The servers of each key, in order."""
    grouped: dict[str, list[Placed]] = {}
    for server, key in zip(servers, keys, strict=True):
        grouped.setdefault(key, []).append(server)
    return {key: tuple(members) for key, members in grouped.items()}


def declared(cluster: Cluster) -> Placement:
    """The placement an inventory declares; without client hosts, clients are taken to run the servers' releases."""
    servers = (
        *(Placed("nameserver", each.host, each.port, each.release) for each in cluster.nameservers),
        *(
            Placed("broker", each.host, each.port, each.release, each.broker_name, each.broker_id)
            for each in cluster.brokers
        ),
        *(Placed("controller", each.host, each.port, each.release) for each in cluster.controllers),
    )
    clients = frozenset(release for client in cluster.clients for release in client.releases)
    return Placement(
        servers=servers,
        hosts=cluster.hosts,
        client_releases=clients or frozenset(server.release for server in servers),
        allow_colocation=cluster.allow_colocation,
    )
