"""The cache: entries that appear whole or not at all, and are checked each time they are used."""

import errno
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from opskit.artifacts.jars import Jar, Progress, sha256_of
from opskit.errors import OpskitError
from opskit.inventory.cluster import Frozen
from opskit.paths import cache

_RECORD = "record.json"
_BUILDING = "building-"

Build = Callable[[Path, Path], tuple[Jar, ...]]
"""Writes the payload (first path) with the help of an empty folder (second path); returns the jars it holds."""


class Record(Frozen):
    """What an entry holds: the checksum of its payload, and the jars in it."""

    sha256: str
    jars: tuple[Jar, ...]


def obtain(name: str, payload: str, build: Build, progress: Progress) -> tuple[Path, Record]:
    """The file `payload` of the cache entry `name`, built where it is missing or damaged.

    Runs that build at the same time wait for each other; what the cache holds is read without waiting.
    """
    root = cache() / "artifacts"
    entry = root / name
    with _disk_errors(root):
        record = _intact(entry, payload, progress)
        if record is None:
            root.mkdir(parents=True, exist_ok=True)
            with _alone(root, progress):
                record = _intact(entry, payload, progress) or _build(root, entry, payload, build)
    return entry / payload, record


def peek(name: str) -> Record | None:
    """What the entry `name` is said to hold, without a look at its payload; None where there is no such entry."""
    try:
        return Record.model_validate_json((cache() / "artifacts" / name / _RECORD).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _intact(entry: Path, payload: str, progress: Progress) -> Record | None:
    """The record of a complete entry whose payload still has its checksum."""
    if not entry.is_dir():
        return None
    try:
        record = Record.model_validate_json((entry / _RECORD).read_bytes())
        if sha256_of(entry / payload) == record.sha256:
            return record
    except (FileNotFoundError, ValidationError) as error:
        progress(f"The cache entry {entry} is incomplete ({type(error).__name__}): building it again")
        return None
    progress(f"The cache entry {entry} is damaged, its checksum has changed: building it again")
    return None


def _build(root: Path, entry: Path, payload: str, build: Build) -> Record:
    """Build beside the entry and rename: an interrupted build leaves nothing that looks like an entry."""
    for leftover in root.glob(f"{_BUILDING}*"):
        # the Maven of a killed run may still write there; what it adds is removed the next time
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=root) as work:
        made, scratch = Path(work) / "entry", Path(work) / "scratch"
        made.mkdir()
        scratch.mkdir()
        jars = build(made / payload, scratch)
        record = Record(sha256=sha256_of(made / payload), jars=jars)
        (made / _RECORD).write_text(record.model_dump_json(indent=2))
        if entry.exists():
            shutil.rmtree(entry)
        made.rename(entry)
    return record


@contextmanager
def _alone(root: Path, progress: Progress) -> Iterator[None]:
    """Hold the cache's lock; the kernel frees it when its holder dies."""
    lock = FileLock(root / "lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        progress("Another opskit is filling the cache: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OpskitError(
                "no space left on the disk of the cache",
                where=str(root),
                remedy="Free about 500 MB, or point OPSKIT_CACHE to a larger disk. Nothing half-written was kept.",
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise OpskitError(
                f"the cache cannot be written or read: {error.strerror} ({error.filename})",
                where=str(root),
                remedy="Mend its owner and mode, or point OPSKIT_CACHE to a folder of yours.",
            ) from error
        raise
