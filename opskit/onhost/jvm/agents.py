"""opskit's agent in running JVMs: brought into each one's own /tmp, loaded, asked for its report, taken away again."""

import base64
import hashlib
import json
import os
import secrets
from contextlib import suppress
from typing import Any, Dict, List, Optional

from ..errors import FaultError, sentence
from . import attach, inside

REPORT = "opskit.agent.report"
"""The system property in which the agent leaves it."""


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    """request: {jvms, jar_b64, options, seconds, untested}; {results: [process with `report` or `error`]}."""
    jar, seconds = base64.b64decode(request["jar_b64"]), request["seconds"]
    found = ask_all(request["jvms"], jar, request["options"], seconds, request.get("untested", False))
    shown = [{key: ref[key] for key in ("pid", "start_ticks")} for ref in request["jvms"]]
    return {"results": [{**ref, **one} for ref, one in zip(shown, found)]}


def is_there(jvm_ref: Dict[str, Any]) -> bool:
    """Whether it is still the very same process."""
    return inside.is_there(jvm_ref)


def ask(jvm_ref: Dict[str, Any], jar: bytes, options: str, seconds: float, untested: bool = False) -> Dict[str, Any]:
    """Load the agent with these options, e.g. "on,mode=nameserver", and give its report. Raises AttachError.

    seconds: bound of the whole.
    """
    found = ask_all([jvm_ref], jar, options, seconds, untested)[0]
    if "error" in found:
        raise attach.AttachError(found["error"])
    return dict(found["report"])


def ask_all(
    jvm_refs: List[Dict[str, Any]], jar: bytes, options: str, seconds: float, untested: bool = False
) -> List[Dict[str, Any]]:
    """The same for many, some at once; each is {"report": ...} or {"error": sentence}. seconds: for each."""
    whys = [_refused(ref, untested) for ref in jvm_refs]
    willing = [ref for ref, why in zip(jvm_refs, whys) if why is None]
    done = iter(inside.each(lambda target, end: _asked(target, jar, options, end), willing, seconds))
    return [_told(next(done)) if why is None else {"error": why} for why in whys]


def report_of(properties: Dict[str, str], token: str) -> Dict[str, Any]:
    """The report that answers this very call. Raises AttachError where it is missing, or another's."""
    try:
        report = json.loads(properties[REPORT])  # type: Dict[str, Any]
    except (KeyError, ValueError):
        raise attach.AttachError("the agent was loaded and left no report") from None
    if report.get("id") != token:
        raise attach.AttachError("the agent was loaded, and its report answers another call; is somebody else at it?")
    return report


def _refused(ref: Dict[str, Any], untested: bool) -> Optional[str]:
    try:
        return attach.refused(ref["pid"], untested)
    except (FileNotFoundError, ProcessLookupError):
        return f"process {ref['pid']} has ended"
    except PermissionError as error:
        return sentence(error)


def _told(found: Dict[str, Any]) -> Dict[str, Any]:
    return {"report": found["ok"]} if "ok" in found else found


def _asked(target: inside.Target, jar: bytes, options: str, end: float) -> Dict[str, Any]:
    """The jar's name is that of its content and of this JVM.

    A JVM takes a path for the jar that it first found there, and opens no other; several may share a /tmp.
    """
    token = secrets.token_hex(4)
    path = f"/tmp/.opskit-agent-{hashlib.sha256(jar).hexdigest()[:12]}-{target.pid}.jar"  # noqa: S108 as it sees it
    _lay(path, jar, target.who.uid)
    try:
        attach.load(target, path, f"{options},id={token}", end)
        return report_of(attach.read_properties(target, end), token)
    finally:
        # the JVM holds it open; a cleaner of /tmp may have been quicker
        with suppress(FileNotFoundError):
            os.unlink(path)


def _lay(path: str, jar: bytes, uid: int) -> None:
    """A new file that nobody else may write. Raises FaultError, and leaves nothing."""
    try:
        if os.path.lexists(path) and os.lstat(path).st_uid == uid:
            os.unlink(path)  # of an opskit that was killed
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise FaultError(f"the agent cannot be laid down as {path} in its root: {error.strerror}") from None
    try:
        with open(number, "wb") as file:
            file.write(jar)
    except OSError as error:
        os.unlink(path)
        raise FaultError(f"the agent cannot be laid down as {path} in its root: {error.strerror}") from None
