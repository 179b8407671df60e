"""argument_specs and defaults of a role, from the variables table.

The roles take almost nothing from variables: contents come from the manifest that opskit renders.
"""

from typing import Any

import yaml

from opskit.inventory.roles import Role
from opskit.inventory.variables import VARIABLES

HEADER = "# Generated from opskit/inventory/variables.py by `make specs`.\n---\n"


def argument_specs(role: Role) -> str:
    """meta/argument_specs.yml."""
    options = {name: _option(name) for name in role.variables}
    main = {"short_description": role.sentence, "options": options}
    return HEADER + _yaml({"argument_specs": {"main": main}})


def defaults(role: Role) -> str | None:
    """defaults/main.yml; None where there is nothing to default."""
    found = {name: VARIABLES[name].default for name in role.variables if _has_default(name)}
    return HEADER + _yaml(found) if found else None


def _option(name: str) -> dict[str, Any]:
    variable = VARIABLES[name]
    option: dict[str, Any] = {"type": variable.kind.ansible, "description": variable.sentence}
    if variable.kind.choices:
        option["choices"] = list(variable.kind.choices)
    if variable.required:
        return option | {"required": True}
    return option | ({"default": variable.default} if _has_default(name) else {})


def _has_default(name: str) -> bool:
    return not VARIABLES[name].required and VARIABLES[name].default is not None


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, width=120)
