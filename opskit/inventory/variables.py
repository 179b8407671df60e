"""Every inventory variable of opskit, named once: validation, docs and argument_specs read this table.

`python -m opskit.inventory.variables` prints docs/variables.md.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from opskit.inventory import kinds
from opskit.inventory.kinds import Kind
from opskit.inventory.services import SERVICES
from opskit.inventory.waivers import WAIVERS

Role = Literal["nameserver", "broker", "controller", "client"]

_SERVERS: tuple[Role, ...] = ("nameserver", "broker", "controller")
_ALL: tuple[Role, ...] = (*_SERVERS, "client")


@dataclass(frozen=True)
class Variable:
    """One variable.

    scope: "cluster" has one value for all hosts, "host" may differ; default None: the variable may stay unset.
    roles: whose hosts it concerns; required_by: whose hosts must set it.
    """

    name: str
    kind: Kind
    sentence: str
    example: str
    scope: Literal["cluster", "host"] = "host"
    default: Any = None
    required_by: tuple[Role, ...] = ()
    secret: bool = False
    roles: tuple[Role, ...] = _ALL

    @property
    def required(self) -> bool:
        return bool(self.required_by)

    def concerns(self, groups: Collection[str]) -> bool:
        """Whether it says something about a host of these groups; elsewhere it is not even templated."""
        return any(f"{role}s" in groups for role in self.roles)

    def is_required(self, groups: Collection[str]) -> bool:
        """Whether a host of these groups must set it."""
        return any(f"{role}s" in groups for role in self.required_by)


_TABLE = (
    Variable(
        "rocketmq_cluster_name",
        kinds.NAME,
        "Name of the cluster (brokerClusterName).",
        "orders",
        scope="cluster",
        required_by=_ALL,
    ),
    Variable(
        "rocketmq_release",
        kinds.RELEASE,
        "RocketMQ release of the host's servers, and of its clients; differs between hosts during an upgrade only.",
        '"5.4.0"',
        required_by=_SERVERS,
    ),
    Variable(
        "rocketmq_client_releases",
        kinds.RELEASES,
        "Releases of the RocketMQ clients on this client host; the host's rocketmq_release where unset.",
        '["4.8.0", "5.4.0"]',
        roles=("client",),
    ),
    Variable(
        "rocketmq_client_settings",
        kinds.SETTINGS,
        "What the services on this client host set on their RocketMQ clients, so that opskit's probe behaves as they "
        "do; checked against the host's client releases.",
        "{sendLatencyFaultEnable: true, pollNameServerInterval: 10000}",
        default={},
        roles=("client",),
    ),
    Variable(
        "rocketmq_address",
        kinds.ADDRESS,
        "Where clients and brokers reach RocketMQ on this host; ansible_host, else the host's name, where unset.",
        "10.0.0.11",
    ),
    Variable(
        "rocketmq_nameserver_port",
        kinds.PORT,
        "Port of the nameserver.",
        "9876",
        default=9876,
        roles=("nameserver",),
    ),
    Variable(
        "rocketmq_broker_port",
        kinds.PORT,
        "Port of the broker (listenPort); it also takes the port two below and the one above.",
        "10911",
        default=10911,
        roles=("broker",),
    ),
    Variable(
        "rocketmq_controller_port",
        kinds.PORT,
        "Port of the controller (5.x).",
        "9878",
        default=9878,
        roles=("controller",),
    ),
    Variable(
        "rocketmq_broker_name",
        kinds.NAME,
        "Name of the master-slave pair that the broker belongs to (brokerName).",
        "broker-a",
        required_by=("broker",),
        roles=("broker",),
    ),
    Variable(
        "rocketmq_broker_id",
        kinds.BROKER_ID,
        "0 for the master of the pair, above 0 for a slave (brokerId).",
        "0",
        required_by=("broker",),
        roles=("broker",),
    ),
    Variable(
        "rocketmq_broker_role",
        kinds.choice("ASYNC_MASTER", "SYNC_MASTER", "SLAVE"),
        "Replication role; ASYNC_MASTER for id 0 and SLAVE above where unset.",
        "SYNC_MASTER",
        roles=("broker",),
    ),
    Variable(
        "rocketmq_nameserver_settings",
        kinds.SETTINGS,
        "Further keys of namesrv.conf, checked against the release.",
        "{serverChannelMaxIdleTimeSeconds: 45}",
        default={},
        roles=("nameserver",),
    ),
    Variable(
        "rocketmq_broker_settings",
        kinds.SETTINGS,
        "Further keys of broker.conf, checked against the release.",
        "{flushDiskType: ASYNC_FLUSH}",
        default={},
        roles=("broker",),
    ),
    Variable(
        "rocketmq_controller_settings",
        kinds.SETTINGS,
        "Further keys of controller.conf, checked against the release.",
        "{enableElectUncleanMaster: false}",
        default={},
        roles=("controller",),
    ),
    Variable(
        "rocketmq_nameserver_heap", kinds.SIZE, "Heap of a nameserver.", "1g", default="1g", roles=("nameserver",)
    ),
    Variable("rocketmq_broker_heap", kinds.SIZE, "Heap of a broker.", "8g", default="4g", roles=("broker",)),
    Variable(
        "rocketmq_controller_heap", kinds.SIZE, "Heap of a controller.", "1g", default="1g", roles=("controller",)
    ),
    Variable(
        "rocketmq_broker_direct_memory",
        kinds.SIZE,
        "Direct memory of a broker (-XX:MaxDirectMemorySize).",
        "8g",
        default="4g",
        roles=("broker",),
    ),
    Variable(
        "rocketmq_jvm_options",
        kinds.OPTIONS,
        "Further JVM options of every server on the host.",
        "[-XX:+UseG1GC]",
        default=[],
        roles=_SERVERS,
    ),
    Variable(
        "rocketmq_java",
        kinds.PATH,
        "Path of the java binary on the hosts.",
        "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
        scope="cluster",
        default="/usr/bin/java",
    ),
    Variable(
        "rocketmq_user",
        kinds.USER,
        "System user that runs the servers.",
        "rocketmq",
        scope="cluster",
        default="rocketmq",
    ),
    Variable(
        "rocketmq_store_path",
        kinds.PATH,
        "Where a broker keeps its messages (storePathRootDir).",
        "/data/rocketmq/store",
        scope="cluster",
        default="/var/lib/rocketmq/store",
    ),
    Variable(
        "rocketmq_log_path",
        kinds.PATH,
        "Where the servers write their logs, in logs/rocketmqlogs below it.",
        "/data/rocketmq/log",
        scope="cluster",
        default="/var/log/rocketmq",
    ),
    Variable(
        "rocketmq_artifact_source",
        kinds.choice("maven", "archive", "directory"),
        "Where the jars come from: Maven Central, an official binary archive, or a directory.",
        "archive",
        scope="cluster",
        default="maven",
    ),
    Variable(
        "rocketmq_artifact_path",
        kinds.TEXT,
        "The archive or directory on this machine.",
        "/srv/rocketmq-all-5.4.0-bin-release.zip",
        scope="cluster",
    ),
    Variable("rocketmq_artifact_sha512", kinds.SHA512, "SHA-512 of the archive.", "3c…", scope="cluster"),
    Variable(
        "rocketmq_acl_access_key",
        kinds.TEXT,
        "Access key with which opskit signs its admin requests.",
        "opskit",
        scope="cluster",
        secret=True,
    ),
    Variable(
        "rocketmq_acl_secret_key",
        kinds.TEXT,
        "Secret key that goes with it; keep it in a vault.",
        "!vault …",
        scope="cluster",
        secret=True,
    ),
    Variable(
        "opskit_environment",
        kinds.choice("development", "staging", "production"),
        "production asks for --confirm before anything is changed.",
        "production",
        scope="cluster",
        default="development",
    ),
    Variable(
        "opskit_allow_colocation",
        kinds.FLAG,
        "Lowers the colocation rules from errors to warnings, which are printed every time.",
        "true",
        scope="cluster",
        default=False,
    ),
    Variable(
        "opskit_allow_rollback",
        kinds.FLAG,
        "Lets brokers go back from 5.x to 4.x where their stores hold nothing that only 5.x delivers "
        "([deploy.md](deploy.md#upgrades-and-rollbacks)).",
        "true",
        scope="cluster",
        default=False,
    ),
    Variable("opskit_rack", kinds.TEXT, "Rack of the host.", "r12"),
    Variable("opskit_hypervisor", kinds.TEXT, "Hypervisor that the host runs on.", "esx-07"),
    Variable(
        "opskit_window_seconds",
        kinds.SECONDS,
        "Recovery window that the cluster is meant to keep: of produce, consume and route.",
        "30",
        scope="cluster",
    ),
    Variable(
        "opskit_windows",
        kinds.windows("produce", "consume", "route", "bootstrap@producer", "bootstrap@consumer"),
        "Windows of single paths, in seconds; the bootstrap paths, of fresh clients, are judged only where named.",
        '{consume: 60, "bootstrap@producer": 10}',
        scope="cluster",
        default={},
    ),
    Variable(
        "opskit_bootstrap_attempts",
        kinds.COUNT,
        "How often a fresh producer of a service on this client host tries its first send before it gives up.",
        "3",
        default=1,
        roles=("client",),
    ),
    Variable(
        "opskit_clients",
        SERVICES,
        "The services on this client host that hold RocketMQ clients, by globs of unit, container or main; the first "
        "entry that matches a JVM says whether it may be restarted, and how close-on-timeout is rolled out to it "
        "([rollout.md](rollout.md)).",
        '[{unit: "orders-*", restart: true, health: "curl -fsS localhost:8080/health"}, {way: leave}]',
        default=[],
        roles=("client",),
    ),
    Variable(
        "opskit_waivers",
        WAIVERS,
        "Findings of `opskit compliance` that are accepted until a day, which ends at 24:00 UTC: the control's id, a "
        "glob over its subjects, who answers for it, and why; best kept in group_vars/all/waivers.yml.",
        '[{id: host-swap, scope: "broker-a*", owner: orders team, reason: "OPS-123: new disks", expires: 2026-12-31}]',
        scope="cluster",
        default=[],
    ),
    Variable(
        "opskit_drill_days",
        kinds.DAYS,
        "How old the last drill that passed may be, of this topology and these client releases, before "
        "`opskit compliance` asks for a new one.",
        "90",
        scope="cluster",
        default=30,
    ),
    Variable(
        "opskit_apply_sysctl",
        kinds.FLAG,
        "false where the kernel settings are not ours to set, as in a container.",
        "false",
        scope="cluster",
        default=True,
    ),
    Variable(
        "opskit_drain_seconds",
        kinds.SECONDS,
        "How long a master stays read-only at the least before it is stopped; keep it above the clients' route poll "
        "(30 s).",
        "35",
        scope="cluster",
        default=35.0,
    ),
    Variable(
        "opskit_gate_seconds",
        kinds.SECONDS,
        "How long a server has to come back at application level before the roll stops; a restarted nameserver is "
        "whole again after 30 to 45 s.",
        "120",
        scope="cluster",
        default=90.0,
    ),
    Variable(
        "opskit_dial",
        kinds.choice("auto", "direct", "ssh"),
        "How opskit reaches RocketMQ ports: direct TCP, through SSH to the host, or direct first.",
        "ssh",
        scope="cluster",
        default="auto",
    ),
)

VARIABLES = {variable.name: variable for variable in _TABLE}


def markdown() -> str:
    """docs/variables.md."""
    lines = [
        "# Inventory variables",
        "",
        "Generated by `python -m opskit.inventory.variables`; change `opskit/inventory/variables.py` instead.",
        "`rocketmq_*` say what runs, `opskit_*` say how opskit acts. A *cluster* variable has one value for all hosts; "
        "a *host* variable may differ. How values are read and judged: [inventory.md](inventory.md).",
        "",
        "| variable | kind | scope | default | what it says | example |",
        "|---|---|---|---|---|---|",
    ]
    for variable in _TABLE:
        kind = " · ".join(variable.kind.choices) or variable.kind.name
        default = "**required**" if variable.required else literal(variable.default)
        scope = "cluster" if variable.scope == "cluster" else _roles(variable)
        lines.append(
            f"| `{variable.name}` | {kind} | {scope} | {default} | {variable.sentence} | `{variable.example}` |"
        )
    return "\n".join(lines) + "\n"


def _roles(variable: Variable) -> str:
    return "host" if len(variable.roles) == 4 else "host: " + ", ".join(variable.roles)


def literal(value: Any) -> str:
    """A default as the docs write it."""
    if value is None:
        return "unset"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201
