"""A row's variables as one more inventory, between the row's own and the lab's. Pure."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from opskit.experiment.table import DrillRow

INVENTORY = Path("inventory.yml")


def files(row: DrillRow, hosts: Iterable[str]) -> Mapping[Path, str]:
    """Path below the overlay's folder → text.

    The variables stand in host_vars, beside an inventory that only names the hosts: those of a group further down
    (group_vars/brokers.yml) win over whatever a later inventory gives to all.
    """
    known = sorted(hosts)
    contents: dict[Path, Any] = {INVENTORY: {"all": {"hosts": dict.fromkeys(known)}}}
    contents |= {Path("host_vars") / f"{host}.yml": row.vars | row.hosts.get(host, {}) for host in known}
    return {path: yaml.safe_dump(content, sort_keys=False, width=1000) for path, content in contents.items()}


def write(folder: Path, texts: Mapping[Path, str]) -> Path:
    """Lay them down; the inventory to give with -i."""
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder / INVENTORY
