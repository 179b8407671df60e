"""What one host tells of itself in one look. Keys as `opskit.onhost.facts` has them; the values are the host's own."""

from typing import Annotated, Literal

from pydantic import Field

from opskit.observe.model import AgentReport, Jvm, Shape

ServerKind = Literal["nameserver", "broker", "controller", "proxy", "container"]
Mode = Annotated[str, Field(pattern="^[0-7]{4}$")]


class FileFacts(Shape):
    """One file or folder; of a link, all but `kind` is of what it leads to. mode: octal, four digits; modified: seconds
    since 1970.

    settings: of a properties file that was asked for, as Java reads it, secrets masked; None where it was not, or could
    not be read. error: why something of it could not be seen.
    """

    exists: bool | None
    """None where even that could not be seen."""
    kind: Literal["file", "folder", "link", "other"] = "file"
    sha256: str | None = None
    mode: Mode | None = None
    owner: str | None = None
    group: str | None = None
    modified: float | None = None
    settings: dict[str, str] | None = None
    error: str = ""


class UnitFacts(Shape):
    """One systemd unit, by the names of systemctl show. changed: its files are newer than what systemd has loaded.

    load_state is not-found where there is no such unit; a host whose systemd did not answer tells of none at all.
    """

    load_state: str
    active_state: str = ""
    enabled: str = ""
    main_pid: int = 0
    drop_ins: tuple[str, ...] = ()
    changed: bool = False
    user: str = ""
    restart: str = ""
    no_new_privileges: bool = False
    protect_system: str = ""
    protect_home: str = ""
    private_tmp: bool = False


class ServerProcess(Shape):
    """One RocketMQ server that runs here, declared or not. started: seconds since 1970; config: path after -c.

    options: of the JVM as it reads them (JAVA_TOOL_OPTIONS, @files …), without class paths, secrets masked; ports: on
    which it listens, in its own network namespace; …_limit: -1 for no limit; resident_bytes, swapped_bytes: of its
    memory. Without root, ports and java of another user's server are not seen, and `refused` says so.
    """

    kind: ServerKind
    pid: int
    start_ticks: int
    started: float
    user: str | None = None
    unit: str | None = None
    container: str | None = None
    config: str | None = None
    options: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    release: str | None = None
    java: int | None = None
    open_files_limit: int | None = None
    locked_memory_limit: int | None = None
    resident_bytes: int | None = None
    swapped_bytes: int | None = None


class FolderFacts(Shape):
    """The file system below a folder, or below its nearest parent that exists."""

    exists: bool
    total_bytes: int
    used_ratio: float
    """0 to 1, as df and RocketMQ count it: used / (used + available to users)."""
    inodes_used_ratio: float | None = None
    owner: str | None = None
    mode: Mode | None = None


class Memory(Shape):
    """Bytes. total, swap_total: the cgroup's limit where this host is a container that has a lower one."""

    total: int
    available: int
    swap_total: int
    swap_used: int


class Clock(Shape):
    """synchronized: what the kernel says (adjtimex); None where it did not. error_seconds: at most, where it is."""

    synchronized: bool | None
    error_seconds: float | None = None
    why: str = ""


class AgentTold(Shape):
    """What opskit's agent in one JVM reported, or why it did not."""

    pid: int
    report: AgentReport | None = None
    error: str = ""


class HostFacts(Shape):
    """refused: sentences about what could not be looked into. peers: port → "ip:port" of who is connected.

    jvms: those with a client, without the servers, which hold one too. flipped: pids of JVMs that the host's records
    say were switched on while they ran, and that are those still.
    at: this host's clock, seconds since 1970; heard: the controller's when the answer came.
    """

    boot_id: str
    at: float
    heard: float = 0.0
    up_seconds: float
    container: str | None = None
    """Kind of container that this host is, as systemd names it (podman, lxc …), or "other"; None for a machine."""
    memory: Memory
    sysctl: dict[str, str]
    """Of the names that were asked for, those that exist here."""
    clock: Clock
    files: dict[str, FileFacts]
    units: dict[str, UnitFacts]
    folders: dict[str, FolderFacts]
    servers: tuple[ServerProcess, ...] = ()
    jvms: tuple[Jvm, ...] = ()
    flipped: tuple[int, ...] = ()
    agents: tuple[AgentTold, ...] = ()
    peers: dict[int, tuple[str, ...]]
    refused: tuple[str, ...] = ()
