"""Ansible's own loader: real inventories, with Jinja and vault, become a Declaration. No host is contacted."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opskit.errors import OpskitError
from opskit.inventory.declaration import CONNECTION_VARIABLES, PREFIXES, ROLE_GROUPS, Declaration, DeclaredHost
from opskit.inventory.variables import VARIABLES

if TYPE_CHECKING:
    from opskit.inventory.ansible_api import Inventory

FORCED = {"ANSIBLE_DUPLICATE_YAML_DICT_KEY": "error"}
"""Ansible reads this from the environment each time; else the later of two equal keys wins without a word."""

VAULT_REMEDY = "Name the right password file in ANSIBLE_VAULT_PASSWORD_FILE (several: ANSIBLE_VAULT_IDENTITY_LIST)."
SYNTAX_REMEDY = "Mend the file; `ansible-inventory --list -i FILE` shows how Ansible reads it."


def load(sources: Sequence[Path], vault_password_files: Sequence[Path] = ()) -> Declaration:
    """Read the inventories in order, a later one winning over an earlier, and template what opskit reads.

    Raises OpskitError (exit 2), naming file or host and variable, for whatever Ansible cannot read.
    """
    for path in sources:
        if not path.exists():
            raise OpskitError("no such inventory", where=str(path), remedy="Check the path given with -i.")
    with _quiet_ansible() as said:
        inventory = _parse(sources, vault_password_files, said)
        groups = inventory.groups()
        if not groups.get("all"):
            raise OpskitError(
                "the inventory holds no host",
                where=_names(sources),
                remedy="Put hosts into the groups nameservers, brokers and clients.",
            )
        wanted = {host for group in ROLE_GROUPS for host in groups.get(group, ())}
        hosts = tuple(_host(inventory, name) for name in sorted(wanted))
        places = {group: _place(*position) for group, position in inventory.group_positions().items() if position[0]}
    return Declaration(sources=tuple(sources), hosts=hosts, groups=groups, places=places)


@contextmanager
def _quiet_ansible() -> Iterator[StringIO]:
    """Ansible's warnings go to a buffer, and opskit's choices to Ansible, for as long as it reads."""
    before = {name: os.environ.get(name) for name in FORCED}
    os.environ.update(FORCED)
    said = StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(said):
            yield said
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _parse(sources: Sequence[Path], vault_password_files: Sequence[Path], said: StringIO) -> "Inventory":
    """The parsed inventories; Ansible says on stderr why a file does not parse, and skips keys it does not know."""
    try:
        from opskit.inventory.ansible_api import AnsibleError, Inventory
    except Exception as error:
        raise OpskitError(
            f"Ansible does not start: {_sentence(str(error))}",
            remedy="Check ansible.cfg and the ANSIBLE_* variables; opskit reads with ansible-core 2.18 or 2.19.",
        ) from error
    try:
        inventory = Inventory([str(path) for path in sources], [str(path) for path in vault_password_files])
    except AnsibleError as error:
        raise _parse_failure(error, sources, said.getvalue()) from error
    skipped = re.search(r"Skipping unexpected key \((\S+)\) in group \((\S+)\)", said.getvalue())
    if skipped:
        raise OpskitError(
            f"the group {skipped[2]!r} has the key {skipped[1]!r}, which Ansible skips",
            where=_names(sources),
            remedy="A group holds hosts, vars and children only.",
        )
    return inventory


def _parse_failure(error: Exception, sources: Sequence[Path], said: str) -> OpskitError:
    """Ansible raises "completely failed to parse"; why and where stand in the warnings before it."""
    from opskit.inventory.ansible_api import why_unparsed

    unparsed = re.match(r"Completely failed to parse inventory source (\S+)", str(error))
    if not unparsed:
        return _unreadable(error, _names(sources))
    plugin = "yaml" if unparsed[1].endswith((".yml", ".yaml")) else "ini"
    if os.access(unparsed[1], os.X_OK):
        plugin = "script"
    reason, line = why_unparsed(said, unparsed[1], plugin)
    return OpskitError(
        f"not a readable inventory: {_sentence(reason)}" if reason else "not a readable inventory",
        where=_place(unparsed[1], line),
        remedy=SYNTAX_REMEDY,
    )


def _host(inventory: "Inventory", name: str) -> DeclaredHost:
    """A host with its templated variables; unknown names are kept, without a value, for `build` to report."""
    from opskit.inventory.ansible_api import AnsibleError, position

    try:
        raw = inventory.raw(name)
    except AnsibleError as error:
        raise _unreadable(error, f"host {name}") from error
    read = [key for key in raw if key.startswith(PREFIXES) or key in CONNECTION_VARIABLES]
    places = {key: _position(position(key), position(raw[key])) for key in read}
    path, line = position(raw["inventory_hostname"])
    host = DeclaredHost(
        name=name,
        groups=inventory.host_groups(name),
        origins={str(key): _place(path, line) for key, (path, line) in places.items() if path},
        source=_place(path or str(raw.get("inventory_file") or ""), line),
    )
    wanted = [key for key in read if key in CONNECTION_VARIABLES or _concerns(key, host)]
    templated = {str(key): _template(inventory, raw, str(key), host) for key in wanted}
    return replace(host, variables={str(key): templated.get(key) for key in read})


def _concerns(key: str, host: DeclaredHost) -> bool:
    """group_vars/all.yml may hold what only brokers can template."""
    return key in VARIABLES and VARIABLES[key].concerns(host.groups)


def _position(key: tuple[str, int], value: tuple[str, int]) -> tuple[str, int]:
    """Where a variable stands: its key, unless the value came from another file that overrides it."""
    return key if not value[0] or value[0] == key[0] else value


def _template(inventory: "Inventory", raw: dict[str, Any], key: str, host: DeclaredHost) -> Any:
    from opskit.inventory.ansible_api import AnsibleUndefinedVariable, words

    try:
        return inventory.template(raw, key)
    except AnsibleUndefinedVariable as error:
        raise OpskitError(
            f"cannot be templated for host {host.name}: {_sentence(words(error))}",
            where=host.origin(key),
            remedy="Define it for this host, or give it a default: {{ name | default(...) }}.",
        ) from error
    except Exception as error:  # a lookup or filter may raise anything
        reason = _sentence(words(error))
        raise OpskitError(
            f"cannot be templated for host {host.name}: {reason}",
            where=host.origin(key),
            remedy=VAULT_REMEDY if _about_vault(reason) else "Mend the template.",
        ) from error


def _unreadable(error: Exception, otherwise: str) -> OpskitError:
    from opskit.inventory.ansible_api import origin, words

    path, line = origin(error)
    reason = _sentence(words(error))
    return OpskitError(
        f"cannot be read: {reason}",
        where=_place(path, line) if path else otherwise,
        remedy=VAULT_REMEDY if _about_vault(reason) else SYNTAX_REMEDY,
    )


def _about_vault(reason: str) -> bool:
    return "vault" in reason.lower() or "decrypt" in reason.lower()


def _sentence(text: str) -> str:
    """The first line of what Ansible says: further ones excerpt the file, which may hold secrets."""
    first = text.strip().splitlines()[0] if text.strip() else "no reason given"
    first = re.sub(r"\"?<class '[\w.]*?(?:_AnsibleTagged)?(\w+)'>\"?", lambda found: found[1].lower(), first)
    return first.removeprefix("YAML parsing failed: ").removesuffix(".")


def _place(path: str, line: int) -> str:
    """file:line, relative to the working directory where it lies below it."""
    shown = _shown(path, Path.cwd()) if path else ""
    return f"{shown}:{line}" if shown and line else shown


@cache
def _shown(path: str, below: Path) -> str:
    """Kept: each variable of each host has a place, and all of them lie in a few files."""
    absolute = Path(path)
    return str(absolute.relative_to(below) if absolute.is_relative_to(below) else absolute)


def _names(sources: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in sources)
