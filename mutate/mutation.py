"""A mutation: one place of the tree broken on purpose, and the scenarios that should notice. Pure."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from opskit.errors import OpskitError

FOLDER = Path("tests") / "mutations"
KEYS = {"broken", "file", "find", "replace", "killed_by"}
OPTIONAL = {"explained"}


@dataclass(frozen=True)
class Mutation:
    """name: of its file; broken: what is then wrong, in a sentence; killed_by: scenarios, the cheapest first.

    explained: why it is known to survive, in a sentence; "" where it should not.
    """

    name: str
    broken: str
    file: str
    find: str
    replace: str
    killed_by: tuple[str, ...]
    explained: str = ""


def load(root: Path) -> tuple[Mutation, ...]:
    """Every mutation of a checkout, by name. Raises OpskitError where one is not what a mutation has to be."""
    return tuple(_load(path) for path in sorted((root / FOLDER).glob("*.yml")))


def chosen(mutations: tuple[Mutation, ...], names: tuple[str, ...]) -> tuple[Mutation, ...]:
    """Those of these names, all where none is given. Raises OpskitError for a name that none has."""
    known = {mutation.name: mutation for mutation in mutations}
    for name in names:
        if name not in known:
            raise OpskitError(
                f"there is no mutation {name}", where=str(FOLDER), remedy=f"There are {', '.join(known)}."
            )
    return tuple(known[name] for name in names) or mutations


def mutated(mutation: Mutation, text: str) -> str:
    """The file's text with the mutation made. Raises OpskitError unless what it looks for stands there once."""
    count = text.count(mutation.find)
    if count != 1:
        raise OpskitError(
            f"what it looks for stands {count} times in {mutation.file}, not once",
            where=f"{FOLDER}/{mutation.name}.yml",
            remedy="The file has changed: write find and replace anew, or remove the mutation with what it broke.",
        )
    return text.replace(mutation.find, mutation.replace)


def apply(mutation: Mutation, root: Path) -> None:
    """Make the mutation in a copy of the tree. Raises OpskitError where it is stale."""
    path = root / mutation.file
    path.write_text(mutated(mutation, path.read_text() if path.is_file() else ""))


def _load(path: Path) -> Mutation:
    held = yaml.safe_load(path.read_text())
    if not isinstance(held, dict) or not held.keys() >= KEYS or held.keys() - KEYS - OPTIONAL:
        raise OpskitError(f"a mutation has the keys {', '.join(sorted(KEYS))}, and perhaps explained", where=str(path))
    return Mutation(**{**held, "name": path.stem, "killed_by": tuple(held["killed_by"])})
