"""The three ways to put close-on-timeout in force for one JVM, each with its undo.

A step is {way, …} as the controller planned it: live-flip {mode, latency_fault, untested} · agent-at-start {files:
[{path, content, mode}], made: paths of what a start makes of them} · jar-patch {jars: [{path, sha256}]}. `prepare`
gives what its undo needs, before anything is changed; `apply` changes; `undo` puts back. All may be repeated.
"""

import hashlib
import os
from typing import Any, Dict, List

from .. import files, units
from ..errors import FaultError
from . import agents, jars, patching

ORIGINAL, NEW = ".opskit-original", ".opskit-new"
"""Beside a patched jar: no class path's *.jar takes them in."""
FLIP, AT_START, PATCH = "live-flip", "agent-at-start", "jar-patch"
ATTACH_SECONDS = 15.0


def prepare(step: Dict[str, Any], process: Dict[str, Any]) -> Dict[str, Any]:
    """What the undo needs: a flip's process, the files as they are, the jars' contents. Raises FaultError."""
    if step["way"] == FLIP:
        return {"way": FLIP, "process": process, "untested": step["untested"]}
    if step["way"] == AT_START:
        return {"way": AT_START, "files": [_as_it_is(entry["path"]) for entry in step["files"]], "made": step["made"]}
    return {"way": PATCH, "jars": [_checked(jar) for jar in step["jars"]]}


def apply(step: Dict[str, Any], process: Dict[str, Any], agent: str) -> Dict[str, Any]:
    """Do it: {changed: bool}, after a flip with the agent's report, after a patch with the jars' new sha256."""
    if step["way"] == FLIP:
        options = f"on,mode={step['mode']}" + (",latency-fault=on" if step["latency_fault"] else "")
        return {"changed": True, "report": agents.ask(process, read(agent), options, ATTACH_SECONDS, step["untested"])}
    if step["way"] == AT_START:
        entries = [dict(entry, owner="root", group="root") for entry in step["files"]]
        for folder in sorted({os.path.dirname(entry["path"]) for entry in entries}):
            os.makedirs(folder, mode=0o755, exist_ok=True)
        changed = files.place(entries, check=False)
        if changed:
            units.systemctl("daemon-reload")
        return {"changed": bool(changed)}
    patched = [_patch(jar["path"]) for jar in step["jars"]]
    return {"changed": any(patched), "jars": {jar["path"]: _sha256(jar["path"]) for jar in step["jars"]}}


def undo(undoing: Dict[str, Any], agent: str) -> List[str]:
    """Put back what `prepare` noted; sentences about what could not be, since somebody else changed it meanwhile."""
    if undoing["way"] == FLIP:
        if not undoing.get("refused") and agents.is_there(undoing["process"]):
            agents.ask(undoing["process"], read(agent), "off", ATTACH_SECONDS, undoing["untested"])
        return []
    if undoing["way"] == AT_START:
        for entry in undoing["files"]:
            _put_back(entry)
        for path in undoing["made"]:
            if os.path.exists(path):
                os.unlink(path)
        units.systemctl("daemon-reload")
        return []
    return [said for jar in undoing["jars"] for said in _unpatch(jar)]


def _as_it_is(path: str) -> Dict[str, Any]:
    found = files.state(path, contents=True)
    keys = ("owner", "group", "mode", "content")
    return {"path": path, "before": {key: found[key] for key in keys} if found else None}


def _put_back(entry: Dict[str, Any]) -> None:
    path, before = entry["path"], entry["before"]
    if before is not None:
        files.place([dict(before, path=path)], check=False)
    elif os.path.exists(path):
        os.unlink(path)
        folder = os.path.dirname(path)
        if folder.endswith(".service.d") and not os.listdir(folder):
            os.rmdir(folder)


def _checked(jar: Dict[str, Any]) -> Dict[str, Any]:
    """The jar as the preview saw it, or as an earlier rollout left it."""
    path = jar["path"]
    if _is_patched(path):
        return {"path": path, "before": _sha256(path + ORIGINAL), "after": _sha256(path)}
    before = _sha256(path)
    if before != jar["sha256"]:
        raise FaultError(f"{path} is another file than the process holds: it was deployed again since")
    return {"path": path, "before": before}


def _patch(path: str) -> bool:
    """Lay the patched jar in the place of the old one, which stays beside it; False where it is patched already."""
    if _is_patched(path):
        return False
    new, original, info = path + NEW, path + ORIGINAL, os.stat(path)
    if os.path.exists(new):
        # of an opskit that was killed: two at once are kept apart by the lock
        os.unlink(new)
    patching.patch(path, new, True)
    try:
        os.chown(new, info.st_uid, info.st_gid)
        os.chmod(new, info.st_mode & 0o7777)
        if os.path.exists(original):
            # of a jar that was deployed over since
            os.unlink(original)
        os.link(path, original)
        os.replace(new, path)
    except BaseException:
        if os.path.exists(new):
            os.unlink(new)
        raise
    return True


def _is_patched(path: str) -> bool:
    """By an earlier rollout whose original is still here."""
    if not os.path.exists(path + ORIGINAL):
        return False
    with open(path, "rb") as file:
        states = {found.setting.state for found in jars.clients(file)}
    return "on" in states and "off" not in states


def _unpatch(jar: Dict[str, Any]) -> List[str]:
    path, original = jar["path"], jar["path"] + ORIGINAL
    now = _sha256(path)
    if now == jar["before"]:
        return []
    if now != jar.get("after", now):
        return [f"{path} was deployed again since it was patched; it is left as it is"]
    if not os.path.exists(original) or _sha256(original) != jar["before"]:
        return [f"the original of {path} is gone from {original}; deploy the application again"]
    os.replace(original, path)
    return []


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()
