"""The three ways to put close-on-timeout in force for one JVM, each with its undo.

A step is {way, …} as the controller planned it: live-flip {mode, latency_fault, untested} · agent-at-start {files:
[{path, content, mode}], made: paths of what a start makes of them} · jar-patch {jars: [{path, sha256}]}. `prepare`
gives what its undo needs, before anything is changed; `apply` changes; `undo` puts back. All may be repeated.
"""

import os
from typing import Any, Dict, List, Optional

from .. import files, units
from ..errors import FaultError
from . import agents, attach, originals

FLIP, AT_START, PATCH = "live-flip", "agent-at-start", "jar-patch"
ATTACH_SECONDS = 15.0


def prepare(step: Dict[str, Any], process: Dict[str, Any]) -> Dict[str, Any]:
    """What the undo needs: a flip's process and mode, the files as they are, the jars' contents.

    Raises FaultError where it cannot be done here.
    """
    if step["way"] == FLIP:
        why = attach.refused(process["pid"], step["untested"])
        if why:
            raise FaultError(why)
        keys = ("mode", "latency_fault", "untested")
        return dict({key: step[key] for key in keys}, way=FLIP, process=process, tried=False)
    if step["way"] == AT_START:
        return {"way": AT_START, "files": [_as_it_is(entry["path"]) for entry in step["files"]], "made": step["made"]}
    return {"way": PATCH, "jars": [originals.checked(jar, process["pid"]) for jar in step["jars"]]}


def apply(step: Dict[str, Any], process: Dict[str, Any], noted: Dict[str, Any], agent: str) -> Dict[str, Any]:
    """Do it: {changed: bool}, after a flip with the agent's report."""
    if step["way"] == FLIP:
        report = agents.ask(process, read(agent), _on(noted), ATTACH_SECONDS, step["untested"])
        if not is_on(report):
            said = ". ".join(report.get("errors") or ["it does not say why"])
            raise FaultError(f"the agent was loaded, and does not report it on: {said}")
        return {"changed": True, "report": report}
    if step["way"] == AT_START:
        entries = [dict(entry, owner="root", group="root") for entry in step["files"]]
        for folder in sorted({os.path.dirname(entry["path"]) for entry in entries}):
            make_folder(folder)
        changed = files.place(entries, check=False)
        if changed:
            units.systemctl("daemon-reload")
        return {"changed": bool(changed)}
    patched = [originals.patch(jar) for jar in noted["jars"]]
    return {"changed": any(patched)}


def undo(noted: Dict[str, Any], agent: str, others: List[Dict[str, Any]]) -> List[str]:
    """Put back what `prepare` noted, unless another record needs it so; sentences about what could not be.

    others: the records that stand beside this one.
    """
    standing = [step for record in others for step in record["steps"]]
    if noted["way"] == FLIP:
        if noted["tried"] and agents.is_there(noted["process"]):
            earlier = _earlier_flip(noted, standing)
            options = _on(earlier) if earlier else "off"
            agents.ask(noted["process"], read(agent), options, ATTACH_SECONDS, noted["untested"])
        return []
    if noted["way"] == AT_START:
        for entry in noted["files"]:
            _put_back(entry)
        for path in noted["made"]:
            if os.path.exists(path):
                os.unlink(path)
        units.systemctl("daemon-reload")
        return []
    used = {(jar["path"], jar["before"]) for step in standing for jar in step.get("jars", ())}
    said = []
    for jar in noted["jars"]:
        if (jar["path"], jar["before"]) in used:
            said.append(f"{jar['path']} stays patched: another record needs it so")
        else:
            said += originals.restore(jar)
    return said


def is_on(report: Dict[str, Any]) -> bool:
    """Whether every client closes its nameserver's connection on a timeout, those that come included."""
    return report.get("new_instances") is True and all(one["value"] for one in report.get("instances", ()))


def make_folder(path: str) -> None:
    """Readable by everybody, whatever this program's umask is: services of other users look into it."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        os.mkdir(folder)
        os.chmod(folder, 0o755)  # noqa: S103 it is meant for everybody


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _on(flip: Dict[str, Any]) -> str:
    return f"on,mode={flip['mode']}" + (",latency-fault=on" if flip["latency_fault"] else "")


def _earlier_flip(noted: Dict[str, Any], standing: List[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """The flip of the very same process that stays when this one goes."""
    same = [step for step in standing if step["way"] == FLIP and step["process"] == noted["process"]]
    return same[-1] if same else None


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
