#!/usr/bin/env python3
"""Make roles/rocketmq_NAME and its scenario molecule/NAME from templates/role/: scripts/new-role.py NAME (`make role`).

Exit 2, with nothing made, where the name is none or is taken.
"""

import re
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from opskit.cli.roles import write
from opskit.errors import OpskitError

ROOT = Path(__file__).resolve().parent.parent
SKELETON = ROOT / "templates" / "role"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
NEXT = """Made {role} and {scenario}. Next:
  make lint                           # it is as it should be
  make molecule SCENARIO={name:10}  # real hosts, check mode, twice, its tests
  docs/change-a-role.md               # how to go on; then name the role in playbooks/deploy.yml
"""


def main(words: list[str]) -> None:
    name = words[0] if words else ""
    role, scenario = ROOT / "roles" / f"rocketmq_{name}", ROOT / "molecule" / name
    refuse(name, role, scenario)
    # what is made holds Jinja of its own
    jinja = Environment(  # noqa: S701 - YAML and Python, no HTML
        loader=FileSystemLoader(SKELETON),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        variable_start_string="[[",
        variable_end_string="]]",
    )
    values = {"name": name, "role": role.name, "host": f"{name.replace('_', '-')}1"}
    for part, home in (("role", role), ("scenario", scenario)):
        for template in sorted((SKELETON / part).rglob("*.j2")):
            path = home / str(template.relative_to(SKELETON / part)).removesuffix(".j2").replace("NAME", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(jinja.get_template(str(template.relative_to(SKELETON))).render(values))
    write(ROOT)
    print(NEXT.format(role=role.relative_to(ROOT), scenario=scenario.relative_to(ROOT), name=name), end="")  # noqa: T201


def refuse(name: str, *folders: Path) -> None:
    """Raises OpskitError for what cannot be a new role's name."""
    if not NAME.fullmatch(name) or name.startswith("rocketmq"):
        raise OpskitError(
            f"{name!r} is no name of a role: small letters, digits and single _, without rocketmq_; NAME=proxy makes "
            "roles/rocketmq_proxy"
        )
    for folder in folders:
        if folder.exists():
            raise OpskitError(f"{folder.relative_to(ROOT)} is there already; choose another NAME")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OpskitError as error:
        sys.stderr.write(f"new-role: {error}\n")
        sys.exit(error.code)
