"""Rendered and on disk: whether they are one."""

from collections.abc import Iterator, Mapping

import javaproperties

from opskit.compliance.control import Outcome, control, fails, holds, unknown
from opskit.compliance.controls.settings_values import (
    Settings,
    facts_of,
    file_of,
    is_default,
    known,
    listed,
    on_disk,
    process_of,
    shown,
    subject,
)
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster, Server
from opskit.observe.facts import FileFacts, FolderFacts
from opskit.onhost.masking import MASK
from opskit.render.files import RenderedFile, RenderedHost, render
from opskit.render.layout import CONF, KINDS
from opskit.rocketmq.settings import check
from opskit.rocketmq.settings_table import Key

REWRITTEN_KEYS = 20
"""Keys at RocketMQ's own defaults that nobody declared: so many nobody types, and a rewrite brings over a hundred."""
_DRAINED = "4"
_NO_BUNDLE = "no-bundle-of-this-release"
_NO_FILE = {"folder": "a folder", "other": "a device, pipe or socket"}


def rendered_hosts(cluster: Cluster, evidence: Evidence) -> dict[str, RenderedHost]:
    """As declared. A unit whose release has no bundle here names a folder that none has."""
    return render(cluster, {server.release: _NO_BUNDLE for server in cluster.servers} | evidence.bundles)


