"""What the running server JVMs are: their options, their age and their release."""

import shlex
from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, unknown
from opskit.compliance.controls.settings import rendered_hosts
from opskit.compliance.controls.settings_values import file_of, listed, process_of, subject
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Broker, Cluster, Nameserver, Server
from opskit.onhost.facts.servers import shown
from opskit.render.layout import KINDS
from opskit.rocketmq.releases import needs_logback_files


@control(
    "jvm-options",
    "settings",
    "medium",
    "Server JVMs run with their declared options.",
    rationale="Heap, direct memory and garbage collector decide how long a server pauses and when its host runs out of "
    "memory. A JVM that was started by hand, or whose unit was overridden, pauses and ends otherwise than planned.",
    looks_at="The options of each running server JVM, from its command line and environment; their order does not "
    "matter, and secrets are masked.",
    expects="They are those of the rendered unit, no more and no less.",
    remedy="Declare the options that are wanted (`rocketmq_jvm_options`) and run `opskit deploy`; "
    "look for drop-ins with `systemctl cat` and for JAVA_TOOL_OPTIONS in the unit's environment.",
    references=("docs/deploy.md", "docs/variables.md"),
)
def jvm_options(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    hosts = rendered_hosts(cluster, evidence)
    for server in cluster.servers:
        who, host, process = subject(server), server.host.name, process_of(evidence, server)
        if isinstance(process, str):
            yield unknown(who, process, host)
            continue
        kind = KINDS[server.component]
        unit = next(file.content for file in hosts[host].files if file.path.endswith(f"/{kind.unit}"))
        declared, running = shown(options_of(unit, kind.main_class)), process.options
        wrong = [f"lacks {option}" for option in declared if option not in running]
        wrong += [f"has {option}, which is not declared" for option in running if option not in declared]
        pid = f"/proc/{process.pid}/cmdline"
        yield fails(who, listed(wrong), host, evidence=(pid,)) if wrong else holds(who, host)


def options_of(unit: str, main_class: str) -> list[str]:
    """The words between java and the main class in a unit's ExecStart, as systemd passes them on."""
    command = unit.partition("ExecStart=")[2].replace("\\\n", " ").partition("\n")[0]
    words = [word.replace("%%", "%") for word in shlex.split(command)]
    return words[1 : words.index(main_class)]


@control(
    "settings-restart-pending",
    "settings",
    "medium",
    "Each server has started since its files changed.",
    rationale="A file that changed under a running server does nothing until a restart, which then does two things at "
    "once, at an hour that nobody chose.",
    looks_at="When each server's process started, and when its settings, its unit and its logback file last changed.",
    expects="The process is younger than its files.",
    remedy="Run `opskit deploy`: it restarts what is older than its files, one at a time, and drains a broker first.",
    references=("docs/deploy.md",),
)
def settings_restart_pending(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for server in cluster.servers:
        yield _pending(evidence, server)


@control(
    "other-release",
    "settings",
    "high",
    "Each server runs the declared release.",
    rationale="Settings, defaults and remedies are of a release: what is planned and tested for one is not what "
    "another does. An upgrade that stopped half-way looks like a healthy cluster until a failover needs both halves.",
    looks_at="The release whose jars the running process holds, and the one that the server names in its answers.",
    expects="Both are the declared release.",
    remedy="Finish the roll with `opskit deploy`, or declare the release that runs.",
    references=("docs/deploy.md", "docs/status.md"),
)
def other_release(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for server in cluster.servers:
        yield _release(evidence, server)


def _release(evidence: Evidence, server: Server) -> Outcome:
    who, host, process = subject(server), server.host.name, process_of(evidence, server)
    held = None if isinstance(process, str) else process.release
    told = _told(evidence, server)
    if held is None and told is None:
        why = process if isinstance(process, str) else "its process holds no jar that names a release"
        return unknown(who, f"{why}, and it did not tell its release", host)
    wrong = [f"its process holds the jars of {held}"] if held not in (None, server.release) else []
    wrong += [f"it answers as {told}"] if told not in (None, server.release) else []
    if wrong:
        return fails(who, f"{' and '.join(wrong)}; declared is {server.release}", host)
    return holds(who, host)


def _told(evidence: Evidence, server: Server) -> str | None:
    match server:
        case Nameserver():
            nameserver = evidence.nameservers.get(server.host.name)
            return nameserver.release if nameserver else None
        case Broker():
            broker = evidence.brokers.get(server.host.name)
            return broker.release if broker else None
        case _:
            return None


def _pending(evidence: Evidence, server: Server) -> Outcome:
    who, host, process = subject(server), server.host.name, process_of(evidence, server)
    if isinstance(process, str):
        return unknown(who, process, host)
    kind = KINDS[server.component]
    paths = [
        kind.conf,
        f"/etc/systemd/system/{kind.unit}",
        *([kind.logback] if needs_logback_files(server.release) else []),
    ]
    files = {path: file_of(evidence, host, path) for path in paths}
    newer = [
        path for path, file in files.items() if not isinstance(file, str) and (file.modified or 0) > process.started
    ]
    if newer:
        return fails(who, f"started before {listed(newer)} changed", host, evidence=tuple(newer))
    for path, file in files.items():
        if isinstance(file, str) or file.modified is None:
            why = (
                file if isinstance(file, str) else f"when {path} changed is not known: {file.error or 'it is missing'}"
            )
            return unknown(who, why, host)
    return holds(who, host)
