"""The typed cluster that every verb works on.

Built by `opskit.inventory.build` from a `Declaration`; pure values, no connection is ever opened from here.
"""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, SecretStr

from opskit.inventory.services import Service
from opskit.inventory.waivers import Waiver

Scalar = str | int | float | bool
Component = Literal["nameserver", "broker", "controller"]
BrokerRole = Literal["ASYNC_MASTER", "SYNC_MASTER", "SLAVE"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Endpoint(Frozen):
    """How to reach a host by SSH, derived once from Ansible's connection variables."""

    host: str
    address: str
    port: int = 22
    user: str | None = None
    identity: str | None = None
    """Path of the private key."""
    known_hosts: str | None = None
    """Path of the known_hosts file; None means the user's own."""
    jump: str | None = None
    """user@host[:port] of an SSH jump host."""
    become: bool = False
    python: str = "/usr/bin/python3"


class Host(Frozen):
    """One machine of the inventory."""

    name: str
    address: str
    """Where RocketMQ on this host is reached: `rocketmq_address`, else ansible_host, else the name."""
    endpoint: Endpoint
    rack: str | None = None
    hypervisor: str | None = None


class Jvm(Frozen):
    """Memory and options of one server JVM. Sizes as the JVM takes them: 512m, 4g."""

    heap: str
    direct_memory: str | None = None
    options: tuple[str, ...] = ()


class Server(Frozen):
    """One server JVM of the cluster, whatever its kind."""

    component: ClassVar[Component]

    host: Host
    release: str
    port: int
    settings: dict[str, Scalar] = {}
    jvm: Jvm

    @property
    def address(self) -> str:
        """ip:port as brokers and clients are given it."""
        return f"{self.host.address}:{self.port}"


class Nameserver(Server):
    component = "nameserver"

    port: int = 9876


class Broker(Server):
    component = "broker"

    port: int = 10911
    broker_name: str
    broker_id: int
    """0 for the master of a pair, above 0 for a slave."""
    role: BrokerRole

    @property
    def is_master(self) -> bool:
        return self.broker_id == 0

    @property
    def is_elected(self) -> bool:
        """Whether controllers choose the master of its pair (5.x), so that its declared id is where it began."""
        return str(self.settings.get("enableControllerMode")).lower() == "true"


class Controller(Server):
    component = "controller"

    port: int = 9878


class Client(Frozen):
    """A host that runs RocketMQ clients: where opskit's probe runs."""

    host: Host
    releases: tuple[str, ...]
    settings: dict[str, Scalar] = {}
    """What the services here give their clients, by the names of `opskit.rocketmq.client_settings`."""
    bootstrap_attempts: int = 1
    """How often a fresh producer of a service here tries its first send before it gives up."""
    services: tuple[Service, ...] = ()
    """What is wanted for the services here; the first that matches a JVM counts."""


class Artifact(Frozen):
    """Where the server's jars come from.

    maven: resolved by the machine's own Maven and checked against opskit's lock. archive: an official binary zip at
    `path` whose sha512 is `sha512`. directory: the jars found in `path`.
    """

    source: Literal["maven", "archive", "directory"] = "maven"
    path: str | None = None
    sha512: str | None = None


class Acl(Frozen):
    """Keys with which opskit signs its own admin requests."""

    access_key: str
    secret_key: SecretStr


class Cluster(Frozen):
    """A declared RocketMQ cluster. Tuples are sorted by host name."""

    name: str
    environment: Literal["development", "staging", "production"] = "development"
    nameservers: tuple[Nameserver, ...]
    brokers: tuple[Broker, ...]
    controllers: tuple[Controller, ...] = ()
    clients: tuple[Client, ...] = ()
    artifact: Artifact = Artifact()
    acl: Acl | None = None
    allow_colocation: bool = False
    allow_rollback: bool = False
    """Whether a broker may go back from 5.x to 4.x where its store holds nothing that only 5.x serves."""
    window_seconds: float | None = None
    windows: dict[str, float] = {}
    """path → seconds, where a path has a window of its own."""
    user: str = "rocketmq"
    """System user that runs the servers."""
    java: str = "/usr/bin/java"
    """Path of the java binary on the hosts."""
    store_path: str = "/var/lib/rocketmq/store"
    log_path: str = "/var/log/rocketmq"
    apply_sysctl: bool = True
    """False where the kernel settings are not ours to set, as in a container."""
    drain_seconds: float = 35.0
    """How long a master stays read-only at the least before it is stopped; above the client's 30 s route poll."""
    gate_seconds: float = 90.0
    """How long a server has to come back at application level before the roll stops."""
    dial: Literal["auto", "direct", "ssh"] = "auto"
    """How opskit reaches RocketMQ ports: direct TCP, through SSH to the host, or direct first."""
    drill_days: int = 30
    """How old the last drill that passed may be."""
    waivers: tuple[Waiver, ...] = ()
    """Findings of the audit that are accepted for a while."""

    @property
    def nameserver_addresses(self) -> str:
        """The semicolon list for namesrvAddr."""
        return ";".join(nameserver.address for nameserver in self.nameservers)

    @property
    def servers(self) -> tuple[Server, ...]:
        """Every server JVM: nameservers, brokers, controllers."""
        return (*self.nameservers, *self.brokers, *self.controllers)

    @property
    def topology(self) -> tuple[str, ...]:
        """Each server as "component host release", sorted: a drill is evidence for the topology that it was made on."""
        return tuple(sorted(f"{one.component} {one.host.name} {one.release}" for one in self.servers))

    def servers_on(self, host: str) -> tuple[Server, ...]:
        """The servers of one host, by its name."""
        return tuple(server for server in self.servers if server.host.name == host)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Every host once, sorted by name."""
        members: tuple[Server | Client, ...] = (*self.servers, *self.clients)
        return tuple(sorted({member.host.name: member.host for member in members}.values(), key=lambda host: host.name))
