"""What opskit hands to the actions of a playbook: a private folder, `hosts/HOST.json` and what else a verb writes.

It may hold secrets, so it goes with its run; what a run that was killed left behind goes with the next.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opskit.change.process import Process, current, is_gone
from opskit.runs.folder import Run

NAME, DRIVER = "manifest", "driver.json"


@contextmanager
def handed_over(run: Run) -> Iterator[Path]:
    """The folder of this run while the body drives a playbook, which goes no further once this process is gone."""
    # another cluster of this name may be at work beside this one
    for left in run.folder.parent.glob(f"*/{NAME}"):
        if abandoned(left):
            shutil.rmtree(left)
    folder = run.folder / NAME
    folder.mkdir(mode=0o700)
    try:
        # first: from now on another run can tell whether this one is at work
        write(folder / DRIVER, current().model_dump())
        yield folder
    finally:
        shutil.rmtree(folder)


def abandoned(folder: Path) -> bool:
    """Whether the opskit that drives the playbook of this folder is gone; never for plain Ansible.

    Where nobody is named yet, nothing is written yet either.
    """
    named = folder / DRIVER
    return named.exists() and is_gone(Process(**json.loads(named.read_text())))


def write_host(folder: Path, host: str, content: Any) -> None:
    """What one host needs."""
    (folder / "hosts").mkdir(parents=True, mode=0o700, exist_ok=True)
    write(folder / "hosts" / f"{host}.json", content)


def write(path: Path, content: Any) -> None:
    """As JSON, readable by nobody else."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(content))
