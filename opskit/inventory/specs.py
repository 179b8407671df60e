"""argument_specs and defaults of the roles, generated from the variables table.

`python -m opskit.inventory.specs` (make specs) writes them; a test keeps them current. The roles take almost nothing
from variables: contents come from the manifest that opskit renders.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from opskit.inventory.variables import VARIABLES
from opskit.paths import assets

HEADER = "# Generated from opskit/inventory/variables.py by `make specs`.\n---\n"


@dataclass(frozen=True)
class Role:
    """name below roles/; variables: those that its tasks read themselves."""

    name: str
    sentence: str
    variables: tuple[str, ...] = ()


ROLES = (
    Role("rocketmq_host", "User, jars and the host's own files.", ("rocketmq_user", "opskit_apply_sysctl")),
    Role("rocketmq_nameserver", "Bring a nameserver to its declared state, through its gate."),
    Role("rocketmq_controller", "Bring a controller to its declared state."),
    Role(
        "rocketmq_broker", "Bring a broker to its declared state: drained, through its gate.", ("rocketmq_broker_id",)
    ),
)


def files() -> Iterator[tuple[Path, str]]:
    """(path, content) of every generated file."""
    for role in ROLES:
        folder = assets() / "roles" / role.name
        yield folder / "meta" / "argument_specs.yml", HEADER + _yaml(_specs(role))
        defaults = {name: VARIABLES[name].default for name in role.variables if not VARIABLES[name].required}
        if defaults:
            yield folder / "defaults" / "main.yml", HEADER + _yaml(defaults)


def _specs(role: Role) -> dict[str, Any]:
    options = {name: _option(name) for name in role.variables}
    main = {"short_description": role.sentence, "options": options}
    return {"argument_specs": {"main": main}}


def _option(name: str) -> dict[str, Any]:
    variable = VARIABLES[name]
    option: dict[str, Any] = {"type": variable.kind.ansible, "description": variable.sentence}
    return option | ({"required": True} if variable.required else {"default": variable.default})


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, width=120)


if __name__ == "__main__":
    for path, content in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
