"""Files and folders laid down atomically; what differs is told before anything is written."""

import grp
import hashlib
import os
import pwd
import stat
import tempfile
from typing import Any, Dict, List, Optional

from . import masking


def state(path: str, contents: bool = False) -> Optional[Dict[str, Any]]:
    """sha256, owner, group, mode ("0644"), mtime_ns of a file (folders without a hash); None where there is none."""
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    found = {
        "owner": _name(pwd.getpwuid, info.st_uid, "pw_name"),
        "group": _name(grp.getgrgid, info.st_gid, "gr_name"),
        "mode": f"{stat.S_IMODE(info.st_mode):04o}",
        "mtime_ns": info.st_mtime_ns,
    }  # type: Dict[str, Any]
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            data = file.read()
        found["sha256"] = hashlib.sha256(data).hexdigest()
        if contents:
            found["content"] = data.decode("utf-8", "replace")
    return found


def place(entries: List[Dict[str, Any]], check: bool) -> List[Dict[str, Any]]:
    """Lay down folders and files in order; returns what differed: [{path, before, after, what}].

    An entry is {path, owner, group, mode, content} or, for a folder, {path, owner, group, mode}. before and after are
    texts with secrets masked (None where there was no file, empty for folders); what is "content", "attributes" or
    "folder".
    With check nothing is touched, and owners that do not exist yet are taken as they will be.
    """
    changed = []
    for entry in entries:
        difference = _difference(entry)
        if difference is None:
            continue
        changed.append(difference)
        if not check:
            _write(entry, difference["what"])
    return changed


def _difference(entry: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    path = entry["path"]
    now = state(path, contents=True)
    content = entry.get("content")
    if content is None:
        if now is None:
            return {"path": path, "before": None, "after": "", "what": "folder"}
        if os.path.islink(path):
            return None  # to a larger disk, say: where it leads is its maker's
    elif now is None or now.get("content") != content:
        before, after = masking.masked(now.get("content") if now else None, content)
        return {"path": path, "before": before, "after": after, "what": "content"}
    if any(now[key] != entry[key] for key in ("owner", "group", "mode")):
        return {"path": path, "before": "", "after": "", "what": "attributes"}
    return None


def _write(entry: Dict[str, Any], what: str) -> None:
    path = entry["path"]
    uid, gid = pwd.getpwnam(entry["owner"]).pw_uid, grp.getgrnam(entry["group"]).gr_gid
    if what == "folder":
        os.makedirs(path, exist_ok=True)
    if what != "content":
        # some lie below folders of the servers' user, who must not lead root elsewhere by a link
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            os.fchown(handle, uid, gid)
            os.fchmod(handle, int(entry["mode"], 8))
        finally:
            os.close(handle)
        return
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".opskit-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(entry["content"].encode("utf-8"))
            os.fchown(file.fileno(), uid, gid)
            os.fchmod(file.fileno(), int(entry["mode"], 8))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _name(lookup: Any, number: int, field: str) -> str:
    try:
        return str(getattr(lookup(number), field))
    except KeyError:
        return str(number)