@control(
    "settings-on-disk",
    "settings",
    "high",
    "Files on the hosts are as declared.",
    rationale="A file that was edited by hand works until the next deployment overwrites it, or until the next restart "
    "puts it in force when nobody expects it; either way the cluster is no longer the one that was tested.",
    looks_at="The content of each file that opskit lays on a server host: settings, unit, logback, sysctl, logrotate.",
    expects="Each file is the one that the inventory renders, byte for byte.",
    remedy="See the difference with `opskit render --diff`. Take it into the inventory if it is wanted, then put the "
    "declared files in place with `opskit deploy`.",
    references=("docs/deploy.md", "docs/settings.md"),
)
def settings_on_disk(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for name, host in rendered_hosts(cluster, evidence).items():
        for file in host.files:
            yield _on_disk(evidence, name, file)


def _on_disk(evidence: Evidence, host: str, file: RenderedFile) -> Outcome:
    who, found = f"{host} {file.path}", file_of(evidence, host, file.path)
    if isinstance(found, str):
        return unknown(who, found, host)
    if found.exists is False:
        return fails(who, "is missing", host, evidence=(file.path,))
    if found.kind in _NO_FILE:
        return fails(who, f"is {_NO_FILE[found.kind]}, where opskit lays a file", host, evidence=(file.path,))
    if found.sha256 is None:
        return unknown(who, f"it could not be read: {found.error or 'nobody said why'}", host)
    if _NO_BUNDLE in file.content:
        return unknown(who, "it names the folder of the release's jars, and this controller has none to compare", host)
    if found.sha256 == file.sha256:
        return holds(who, host)
    return fails(who, _difference(file, found), host, evidence=(file.path,))


def _difference(file: RenderedFile, found: FileFacts) -> str:
    other = f"its content is not as rendered: sha256 {str(found.sha256)[:12]}, declared {file.sha256[:12]}"
    if found.settings is None:
        return f"{other}; {found.error}" if found.error else other
    different = listed(_keys(javaproperties.loads(file.content), found.settings))
    secrets = MASK in found.settings.values()
    blind = ", or the value of a secret key" if secrets else ""
    return different or f"{other}; every key is as declared, so it is a comment, the order, an entry twice{blind}"


def _keys(declared: Settings, disk: Settings) -> Iterator[str]:
    for key, value in declared.items():
        if key not in disk:
            yield f"{key} is missing, declared {shown(key, value)}"
        elif disk[key] not in (value, MASK):
            yield f"{key} is {shown(key, disk[key])}, declared {shown(key, value)}"
    for key, value in disk.items():
        if key not in declared:
            yield f"{key} is {shown(key, value)}, not declared"


@control(
    "settings-rewritten",
    "settings",
    "high",
    "RocketMQ has not rewritten its settings file.",
    rationale="An admin request that changes one setting at run time makes a server write all of its settings into the "
    "file after -c, wherever it may write in that folder. What was meant for a moment, such as a drained "
    "broker, then comes back with every restart, and later releases keep the defaults of this one for good.",
    looks_at="How many keys of the settings file nobody declared that stand at RocketMQ's own defaults; where the host "
    "tells of the folder, whether the server's user may write in it.",
    expects="The file holds what was declared, and its folder belongs to root.",
    remedy="Run `opskit deploy`: it gives the folder back to root and puts the declared file in place. Take what the "
    "rewrite was meant for into the inventory first.",
    references=("docs/deploy.md",),
)
def settings_rewritten(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    hosts = rendered_hosts(cluster, evidence)
    for server in cluster.servers:
        who, host, disk = subject(server), server.host.name, on_disk(evidence, server)
        conf = KINDS[server.component].conf
        if isinstance(disk, str):
            yield unknown(who, disk, host)
            continue
        declared, table = next(file for file in hosts[host].files if file.path == conf), known(server)
        reasons = list(_writable(evidence, server))
        if not isinstance(table, str):
            reasons = [*_rewritten(server, table, javaproperties.loads(declared.content), disk), *reasons]
        if reasons:
            yield fails(who, "; ".join(reasons), host, evidence=(conf,))
        else:
            yield unknown(who, table, host) if isinstance(table, str) else holds(who, host)


def _rewritten(server: Server, table: Mapping[str, Key], declared: Settings, disk: Settings) -> Iterator[str]:
    count = sum(key not in declared and key in table and is_default(table[key], disk[key]) for key in disk)
    if count >= REWRITTEN_KEYS:
        yield f"{count} keys of {KINDS[server.component].conf} stand at RocketMQ's defaults and nobody declared them"
        if disk.get("brokerPermission") == _DRAINED != declared.get("brokerPermission"):
            yield "brokerPermission=4 is among what was written: it will come back drained from every restart"


def _writable(evidence: Evidence, server: Server) -> Iterator[str]:
    facts = facts_of(evidence, server.host.name)
    if isinstance(facts, str):
        return
    folder = facts.files.get(CONF) or facts.folders.get(CONF)
    process = process_of(evidence, server)
    user = None if isinstance(process, str) else process.user
    if folder is not None and user is not None and _may_write(folder, user):
        yield f"{user}, who runs the server, may write in {CONF}: the next run-time update will rewrite the file"


def _may_write(folder: FileFacts | FolderFacts, user: str) -> bool:
    mode = int(folder.mode or "0", 8)
    group = folder.group if isinstance(folder, FileFacts) else None
    return user == "root" or bool(
        (folder.owner == user and mode & 0o200) or (group == user and mode & 0o020) or mode & 0o002
    )


@control(
    "settings-unknown-key",
    "settings",
    "medium",
    "Every key on disk is one that the release knows.",
    rationale="RocketMQ passes over a key that it does not know without a word: whoever wrote it believes in a safety "
    "that is not in force.",
    looks_at="The keys of each settings file as it lies on its host, beside the table of the release's own setters.",
    expects="The release's server has a setter for each key.",
    remedy="Correct the name in the inventory, or take the key out; `opskit plan` judges it before it is laid down "
    "by `opskit deploy`.",
    references=("docs/settings.md",),
)
def settings_unknown_key(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for server in cluster.servers:
        yield _unknown_keys(evidence, server)


def _unknown_keys(evidence: Evidence, server: Server) -> Outcome:
    who, host, table = subject(server), server.host.name, known(server)
    if isinstance(table, str):
        return unknown(who, table, host)
    disk = on_disk(evidence, server)
    if isinstance(disk, str):
        return unknown(who, disk, host)
    strange: Mapping[str, str] = {key: "" for key in disk if key not in table}
    findings = check(server.component, server.release, strange)
    if not findings:
        return holds(who, host)
    conf = KINDS[server.component].conf
    told = listed(f"{one.sentence}. {one.remedy.removesuffix('.')}" for one in findings)
    return fails(who, told, host, evidence=tuple(f"{conf}: {one.subject}" for one in findings[:5]))
