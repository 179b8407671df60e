"""The roles as they lie in roles/: what each says of itself, and which inventory variables it reads.

A role is a folder with meta/main.yml. Its sentence is the description there; its variables are those names of the
variables table that its tasks, handlers and templates mention, so that no list has to be kept by hand.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from opskit.errors import OpskitError
from opskit.inventory.variables import VARIABLES
from opskit.paths import assets

COLLECTION = "opskit.rocketmq."
OWN_VARIABLE = re.compile(r"\b(?:rocketmq|opskit)_\w+")


@dataclass(frozen=True)
class Role:
    """One role. folder: where it lies, by its own name."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def sentence(self) -> str:
        """Raises OpskitError where meta/main.yml does not describe the role."""
        path = self.folder / "meta" / "main.yml"
        described = (_yaml(path) or {}).get("galaxy_info", {}).get("description")
        if not described:
            raise OpskitError(
                "galaxy_info has no description", where=str(path), remedy="Say in a sentence what it does."
            )
        return str(described)

    @cached_property
    def tasks(self) -> tuple[Mapping[str, Any], ...]:
        """The tasks of tasks/main.yml, which is the role's table of contents."""
        return tuple(_yaml(self.folder / "tasks" / "main.yml") or ())

    @cached_property
    def handlers(self) -> tuple[Mapping[str, Any], ...]:
        path = self.folder / "handlers" / "main.yml"
        return tuple(_yaml(path) or ()) if path.exists() else ()

    @property
    def stage(self) -> str:
        """Whose rendered files it places: "host", "nameserver", …; "" for none."""
        placed = (task.get(f"{COLLECTION}files") or {} for task in self.tasks)
        return next((str(options["stage"]) for options in placed if "stage" in options), "")

    @property
    def needs_manifest(self) -> bool:
        """Whether it does what opskit rendered before."""
        return any(key.startswith(COLLECTION) for task in self.tasks for key in task)

    @property
    def tags(self) -> tuple[str, ...]:
        found: set[str] = set()
        for task in self.tasks:
            tags = task.get("tags", ())
            found.update([tags] if isinstance(tags, str) else tags)
        return tuple(sorted(found))

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """Every name of opskit's own kind in its tasks, handlers and templates, whether or not it is a variable."""
        return frozenset(name for text in self._texts() for name in OWN_VARIABLE.findall(text))

    @property
    def variables(self) -> tuple[str, ...]:
        """Inventory variables that it reads itself, in the order of the table."""
        return tuple(name for name in VARIABLES if name in self.mentioned)

    @property
    def registered(self) -> frozenset[str]:
        """Names that its own tasks give a value."""
        return frozenset(str(task["register"]) for task in self.tasks if "register" in task)

    def _texts(self) -> Iterator[str]:
        for part in ("tasks", "handlers", "templates"):
            for path in sorted((self.folder / part).rglob("*")):
                if path.is_file():
                    yield "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))


def roles(folder: Path | None = None) -> tuple[Role, ...]:
    """The roles below a folder, by name; opskit's own where none is given."""
    home = folder or assets() / "roles"
    return tuple(Role(path.parent.parent) for path in sorted(home.glob("*/meta/main.yml")))


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())
