"""What the inventory says, before opskit judges it: groups and templated variables per host."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DeclaredHost:
    """One host: the groups it is in, and its templated variables as plain Python values.

    variables holds only rocketmq_*, opskit_* and ansible_* (connection) names.
    """

    name: str
    groups: frozenset[str]
    variables: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Declaration:
    """Everything read from the inventories given with -i, in order."""

    sources: tuple[Path, ...]
    hosts: tuple[DeclaredHost, ...]
    groups: dict[str, tuple[str, ...]]
    """Every group named in the inventory, with its hosts; groups without a host included."""

    def members(self, group: str) -> tuple[DeclaredHost, ...]:
        return tuple(host for host in self.hosts if group in host.groups)
