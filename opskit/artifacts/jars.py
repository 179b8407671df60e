"""Jars by name and checksum, and the digest that names a set of them."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from opskit.errors import OpskitError
from opskit.inventory.cluster import Frozen

Progress = Callable[[str], None]
"""Is told in sentences what takes time."""


class Jar(Frozen):
    """A jar as it lies in lib/: file name and sha256 in lower-case hex."""

    name: str
    sha256: str


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def jars_in(folder: Path) -> tuple[Jar, ...]:
    """The jars that lie directly in `folder`, sorted by name."""
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".jar" and path.is_file())
    return tuple(Jar(name=path.name, sha256=sha256_of(path)) for path in paths)


def digest_of(jars: Iterable[Jar]) -> str:
    """sha256 over the sorted names and checksums: equal for equal sets of jars, wherever they came from."""
    lines = sorted(f"{jar.name}\0{jar.sha256}\n" for jar in jars)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check(found: Iterable[Jar], locked: Iterable[Jar], origin: str) -> None:
    """Refuse anything but exactly the locked jars. origin: where they came from, for the sentence."""
    have, want = ({jar.name: jar.sha256 for jar in jars} for jars in (found, locked))
    for name, expected in sorted(want.items()):
        if name not in have:
            raise OpskitError(f"{name} is missing", where=origin, remedy="Run again; opskit's lock names this jar.")
        if have[name] != expected:
            raise OpskitError(
                f"wrong checksum of {name}: the lock says sha256 {expected}, found {have[name]}",
                where=origin,
                remedy=f"Delete {name} from Maven's local repository and run again; if it stays wrong, the repository "
                "or mirror that Maven uses serves another file: do not deploy it. Nothing was kept.",
            )
    for name in sorted(have.keys() - want.keys()):
        raise OpskitError(f"{name} is not in opskit's lock", where=origin, remedy="Regenerate the locks: make locks.")
