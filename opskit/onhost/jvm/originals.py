"""A patched jar in the place of an application's own, whose original is kept beside it and put back.

The folder may belong to the service's user, so nothing here follows a link, and what is named is looked at before it is
relied on.
"""

import hashlib
import os
import stat
from typing import Any, Dict, List

from ..errors import FaultError
from . import jars, patching

ORIGINAL, NEW = ".opskit-original", ".opskit-new"
"""Beside a patched jar: no class path's *.jar takes them in."""


class _Digest:
    """A file that is only summed up."""

    def __init__(self) -> None:
        self.sum = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sum.update(data)
        return len(data)


def checked(jar: Dict[str, Any], pid: int) -> Dict[str, Any]:
    """{path, before, after}: sha256 of the jar as it is, or was, and of the patched one. Raises FaultError.

    It must be the file that the process sees there, and the one that it holds, unless an earlier rollout patched it.
    """
    path = jar["path"]
    try:
        if not os.path.samefile(f"/proc/{pid}/root{path}", path):
            raise FaultError(f"{path} is another file for the process, which has a root of its own")
    except FileNotFoundError:
        raise FaultError(f"{path} is not there") from None
    if os.path.islink(path):
        raise FaultError(f"{path} is a link, which a patched jar would replace")
    own = path + ORIGINAL if _is_patched(path) else path
    before = _sha256(own)
    if own == path and before != jar["sha256"]:
        raise FaultError(f"{path} is another file than the process holds: it was deployed again since")
    return {"path": path, "before": before, "after": _sha256_of_patched(own)}


def patch(jar: Dict[str, Any]) -> bool:
    """Lay the patched jar in the place of the old one, which stays beside it; False where it is patched already."""
    path = jar["path"]
    if _is_patched(path):
        return False
    new, original = path + NEW, path + ORIGINAL
    for left in (new, original):
        # by an opskit that was killed, or of a jar that was deployed over since
        _remove(left)
    patching.patch(path, new, True)
    try:
        os.link(path, original, follow_symlinks=False)
        if _sha256(original) != jar["before"] or _sha256(new) != jar["after"]:
            raise FaultError(f"{path} was changed meanwhile; nothing was replaced")
        os.replace(new, path)
    except BaseException:
        _remove(new)
        if _sha256(path) != jar["after"]:
            _remove(original)
        raise
    return True


def restore(jar: Dict[str, Any]) -> List[str]:
    """Put the original back; a sentence where somebody deployed another jar meanwhile, which is left alone.

    Raises FaultError where the patched jar is there and its original is not.
    """
    path, original = jar["path"], jar["path"] + ORIGINAL
    now = _sha256(path)
    _remove(path + NEW)
    if now != jar["after"]:
        _remove(original)
        return [] if now == jar["before"] else [f"{path} was deployed again since it was patched; it is left as it is"]
    if _sha256(original) != jar["before"]:
        raise FaultError(f"the original of {path} is gone from {original}; deploy the application again")
    os.replace(original, path)
    return []


def _is_patched(path: str) -> bool:
    """By an earlier rollout whose original is still here."""
    if not os.path.exists(path + ORIGINAL):
        return False
    with patching.plain(path) as file:
        states = {found.setting.state for found in jars.clients(file)}
    return "on" in states and "off" not in states


def _sha256_of_patched(path: str) -> str:
    digest = _Digest()
    with patching.plain(path) as file:
        patching.change(file, digest, True)  # type: ignore[arg-type]
    return digest.sum.hexdigest()


def _sha256(path: str) -> str:
    """Of a plain file; "" where there is none."""
    digest = hashlib.sha256()
    try:
        with patching.plain(path) as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()


def _remove(path: str) -> None:
    if os.path.lexists(path) and not stat.S_ISDIR(os.lstat(path).st_mode):
        os.unlink(path)
