"""The scenarios below molecule/, as far as a role's README tells of them: which of them prove it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from opskit.inventory.roles import COLLECTION, Role
from opskit.paths import assets

SHARED = Path(".config") / "molecule" / "config.yml"


@dataclass(frozen=True)
class Scenario:
    """name: its folder; sentence: the comment its molecule.yml begins with; groups: of its inventory, with hosts."""

    name: str
    sentence: str
    roles: frozenset[str]
    groups: frozenset[str]

    def proves(self, role: Role) -> bool:
        """Whether it applies the role to some host."""
        return role.name in self.roles and (role.stage in ("", "host") or f"{role.stage}s" in self.groups)


def scenarios(root: Path | None = None) -> tuple[Scenario, ...]:
    """Every scenario of a checkout, this one where none is given."""
    home = root or assets()
    shared = _yaml(home / SHARED) if (home / SHARED).exists() else {}
    return tuple(_scenario(path, shared) for path in sorted(home.glob("molecule/*/molecule.yml")))


def _scenario(path: Path, shared: Mapping[str, Any]) -> Scenario:
    text = path.read_text()
    playbooks = _playbooks(shared) | _playbooks(yaml.safe_load(text) or {})
    applied = (path.parent / playbooks["converge"]).resolve() if "converge" in playbooks else None
    return Scenario(path.parent.name, _sentence(text), frozenset(_roles(applied)), frozenset(_groups(path.parent)))


def _playbooks(config: Mapping[str, Any]) -> dict[str, str]:
    return dict(config.get("ansible", {}).get("playbooks", {}))


def _sentence(text: str) -> str:
    """The first sentence of the comment at the top."""
    comment = []
    for line in text.removeprefix("---\n").splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.removeprefix("#").strip())
    return re.split(r"(?<=\.)\s", " ".join(comment))[0]


def _roles(playbook: Path | None) -> Iterator[str]:
    for play in _yaml(playbook) if playbook else ():
        for role in play.get("roles", ()):
            name = role if isinstance(role, str) else role.get("role") or role["name"]
            yield str(name).removeprefix(COLLECTION)


def _groups(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("inventory/*.y*ml")):
        children = ((_yaml(path) or {}).get("all") or {}).get("children") or {}
        yield from (name for name, group in children.items() if (group or {}).get("hosts"))


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())
