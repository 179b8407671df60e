"""Family host: the units of the servers, as systemd has them."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.subjects import HIDDEN_SERVERS, of_servers, process_of, refusal, unit_of
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster, Server
from opskit.observe.facts import HostFacts, ServerProcess, UnitFacts

NO_UNIT = "systemd has no such unit: see unit-enabled"
OWN_DROP_IN = "zz-opskit-"
"""The name of each drop-in that opskit lays down begins so."""
VENDORS = ("/usr/lib/", "/lib/", "/run/systemd/system/service.d/")
"""Drop-ins of the distribution, and those of container managers for every service."""


@control(
    "unit-enabled",
    "host",
    "high",
    "Every declared server is started and kept by systemd.",
    rationale="A server that somebody started by hand, or whose unit was disabled during a repair, is well until the "
    "host boots or the process dies. Then it stays down, and the cluster has lost a nameserver or a master without "
    "any fault of the hardware.",
    looks_at="What systemd says of each declared server's unit, beside the process that listens on the server's port.",
    expects="The unit is loaded, active and enabled, and its main process is the one that serves the port.",
    remedy="Run `opskit deploy`: it lays down the unit, enables and starts it. A server that was started by hand must "
    "be stopped first, since it holds the port; drain a master before.",
    references=("docs/deploy.md",),
)
def unit_enabled(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, server: Server, facts: HostFacts) -> Outcome:
        host, unit = server.host.name, facts.units.get(unit_of(server))
        if unit is None:
            return _untold(subject, server, facts)
        if unit.load_state != "loaded":
            return fails(subject, f"systemd has no such unit ({unit.load_state})", host, evidence=("LoadState",))
        wrong = [*_state(unit), *_main_process(server, unit, facts)]
        if wrong:
            return fails(subject, "; ".join(wrong), host, evidence=("ActiveState", "UnitFileState", "MainPID"))
        hidden = "" if _serving(server, facts) else refusal(facts, *HIDDEN_SERVERS)
        if hidden:
            return unknown(subject, f"which process serves its port is not known: {hidden}", host)
        return holds(subject, host)

    yield from of_servers(cluster.servers, evidence, judge)


@control(
    "unit-hardened",
    "host",
    "medium",
    "Every server runs as its own user, in a sandbox, and comes back when it dies.",
    rationale="A RocketMQ server reads bytes from everybody who reaches its port, and admin requests have been used to "
    "write files and run commands (CVE-2023-33246). As root, or without a sandbox, that is the whole host; without "
    "Restart= a crash is an outage until somebody wakes up.",
    looks_at="User, Restart, NoNewPrivileges, ProtectSystem, ProtectHome and PrivateTmp of each declared server's "
    "unit, and the user of the process that serves the port.",
    expects="What opskit's own unit sets: the user of the inventory and not root, Restart= on a failure, "
    "NoNewPrivileges, ProtectSystem=strict, ProtectHome and PrivateTmp.",
    remedy="Run `opskit deploy`, which lays down the unit and restarts the server; look for drop-ins that take "
    "something away with `systemctl cat UNIT`.",
    references=("docs/deploy.md",),
)
def unit_hardened(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, server: Server, facts: HostFacts) -> Outcome:
        host, unit = server.host.name, facts.units.get(unit_of(server))
        if unit is None:
            return _untold(subject, server, facts)
        if unit.load_state != "loaded":
            return not_applicable(subject, NO_UNIT, host)
        process = process_of(server, facts)
        wrong = [*_sandbox(unit, cluster.user), *_running_as(process.user if process else None, cluster.user)]
        if wrong:
            return fails(subject, "; ".join(wrong), host, evidence=("systemctl show",))
        hidden = "" if process else refusal(facts, *HIDDEN_SERVERS)
        return unknown(subject, f"as whom it runs is not known: {hidden}", host) if hidden else holds(subject, host)

    yield from of_servers(cluster.servers, evidence, judge)


@control(
    "unit-reload",
    "host",
    "low",
    "Each unit is loaded as it lies on the disk, and nobody has added to it.",
    rationale="A unit that was edited and not reloaded starts with other options at the next boot than today; a "
    "drop-in that nobody declared changes the server's memory, user or options behind the inventory's back.",
    looks_at="Whether systemd calls the files of each declared server's unit newer than what it has loaded, and the "
    "drop-ins that it has read. Those of the distribution and opskit's own are passed over.",
    expects="Nothing to reload, and no drop-in below /etc or /run that the inventory does not make.",
    remedy="Move what the drop-in sets into the inventory (heaps, options and settings have variables of their own), "
    "remove it, and run `systemctl daemon-reload`; `opskit deploy` then restarts what differs.",
    references=("docs/deploy.md", "docs/variables.md"),
)
def unit_reload(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, server: Server, facts: HostFacts) -> Outcome:
        host, unit = server.host.name, facts.units.get(unit_of(server))
        if unit is None:
            return _untold(subject, server, facts)
        if unit.load_state != "loaded":
            return not_applicable(subject, NO_UNIT, host)
        added = [path for path in unit.drop_ins if not _is_declared(path)]
        wrong = ["its files are newer than what systemd has loaded"] if unit.changed else []
        wrong += [f"{path} was not laid down by opskit" for path in added]
        if wrong:
            return fails(subject, "; ".join(wrong), host, evidence=tuple(added) or ("NeedDaemonReload",))
        return holds(subject, host)

    yield from of_servers(cluster.servers, evidence, judge)


def _untold(subject: str, server: Server, facts: HostFacts) -> Outcome:
    host = server.host.name
    return unknown(subject, refusal(facts, "units") or f"{host} told nothing of this unit", host)


def _state(unit: UnitFacts) -> Iterator[str]:
    if unit.active_state != "active":
        yield f"it is {unit.active_state or 'not active'}"
    if unit.enabled != "enabled":
        yield f"it is {unit.enabled or 'not enabled'}: it does not come back after a boot"


def _main_process(server: Server, unit: UnitFacts, facts: HostFacts) -> Iterator[str]:
    """A unit whose server is merely down, or that does not listen yet, is told of by the controls on its answers."""
    serving = _serving(server, facts)
    if serving and serving.pid != unit.main_pid:
        starter = f"the unit {serving.unit}" if serving.unit not in (None, unit_of(server)) else "something else"
        yield f"port {server.port} is served by a process that is not its main process but that of {starter}"
    elif not serving and unit.active_state == "active" and unit.main_pid not in {one.pid for one in facts.servers}:
        # a process that could not be looked into may be the server all the same
        yield from () if refusal(facts, *HIDDEN_SERVERS) else ("its main process is no RocketMQ server",)


def _serving(server: Server, facts: HostFacts) -> ServerProcess | None:
    return next((one for one in facts.servers if server.port in one.ports), None)


def _sandbox(unit: UnitFacts, user: str) -> Iterator[str]:
    if unit.user != user:
        yield f"User is {unit.user or 'root'}"
    if unit.restart in ("", "no", "on-success"):
        yield f"Restart is {unit.restart or 'no'}"
    if not unit.no_new_privileges:
        yield "NoNewPrivileges is off"
    if unit.protect_system != "strict":
        yield f"ProtectSystem is {unit.protect_system or 'no'}"
    if unit.protect_home not in ("yes", "tmpfs"):
        yield f"ProtectHome is {unit.protect_home or 'no'}"
    if not unit.private_tmp:
        yield "PrivateTmp is off"


def _running_as(running: str | None, user: str) -> Iterator[str]:
    if user == "root":
        yield "the inventory has it run as root"
    if running is not None and running != user:
        yield f"its process runs as {running}"


def _is_declared(path: str) -> bool:
    return path.startswith(VENDORS) or path.rsplit("/", 1)[-1].startswith(OWN_DROP_IN)
