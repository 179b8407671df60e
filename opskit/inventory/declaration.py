"""What the inventory says, before opskit judges it: groups and templated variables per host."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROLE_GROUPS = ("nameservers", "brokers", "controllers", "proxies", "clients")
"""The groups that opskit knows; hosts outside them are none of its business and are not even templated."""

PREFIXES = ("rocketmq_", "opskit_")

CONNECTION_VARIABLES = frozenset(
    {
        "ansible_host",
        "ansible_port",
        "ansible_user",
        "ansible_ssh_host",
        "ansible_ssh_port",
        "ansible_ssh_user",
        "ansible_ssh_private_key_file",
        "ansible_private_key_file",
        "ansible_ssh_args",
        "ansible_ssh_common_args",
        "ansible_ssh_extra_args",
        "ansible_become",
        "ansible_python_interpreter",
    }
)


@dataclass(frozen=True)
class DeclaredHost:
    """One host: the groups it is in, and its templated variables as plain Python values.

    variables holds only rocketmq_*, opskit_* and ansible_* (connection) names; origins says for each "file:line" where
    Ansible knows it.
    """

    name: str
    groups: frozenset[str]
    variables: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    source: str = ""
    """The file, and the line where Ansible knows it, that names the host."""

    @property
    def where(self) -> str:
        return f"{self.source}: host {self.name}" if self.source else f"host {self.name}"

    def origin(self, variable: str) -> str:
        """Where a variable was written, or would be: "file:line: variable", else the host and the variable."""
        return f"{self.origins.get(variable) or self.where}: {variable}"


@dataclass(frozen=True)
class Declaration:
    """Everything read from the inventories given with -i, in order."""

    sources: tuple[Path, ...]
    hosts: tuple[DeclaredHost, ...]
    """The hosts of the groups that opskit knows, sorted by name."""
    groups: dict[str, tuple[str, ...]]
    """Every group named in the inventory, with its hosts; groups without a host included."""
    places: dict[str, str] = field(default_factory=dict)
    """Where each group is written, "file:line", as far as Ansible knows it."""

    def members(self, group: str) -> tuple[DeclaredHost, ...]:
        return tuple(host for host in self.hosts if group in host.groups)

    def host(self, name: str) -> DeclaredHost:
        return next(host for host in self.hosts if host.name == name)

    def setter(self, variable: str) -> DeclaredHost | None:
        """The first host for which a variable is set, rightly or wrongly."""
        return next((host for host in self.hosts if host.variables.get(variable) is not None), None)

    def where(self, subject: str) -> str:
        """The place of a host or a group; that of the inventories for anything else."""
        for host in self.hosts:
            if host.name == subject:
                return host.where
        place = self.places.get(subject) or ", ".join(str(source) for source in self.sources)
        return f"{place}: group {subject}" if subject in (*ROLE_GROUPS, *self.groups) else place
