"""A copy of the tree in which something can be broken, and the proof that the copy is what runs."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opskit.errors import Exit, OpskitError

LEFT_OUT = (".git", ".venv", ".state", ".cache", ".ansible", "*_cache", "__pycache__", "target")
BESIDE = ("docs", "tests/unit", "tests/mutations", "mutate")
"""What no scenario reads: without it a page that is written does not make another tree of the same one."""


@contextmanager
def copy(root: Path, folder: Path) -> Iterator[Path]:
    """A copy of a checkout in a new folder, with the checkout's own .venv behind a link; it goes at the end."""
    shutil.copytree(root, folder, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    try:
        for name in BESIDE:
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / ".venv").symlink_to(root / ".venv")
        # Molecule looks for .config/molecule at the root of a repository only
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        yield folder
    finally:
        shutil.rmtree(folder)


def environment(folder: Path, lab: str) -> dict[str, str]:
    """In which the copy's opskit runs, though the .venv has another one installed, and nothing is shared but caches."""
    ephemeral = folder / ".state" / "molecule"
    ephemeral.mkdir(parents=True, exist_ok=True)
    own = {"PYTHONPATH": str(folder), "OPSKIT_STATE": str(folder / ".state"), "MOLECULE_LAB": lab}
    # a task's name is broken into lines otherwise
    told = {"COLUMNS": "500", "OPSKIT_LAB_KEEP": "0"}
    return {**os.environ, **own, **told, "MOLECULE_EPHEMERAL_DIRECTORY": str(ephemeral)}


def prove(folder: Path) -> None:
    """Raises OpskitError (exit 3) unless the copy's own opskit runs here, and is what modules take to hosts."""
    told = subprocess.run(
        [sys.executable, "-c", "import opskit; print(opskit.__file__)"],
        cwd="/",
        env=environment(folder, ""),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    packed = folder / ".collections/ansible_collections/opskit/rocketmq/plugins/module_utils/onhost/__init__.py"
    for found, wanted in ((Path(told), folder / "opskit/__init__.py"), (packed, folder / "opskit/onhost/__init__.py")):
        if found.resolve() != wanted.resolve():
            raise OpskitError(f"{found.resolve()} would run, not the copy's", where=str(folder), code=Exit.UNJUDGED)


def digest(folder: Path) -> str:
    """One short name for all that the copy holds."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.relative_to(folder).parts[0] not in (".state", ".git"):
            total.update(f"{path.relative_to(folder)} {path.stat().st_mode} ".encode() + path.read_bytes())
    return total.hexdigest()[:16]
