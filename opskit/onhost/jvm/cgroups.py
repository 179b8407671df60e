"""Unit and container of a process, from its cgroup; whether that cgroup is frozen. Pure but for `frozen`."""

import os
import re
from typing import Dict, NamedTuple, Optional

ROOT = "/sys/fs/cgroup"
_CONTAINER = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_ENGINES = ("containerd.service", "crio.service", "docker.service", "kubelet.service", "podman.service")
_END = "/init.scope"


class Place(NamedTuple):
    """unit: a service of the system's systemd; container: its id, the first 12 digits are what its tool shows."""

    unit: Optional[str]
    container: Optional[str]


def place(text: str, first: str = "") -> Place:
    """From /proc/PID/cgroup; first: that of process 1, since this host may itself be a container."""
    paths, base = hierarchies(text), hierarchies(first)
    paths = {name: _below(path, base.get(name, "")) for name, path in paths.items()}
    # in some hierarchies of version 1 even systemd stays where the container began
    ids = [found for path in paths.values() for found in _CONTAINER.findall(path) if found not in first]
    # the unified hierarchy of a hybrid host holds the same path, or nothing
    path = paths.get("name=systemd", paths.get("", ""))
    unit = next((part for part in path.split("/") if part and not part.endswith(".slice")), "")
    known = unit.endswith(".service") and not unit.startswith("user@") and not (ids and unit in _ENGINES)
    return Place(unit if known else None, ids[-1] if ids else None)


def hierarchies(text: str) -> Dict[str, str]:
    """Controllers, or name=systemd, or "" for version 2 → path."""
    rows = [line.split(":", 2) for line in text.splitlines()]
    return {row[1]: row[2] for row in rows if len(row) == 3}


def frozen(text: str) -> bool:
    """Whether the cgroup of a process is held by its freezer, as `docker pause` does it."""
    found = hierarchies(text)
    unified, old = found.get("", ""), found.get("freezer", "")
    looks = [(ROOT + unified + "/cgroup.events", "frozen 1"), (f"{ROOT}/unified{unified}/cgroup.events", "frozen 1")]
    looks.append((f"{ROOT}/freezer{old}/freezer.state", "FR"))  # FREEZING or FROZEN
    return any(_says(path, sign) for path, sign in looks)


def _below(path: str, first: str) -> str:
    base = first[: -len(_END)] if first.endswith(_END) else ""
    return path[len(base) :] if base and path.startswith(base + "/") else path


def _says(path: str, sign: str) -> bool:
    if not os.path.exists(path):
        return False
    with open(path) as file:
        return any(line.startswith(sign) for line in file)
