"""Ansible's connection variables become an Endpoint, once, for everything that opens SSH connections."""

import os
import re
import shlex
from collections.abc import Iterator
from typing import Any

from opskit.finding import Finding
from opskit.inventory import kinds
from opskit.inventory.cluster import Endpoint
from opskit.inventory.declaration import DeclaredHost

SSH_ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
"""In the order in which they win: Ansible's ssh plugin gives them so, and ssh takes the first of each option."""

_DISCOVERED = ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent")
_WITH_VALUE = frozenset("BbcDEeFIiJLlmOoPpQRSWw")
_PROXY_COMMAND = re.compile(
    r"^ssh(?:\s+-q)?\s+-W\s+\[?%h\]?:%p(?:\s+-q)?\s+(?:-p\s*(?P<port>\d+)\s+)?(?P<jump>[\w.@-]+)$"
)


def endpoint(host: DeclaredHost) -> tuple[Endpoint, list[Finding]]:
    """How to reach a host, and what in its connection variables opskit cannot take."""
    findings: list[Finding] = []

    def read(kind: kinds.Kind, *names: str) -> Any:
        for name in names:
            if (value := host.variables.get(name)) is not None:
                try:
                    return kind.parse(value)
                except ValueError as error:
                    findings.append(_wrong(host, name, error))
                    return None
        return None

    arguments: dict[str, str] = {}
    for name in reversed(SSH_ARGUMENTS):
        try:
            arguments |= dict(_options(read(kinds.TEXT, name) or ""))
        except ValueError as error:
            findings.append(_wrong(host, name, error))
    findings += _refused(host, arguments)
    identity = read(kinds.TEXT, "ansible_ssh_private_key_file", "ansible_private_key_file")
    known_hosts = arguments.get("userknownhostsfile")
    python = read(kinds.TEXT, "ansible_python_interpreter")
    return (
        Endpoint(
            host=host.name,
            address=read(kinds.TEXT, "ansible_host", "ansible_ssh_host") or host.name,
            port=read(kinds.SSH_PORT, "ansible_port", "ansible_ssh_port") or 22,
            user=read(kinds.TEXT, "ansible_user", "ansible_ssh_user"),
            identity=_home(identity or arguments.get("identityfile")),
            known_hosts=_home(known_hosts.split()[0].strip('"') if known_hosts else None),
            jump=_jump(arguments),
            become=read(kinds.FLAG, "ansible_become") or False,
            python=python if python and python not in _DISCOVERED else "/usr/bin/python3",
        ),
        findings,
    )


def _wrong(host: DeclaredHost, name: str, error: ValueError) -> Finding:
    return Finding(
        rule="wrong-type",
        severity="error",
        subject=name,
        sentence=f"{name}{error}" if str(error).startswith((" ", "[")) else f"{name} does not parse: {error}",
        remedy="Correct the connection variable.",
        origin=host.origin(name),
    )


def _home(path: str | None) -> str | None:
    return os.path.expanduser(path) if path else None  # noqa: PTH111 - Path raises for a user unknown here


def _options(arguments: str) -> Iterator[tuple[str, str]]:
    """The options of an ssh command line as (lower-case name, value): -o NAME=VALUE, -J, -i. ValueError on bad quotes.

    The last of equal names wins in the dict made of them, so they come in reverse: ssh takes the first.
    """
    words = shlex.split(arguments)
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if len(word) < 2 or word[0] != "-" or word[1] not in _WITH_VALUE:
            continue
        value = word[2:]
        if not value and position < len(words):
            value = words[position]
            position += 1
        match word[1]:
            case "o":
                name, _, setting = re.sub(r"\s*=\s*|\s+", "=", value.strip(), count=1).partition("=")
                found.append((name.lower(), setting))
            case "J":
                found.append(("proxyjump", value))
            case "i":
                found.append(("identityfile", value))
    yield from reversed(found)


def _jump(arguments: dict[str, str]) -> str | None:
    """user@host[:port] of ProxyJump, or of the usual ProxyCommand `ssh -W %h:%p user@host`."""
    if jump := arguments.get("proxyjump"):
        return None if jump.lower() == "none" else jump
    command = _PROXY_COMMAND.match(arguments.get("proxycommand", "").strip())
    if not command:
        return None
    return f"{command['jump']}:{command['port']}" if command["port"] else command["jump"]


def _refused(host: DeclaredHost, arguments: dict[str, str]) -> Iterator[Finding]:
    origin = next((host.origin(name) for name in SSH_ARGUMENTS if host.variables.get(name)), "")
    if arguments.get("stricthostkeychecking", "").lower() in ("no", "off"):
        yield Finding(
            rule="host-key-checking-off",
            severity="warning",
            subject=host.name,
            sentence="StrictHostKeyChecking=no switches host key checking off; opskit checks host keys all the same",
            remedy="Remove it, and name the file of pinned keys: -o UserKnownHostsFile=FILE.",
            origin=origin,
        )
    if arguments.get("proxycommand", "").lower() not in ("", "none") and not _jump(arguments):
        yield Finding(
            rule="proxy-command",
            severity="error",
            subject=host.name,
            sentence="opskit cannot follow this ProxyCommand",
            remedy="Name the jump host: -o ProxyJump=user@host.",
            origin=origin,
        )
