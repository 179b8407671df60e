"""The RocketMQ clients that a JVM holds or may load: in jars it has open, and in what its class path names.

A jar is read through the process's own file descriptor: that inode is what it runs, whatever lies at the path now.
"""

import hashlib
import os
import stat
import time
from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Tuple

from . import classes, classpath, jars, roots, zips

CLASS = "NettyClientConfig.class"
FOLDER_SECONDS = 1.0
"""How long a folder of classes is searched."""
MANIFEST = b"META-INF/MANIFEST.MF"
MOST_CLASS_BYTES = 1 << 20
MOST_MANIFEST_BYTES = 1 << 20
_BLOCK = 1 << 20

Client = Dict[str, Any]
Inode = Tuple[int, int, int, int]
Reading = Tuple[List[jars.Found], str]
"""Clients in a jar, and why some of it could not be read; "" where all could."""


class Readings:
    """What was read of each jar in one look at a host: a jar that many JVMs hold is read once.

    A jar counts as the same by device, inode, time of change and size.
    """

    def __init__(self) -> None:
        self._found = {}  # type: Dict[Inode, Reading]
        self._sums = {}  # type: Dict[Inode, str]
        self._manifests = {}  # type: Dict[Inode, bytes]

    def clients(self, file: BinaryIO) -> Reading:
        key = _key(file)
        if key not in self._found:
            try:
                self._found[key] = jars.clients(file), ""
            except jars.JarError as error:
                self._found[key] = list(error.found), str(error)
        return self._found[key]

    def manifest(self, file: BinaryIO) -> bytes:
        """Of a jar; nothing where it has none that can be read."""
        key = _key(file)
        if key not in self._manifests:
            try:
                archive = zips.Archive(zips.Window(file, 0, key[-1]))
                found = archive.entries(lambda raw: raw == MANIFEST) if MANIFEST in archive.directory else []
                self._manifests[key] = archive.content(found[0], MOST_MANIFEST_BYTES) if found else b""
            except zips.ZipError:
                self._manifests[key] = b""
        return self._manifests[key]

    def sha256(self, file: BinaryIO) -> str:
        key = _key(file)
        if key not in self._sums:
            digest = hashlib.sha256()
            file.seek(0)
            for block in iter(lambda: file.read(_BLOCK), b""):
                digest.update(block)
            self._sums[key] = digest.hexdigest()
        return self._sums[key]


def clients(
    pid: int, links: Dict[str, str], class_path: List[str], readings: Readings
) -> Tuple[List[Client], Optional[str]]:
    """Clients in jars that are open, then in jars and folders of the class path that are not; and what is unread.

    links: descriptor → where it leads; class_path: as given at start.
    """
    look = _Look(pid, links, readings)
    named = classpath.elements(pid, class_path, look.manifest)
    found = [client for path in sorted(look.held) for client in look.of_jar(path)]
    found += [client for path in named.jars if path not in look.held for client in look.of_jar(path)]
    found += [client for folder in named.folders for client in look.of_folder(folder)]
    return found, "; ".join(look.unread) or None


class _Look:
    """At one process. held: path as it names it → the descriptor by which it holds that jar."""

    def __init__(self, pid: int, links: Dict[str, str], readings: Readings) -> None:
        paths = {number: roots.own_path(pid, link) for number, link in links.items() if link.startswith("/")}
        self.held = {path: number for number, path in paths.items() if path.lower().endswith(classpath.ARCHIVES)}
        self.unread = []  # type: List[str]
        self._pid, self._readings = pid, readings

    def file(self, path: str) -> BinaryIO:
        """The jar that it holds, else the one at the path. Raises OSError."""
        if path in self.held:
            return open(f"{roots.PROC}/{self._pid}/fd/{self.held[path]}", "rb")
        return open(roots.opened(self._pid, path), "rb")

    def manifest(self, path: str) -> bytes:
        try:
            with self.file(path) as file:
                return self._readings.manifest(file)
        except OSError:
            return b""  # `of_jar` tells what cannot be read

    def of_jar(self, path: str) -> List[Client]:
        try:
            with self.file(path) as file:
                return self._read(path, file)
        except (FileNotFoundError, NotADirectoryError):
            return []  # closed meanwhile, or named by a class path and never there
        except OSError as error:
            self.unread.append(f"{path} cannot be read: {error.strerror}")
            return []

    def of_folder(self, folder: str) -> List[Client]:
        """Clients among classes that lie there without a jar, or in a jar that is not called so."""
        try:
            number = roots.opened(self._pid, folder)
        except OSError:
            return []  # a class path may name what is not there
        try:
            if not stat.S_ISDIR(os.fstat(number).st_mode):
                return self.of_jar(folder)
            return [client for client in _in_folder(folder, number) if client]
        finally:
            os.close(number)

    def _read(self, path: str, file: BinaryIO) -> List[Client]:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return []
        found, complaint = self._readings.clients(file)
        if complaint:
            self.unread.append(f"{path}: {complaint}")
        if not found:
            return []
        now = self._now(path, status)
        shared = {
            "jar": path,
            "held": path in self.held,
            "replaced": now is not None,
            "sha256": self._readings.sha256(file),
            "inode": _inode(status),
        }
        return [{**_told(one), **shared, "on_disk": _state_in(now or [], one)} for one in found]

    def _now(self, path: str, status: os.stat_result) -> Optional[List[jars.Found]]:
        """Clients in another file that lies there by now, none where it is gone; None where it is the one held."""
        try:
            with open(roots.opened(self._pid, path), "rb") as file:
                same = os.path.samestat(os.fstat(file.fileno()), status)
                return None if same else self._readings.clients(file)[0]
        except OSError:
            return []


def _in_folder(folder: str, number: int) -> Iterator[Optional[Client]]:
    """What lies below it, as far as FOLDER_SECONDS last."""
    end = time.monotonic() + FOLDER_SECONDS
    for inside, _, names, at in os.fwalk(".", dir_fd=number):
        if CLASS in names:
            entry = os.path.normpath(os.path.join(inside, CLASS))
            with open(os.open(CLASS, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at), "rb") as file:
                yield _of_class(folder, entry, file.read(MOST_CLASS_BYTES), os.fstat(file.fileno()))
        if time.monotonic() > end:
            return


def _of_class(folder: str, entry: str, data: bytes, status: os.stat_result) -> Optional[Client]:
    setting = classes.read(data)
    if setting is None:
        return None
    found = jars.Found(entry, setting, None, False, "it is a class file in a folder, not a jar")
    shared = {"jar": folder, "held": False, "replaced": False, "on_disk": None}
    return {**_told(found), **shared, "sha256": hashlib.sha256(data).hexdigest(), "inode": _inode(status)}


def _told(found: jars.Found) -> Client:
    return {
        "entry": found.entry,
        "class": found.setting.name,
        "state": found.setting.state,
        "release": found.release,
        "signed": found.signed,
        "patchable": found.patchable,
    }


def _state_in(found: List[jars.Found], held: jars.Found) -> Optional[str]:
    """State of the same class elsewhere; None where there is no such class."""
    return next((one.setting.state for one in found if one.setting.name == held.setting.name), None)


def _inode(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"


def _key(file: BinaryIO) -> Inode:
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
