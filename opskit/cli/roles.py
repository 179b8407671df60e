"""What is generated of each role: argument_specs, defaults and README, from its tasks and the tables opskit works by.

`python -m opskit.cli.roles` (make specs) writes them; a test keeps them current.
"""

from collections.abc import Iterator
from pathlib import Path

from opskit.cli.role_page import page
from opskit.cli.scenarios import scenarios
from opskit.inventory.roles import roles
from opskit.inventory.specs import argument_specs, defaults
from opskit.paths import assets


def files(root: Path | None = None) -> Iterator[tuple[Path, str | None]]:
    """(path, content) of every generated file below a checkout, this one where none is given.

    Content None: there must be no such file. Raises OpskitError where a role does not describe itself.
    """
    home = root or assets()
    known = scenarios(home)
    for role in roles(home / "roles"):
        yield role.folder / "meta" / "argument_specs.yml", argument_specs(role)
        yield role.folder / "defaults" / "main.yml", defaults(role)
        yield role.folder / "README.md", page(role, [scenario for scenario in known if scenario.proves(role)])


def write(root: Path | None = None) -> None:
    """Write every generated file, and remove those that nothing asks for any more."""
    for path, content in files(root):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)


if __name__ == "__main__":
    write()
