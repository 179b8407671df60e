"""On disk and in force: whether they are one, and what a restart would change."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.settings_values import (
    Settings,
    derived,
    file_of,
    in_force,
    is_default,
    is_same,
    known,
    listed,
    on_disk,
    process_of,
    shown,
    subject,
)
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Broker, Cluster, Controller, Server
from opskit.onhost.masking import MASK
from opskit.render.layout import KINDS
from opskit.rocketmq.answers import WRITABLE
from opskit.rocketmq.settings_table import Key
from opskit.rocketmq.settings_value import to_properties_value

PERMISSION = "brokerPermission"
READ_ONLY = str(WRITABLE - 2)
_UNDRAIN = (
    "Where no deployment is under way, run `opskit verify restore`: it undoes a drain that was interrupted. Else "
    "restart the broker, or set brokerPermission with mqadmin updateBrokerConfig."
)


class _Both(NamedTuple):
    """One server's settings on its disk and in force. table: the keys of its release."""

    server: Server
    table: Mapping[str, Key]
    disk: Settings
    force: Settings

    @property
    def request(self) -> str:
        return "request 26" if isinstance(self.server, Broker) else "request 319"


@control(
    "settings-in-force",
    "settings",
    "high",
    "Settings on disk are in force.",
    rationale="A server reads its file once, when it starts. What differs from it afterwards is either not in force "
    "yet, or was changed at run time: then the cluster that is planned and tested by its files is not the one that "
    "runs. A broker that was drained and forgotten takes no new messages at all.",
    looks_at="Each key of the settings file beside what the running nameserver (request 319) or broker (request 26) "
    "tells, read as RocketMQ reads it; and the broker's permission in force beside the declared one.",
    expects="Each setting on the disk has the same value in force.",
    remedy="Run `opskit deploy`: it restarts, one at a time and drained, what is older than its file. What was changed "
    "at run time on purpose belongs in the inventory first.",
    references=("docs/settings.md", "docs/status.md"),
)
def settings_in_force(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for one in _each(cluster, evidence):
        yield one if isinstance(one, Outcome) else _in_force(evidence, one)


@control(
    "settings-changed-at-run-time",
    "settings",
    "medium",
    "Nothing in force is lost at the next restart.",
    rationale="A setting that was changed at run time lives in memory only: it works until the next restart, which may "
    "be months away, and then the trouble that it cured is back and nobody remembers the cure.",
    looks_at="Settings in force (requests 26 and 319) that the settings file does not name, beside the release's "
    "defaults; keys that RocketMQ computes or changes by itself are left out.",
    expects="What the file does not name stands at the release's default.",
    remedy="Declare the value in the inventory and run `opskit deploy`; or restart the server, which takes it back.",
    references=("docs/settings.md",),
)
def settings_changed_at_run_time(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for one in _each(cluster, evidence):
        yield one if isinstance(one, Outcome) else _changed(one)


@control(
    "broker-close-on-timeout",
    "settings",
    "high",
    "Brokers leave a hung nameserver.",
    rationale="A broker is a client of the nameservers too. Without clientCloseSocketIfTimeout it keeps the "
    "connection to a nameserver that hangs: it registers by it in vain, and asks by it for its master or its slaves.",
    looks_at="The value of clientCloseSocketIfTimeout that each running broker tells (request 26).",
    expects="It is true: in broker.conf it works in every release.",
    remedy="Take clientCloseSocketIfTimeout out of rocketmq_broker_settings, where opskit's default is true, and run "
    "`opskit deploy`.",
    references=("docs/settings.md", "docs/rollout.md"),
)
def broker_close_on_timeout(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    key = "clientCloseSocketIfTimeout"
    for broker in cluster.brokers:
        host, force = broker.host.name, in_force(evidence, broker)
        if isinstance(force, str):
            yield unknown(host, force, host)
        elif key not in force:
            yield unknown(host, f"it told its settings, but not {key}", host)
        elif force[key].lower() == "true":
            yield holds(host, host)
        else:
            yield fails(host, f"{key} {shown(key, force[key])} is in force", host, evidence=(f"request 26: {key}",))
    if not cluster.brokers:
        yield not_applicable("cluster", "the inventory declares no broker")


def _each(cluster: Cluster, evidence: Evidence) -> Iterator[_Both | Outcome]:
    """Of each declared server; the outcome where there are not both."""
    for server in cluster.servers:
        who, host = subject(server), server.host.name
        if isinstance(server, Controller):
            yield not_applicable(who, "a controller has no request that tells its settings in force to opskit", host)
            continue
        table, disk, force = known(server), on_disk(evidence, server), in_force(evidence, server)
        if isinstance(table, str):
            yield unknown(who, table, host)
        elif isinstance(disk, str):
            yield unknown(who, disk, host)
        elif isinstance(force, str):
            yield unknown(who, force, host)
        else:
            yield _Both(server, table, disk, force)


def _in_force(evidence: Evidence, both: _Both) -> Outcome:
    server, table, disk, force = both
    own = derived(server, force) | {PERMISSION}
    different = [
        f"{key} is {shown(key, value)} on the disk and {shown(key, force[key]) if key in force else 'not set'} in force"
        for key, value in disk.items()
        if key in table and key not in own and not (key in force and is_same(table[key], value, force[key]))
    ]
    drained = _permission(server, disk, force)
    if not different and not drained:
        return holds(subject(server), server.host.name)
    told = [*drained, *([f"{listed(different)}: {_cause(evidence, server)}"] if different else [])]
    remedy = _UNDRAIN if drained and not different else ""
    where = (both.request, KINDS[server.component].conf)
    return fails(subject(server), "; ".join(told), server.host.name, remedy=remedy, evidence=where)


def _permission(server: Server, disk: Settings, force: Settings) -> list[str]:
    """What of a broker's permission is not as declared: it is changed at run time, by drains and by mqadmin."""
    found, declared = force.get(PERMISSION), str(server.settings.get(PERMISSION, WRITABLE))
    if not isinstance(server, Broker) or found in (None, declared):
        return []
    stays = disk.get(PERMISSION, str(WRITABLE)) == found
    after = "after a restart too, since its file says the same" if stays else "until it is restarted"
    if found == READ_ONLY:
        return [f"is drained: {PERMISSION} 4 is in force, declared {declared}; nobody can send to it, {after}"]
    return [f"{PERMISSION} {found} is in force, declared {declared}, {after}"]


def _cause(evidence: Evidence, server: Server) -> str:
    file = file_of(evidence, server.host.name, KINDS[server.component].conf)
    process = process_of(evidence, server)
    if isinstance(file, str) or isinstance(process, str) or file.modified is None:
        return "the file changed since the start, or the value did at run time"
    if file.modified > process.started:
        return "the file is newer than the process, so a restart puts it in force"
    return "the file is older than the process, so the value was changed at run time, and a restart takes it back"


def _changed(both: _Both) -> Outcome:
    server, table, disk, force = both
    left_out = derived(server, force) | disk.keys() | {PERMISSION}
    changed = [
        f"{key} is {shown(key, value)} in force, by default {_default(table[key])}"
        for key, value in sorted(force.items())
        if key in table and key not in left_out and _is_somebodys(table[key], value)
    ]
    if not changed:
        return holds(subject(server), server.host.name)
    told = f"{listed(changed)}; the file does not name {'it' if len(changed) == 1 else 'them'}"
    return fails(subject(server), told, server.host.name, evidence=(both.request,))


def _is_somebodys(key: Key, value: str) -> bool:
    return value != MASK and not key.machine and not is_default(key, value)


def _default(key: Key) -> str:
    return "not set" if key.default is None else to_properties_value(key.default) or '""'
