"""What hosts tell of their JVMs, and what opskit's agent reports from within one. Keys as `opskit.onhost.jvm` has them.

Keys that are not named here are passed over, so that a host may tell more.
"""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.inventory.services import Mode

AGENT_NAME = "opskit-agent"
"""The file name of each agent jar begins so."""

ClassState = Literal["off", "on", "property", "absent", "unknown"]
"""What NettyClientConfig's constructor does: sets false (up to 4.9.0), sets true (patched), reads the property (from
4.9.1 on), knows no such field; unknown: not understood, so left alone."""

_NUMBERS = re.compile(r"\d+\.\d+\.\d+")


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class ProcessRef(Shape):
    """One process for good: a pid that is used again has other ticks, a host that was booted again another boot_id."""

    host: str
    boot_id: str | None
    pid: int
    start_ticks: int


class Java(Shape):
    major: int | None = None
    version: str | None = None
    home: str | None = None
    vm: str | None = None
    """HotSpot, OpenJ9, …"""


class StartOptions(Shape):
    """What a JVM was started with. shown: the options that hold no secrets."""

    shown: tuple[str, ...] = ()
    attach_disabled: bool = False
    dynamic_agents: bool | None = None
    reduced_signals: bool = False
    agents: tuple[str, ...] = ()
    """path=options of each -javaagent."""
    tool_options: bool = False
    """Whether JAVA_TOOL_OPTIONS is set."""
    property: str | None = None
    """Of com.rocketmq.remoting.client.closeSocketIfTimeout, as given at the start."""
    cds_forced: bool = False
    """-Xshare:on: it does not start with a jar that is not the archived one."""


class HeldClient(Shape):
    """A RocketMQ client as the process holds it. jar: in the process's own root; on_disk: the state of the file that
    lies there now, where that is another one.
    """

    jar: str
    entry: str = ""
    class_: str = Field(default="", alias="class")
    state: ClassState
    release: str | None = None
    signed: bool = False
    patchable: str | None = None
    """Why it cannot be patched; null where it can."""
    replaced: bool = False
    on_disk: ClassState | None = None
    sha256: str | None = None
    inode: str | None = None

    @property
    def numbers(self) -> str | None:
        """Its release as three numbers, without what a vendor put behind them."""
        found = _NUMBERS.match(self.release or "")
        return found.group() if found else None


class Constructed(Shape):
    """What a new client in this process gets, by the bytes and properties that it holds."""

    value: Literal["on", "off", "unknown"]
    why: str = ""


class Flow(Shape):
    """A TCP connection to a nameserver or broker. …_ms: since bytes last went out or came in.

    stuck: the process asks and hears nothing.
    """

    local: str
    peer: str
    sent_ms: int | None = None
    received_ms: int | None = None
    stuck: bool = False


class Jvm(Shape):
    """A running JVM that holds a RocketMQ client. namespaced: its mount or pid namespace is not the host's."""

    pid: int
    start_ticks: int
    ns_pid: int | None = None
    boot_id: str | None = None
    uid: int | None = None
    gid: int | None = None
    user: str | None = None
    unit: str | None = None
    container: str | None = None
    namespaced: bool = False
    java: Java = Java()
    main: str | None = None
    options: StartOptions = StartOptions()
    clients: tuple[HeldClient, ...] = ()
    constructed: Constructed
    flows: tuple[Flow, ...] = ()
    unread: str | None = None
    """Why something of it could not be read; null where all was."""

    @property
    def name(self) -> str:
        """What an operator calls it: its unit, else its container, else what it runs."""
        container = self.container[:12] if self.container else None
        return self.unit or container or self.main or f"pid {self.pid}"

    @property
    def is_contained(self) -> bool:
        """Whether it runs in a container of its host; a host that is a container itself has no such JVMs by that."""
        return self.container is not None and self.namespaced

    @property
    def releases(self) -> tuple[str, ...]:
        """Each release it holds, once."""
        return tuple(dict.fromkeys(client.release or "?" for client in self.clients))

    @property
    def is_stuck(self) -> bool:
        return any(flow.stuck for flow in self.flows)

    @property
    def own_agent(self) -> str | None:
        """The -javaagent with which opskit's agent came at the start; None where it did not."""
        return next((agent for agent in self.options.agents if is_own_agent(agent)), None)

    @property
    def is_pending(self) -> bool:
        """Whether the files on the disk close on a timeout, and the process holds older ones that do not."""
        off = [client for client in self.clients if client.state == "off"]
        return bool(off) and all(client.replaced and client.on_disk in ("on", "property") for client in off)

    def ref(self, host: str) -> ProcessRef:
        return ProcessRef(host=host, boot_id=self.boot_id, pid=self.pid, start_ticks=self.start_ticks)


def is_own_agent(agent: str) -> bool:
    """Whether path=options of a -javaagent names opskit's."""
    return agent.partition("=")[0].rsplit("/", 1)[-1].startswith(AGENT_NAME)


class AgentInstance(Shape):
    """One client instance. value: it closes its nameserver's connection on a timeout; every: brokers' too."""

    client_id: str
    release: str | None = None
    package: str = ""
    value: bool
    every: bool = False
    constructed: bool | None = None
    """The config field as it was before opskit touched it."""
    nameserver: str | None = None
    nameservers: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    shared: bool = False
    """A producer and a consumer use it."""
    latency_fault: bool | None = None


class AgentReport(Shape):
    """What the agent found and did. new_instances: whether a client made from now on closes; null where unknown."""

    agent: str
    id: str | None = None
    verb: str
    mode: Mode | None = None
    new_instances: bool | None = None
    instances: tuple[AgentInstance, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        """Every client, those made later included."""
        return self.new_instances is True and all(instance.value for instance in self.instances)
