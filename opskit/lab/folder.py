"""A lab's folder on the controller: key, known_hosts, overlay; and the lock that keeps two commands apart."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from opskit import paths
from opskit.errors import Exit, OpskitError
from opskit.lab.overlay import Addresses, files
from opskit.lab.process import run
from opskit.lab.progress import Progress

LOCK_SECONDS = 600.0


@dataclass(frozen=True)
class Folder:
    """Paths of one lab. Holds a private key: mode 0700."""

    path: Path

    @property
    def key(self) -> Path:
        return self.path / "id"

    @property
    def public_key(self) -> Path:
        return self.path / "id.pub"

    @property
    def known_hosts(self) -> Path:
        return self.path / "known_hosts"

    @property
    def etc_hosts(self) -> Path:
        """Mounted into every host: written in place, so that all see a change at once."""
        return self.path / "hosts"

    @property
    def overlay(self) -> Path:
        """There only once every host of the lab answered."""
        return self.path / "inventory.yml"

    def write_overlay(self, addresses: Addresses) -> None:
        """Replace the overlay; variables of hosts that are gone go with it."""
        shutil.rmtree(self.path / "host_vars", ignore_errors=True)
        for path, text in reversed(files(addresses, self.path).items()):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def remove(self) -> None:
        """Remove the folder; nothing happens where there is none."""
        if self.path.exists():
            shutil.rmtree(self.path)


def folder(name: str) -> Folder:
    return Folder(paths.state() / "labs" / name)


def names() -> tuple[str, ...]:
    """Labs that have a folder here."""
    home = paths.state() / "labs"
    return tuple(sorted(path.name for path in home.iterdir() if path.is_dir())) if home.is_dir() else ()


@contextmanager
def locked(name: str, progress: Progress) -> Iterator[Folder]:
    """Hold the lab: a second command for the same one waits. The lock file goes with the last holder's folder."""
    lab = folder(name)
    lab.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = lab.path.with_name(f".{name}.lock")
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.note(f"another opskit is at work on the lab {name}: waiting for it")
        _wait(lock, name)
    try:
        yield lab
    finally:
        if not lab.path.exists():
            path.unlink(missing_ok=True)
        lock.release()


async def ensure_key(lab: Folder) -> str:
    """Make the folder and its ed25519 key pair where missing; the key's fingerprint."""
    lab.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    lab.path.chmod(0o700)
    if not (lab.key.exists() and lab.public_key.exists()):
        lab.key.unlink(missing_ok=True)
        await _keygen("-q", "-t", "ed25519", "-N", "", "-C", f"opskit-lab-{lab.path.name}", "-f", str(lab.key))
    return (await _keygen("-l", "-f", str(lab.public_key))).split()[1]


async def _keygen(*arguments: str) -> str:
    done = await run(("ssh-keygen", *arguments))
    if done.code:
        raise OpskitError(f"ssh-keygen failed: {done.stderr.strip()}", where="lab", code=Exit.UNJUDGED)
    return done.stdout


def _wait(lock: FileLock, name: str) -> None:
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout as error:
        raise OpskitError(
            f"another opskit has held the lab for {LOCK_SECONDS:.0f} s",
            where=name,
            remedy="Wait for it, or end it.",
            code=Exit.UNJUDGED,
        ) from error
