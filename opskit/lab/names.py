"""Which hosts a lab holds, and how it and they are called. Pure."""

import re
from collections.abc import Sequence
from pathlib import Path

from opskit.errors import OpskitError
from opskit.inventory.declaration import Declaration

LAB = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""What podman takes in a container's name, bounded by what Linux takes as a host name."""


def hosts(declaration: Declaration) -> tuple[str, ...]:
    """Every host of the inventory's role groups, sorted by name."""
    names = sorted(host.name for host in declaration.hosts)
    where = ", ".join(map(str, declaration.sources))
    if not names:
        raise OpskitError(
            "the inventory has no host to make",
            where=where,
            remedy="Put hosts into the groups nameservers, brokers, controllers, proxies or clients.",
        )
    for name in names:
        if not HOST.fullmatch(name):
            raise OpskitError(
                f"{name!r} cannot be the name of a lab host",
                where=where,
                remedy="Use letters, digits, dots, dashes and underscores, at most 63, a letter or digit first.",
            )
    return tuple(names)


def lab(given: str | None, inventories: Sequence[Path]) -> str:
    """The lab's name: the one given, else that of the first inventory's folder."""
    if given is None and not inventories:
        raise OpskitError(
            "which lab?", remedy="Name it (--name NAME), or the inventory: opskit -i inventories/lab lab COMMAND."
        )
    name = given if given is not None else _folder(inventories[0])
    if not LAB.fullmatch(name):
        raise OpskitError(
            f"{name!r} cannot be the name of a lab",
            where="--name",
            remedy="Use 1 to 32 lower-case letters, digits and dashes, no dash first or last: --name lab-2.",
        )
    return name


def container(name: str, host: str) -> str:
    return f"opskit-{name}-{host}"


def network(name: str) -> str:
    return f"opskit-{name}"


def _folder(inventory: Path) -> str:
    path = inventory.resolve()
    folder = path.name if path.is_dir() else path.parent.name
    return re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
