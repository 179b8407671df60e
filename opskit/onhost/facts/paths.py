"""Files and folders as they lie on the disk. Nothing is opened but regular files."""

import grp
import os
import pwd
import stat
from typing import Any, Callable, Dict

from ..errors import sentence

MOST_BYTES = 64 << 20
MOST_SETTINGS_BYTES = 1 << 20
"""Of a file that is hashed, and of one whose properties are read."""
_BLOCK = 1 << 20

Facts = Dict[str, Any]


def file(path: str, settings: bool) -> Facts:
    """One file or folder, or what a link leads to. settings: whether its properties are wanted.

    What cannot be read is told as `error`; `exists` is None where even that cannot be seen.
    """
    try:
        own = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {"exists": False}
    except OSError as error:
        return {"exists": None, "error": sentence(error)}
    linked = stat.S_ISLNK(own.st_mode)
    try:
        info = os.stat(path) if linked else own
    except OSError as error:
        return {"exists": True, "kind": "link", "error": f"it leads nowhere: {error.strerror}"}
    found = {
        "exists": True,
        "kind": "link" if linked else _kind(info.st_mode),
        "mode": f"{stat.S_IMODE(info.st_mode):04o}",
        "owner": name(pwd.getpwuid, info.st_uid),
        "group": name(grp.getgrgid, info.st_gid),
        "modified": info.st_mtime,
    }
    if not stat.S_ISREG(info.st_mode):
        return found
    # who may make a link may not be one who may read what it leads to
    trusted = not linked or own.st_uid in (0, info.st_uid)
    try:
        return dict(found, **_contents(path, info, settings and trusted, settings and not trusted))
    except OSError as error:
        return dict(found, error=sentence(error))


def folder(path: str) -> Facts:
    """The file system below a folder, or below its nearest parent that exists. Raises OSError."""
    exists, nearest = os.path.isdir(path), path
    while not os.path.isdir(nearest) and nearest != os.path.dirname(nearest):
        nearest = os.path.dirname(nearest)
    space = os.statvfs(nearest)
    used, inodes = space.f_blocks - space.f_bfree, space.f_files - space.f_ffree
    found = {
        "exists": exists,
        "total_bytes": space.f_blocks * space.f_frsize,
        "used_ratio": _ratio(used, space.f_bavail),
        # some file systems have as many as they need
        "inodes_used_ratio": _ratio(inodes, space.f_favail) if space.f_files else None,
    }  # type: Facts
    if exists:
        info = os.stat(path)
        found.update(owner=name(pwd.getpwuid, info.st_uid), mode=f"{stat.S_IMODE(info.st_mode):04o}")
    return found


def _contents(path: str, seen: os.stat_result, settings: bool, distrusted: bool) -> Facts:
    import hashlib

    # another process may put a pipe there meanwhile, or a link to what its user may not read
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as opened:
        info = os.fstat(opened.fileno())
        if not os.path.samestat(info, seen):
            return {"error": "it was replaced while it was looked at, so it was not read"}
        size = info.st_size
        if size > MOST_BYTES:
            return {"error": f"it is larger than {MOST_BYTES >> 20} MiB, so it was not read"}
        digest, data, most = hashlib.sha256(), b"", MOST_SETTINGS_BYTES if settings else 0
        for block in iter(lambda: opened.read(_BLOCK), b""):
            digest.update(block)
            data += block[: max(0, most + 1 - len(data))]
    found = {"sha256": digest.hexdigest()}  # type: Facts
    if distrusted:
        return dict(found, error="it is a link of one user to another's file, so its settings are not told")
    return dict(found, **_settings(data)) if settings else found


def _settings(data: bytes) -> Facts:
    if len(data) > MOST_SETTINGS_BYTES:
        return {"error": f"it is larger than {MOST_SETTINGS_BYTES >> 20} MiB, so its settings were not read"}
    from . import properties

    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return {"error": f"it is not UTF-8 at byte {error.start}, so its settings were not read"}
    try:
        return {"settings": properties.masked(properties.parse(data))}
    except properties.PropertiesError as error:
        return {"error": str(error)}


def _kind(mode: int) -> str:
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def _ratio(used: int, available: int) -> float:
    return used / (used + available) if used + available else 0.0


def name(lookup: Callable[[int], Any], number: int) -> str:
    """Of a user or group; its number where nobody here has it."""
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)
