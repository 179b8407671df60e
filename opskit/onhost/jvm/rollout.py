"""Put close-on-timeout in force for JVMs of this host, and take it back: every step is on record before it is done."""

import base64
import os
import time
from typing import Any, Dict, List

from .. import processes, units
from ..errors import FaultError, sentence
from . import agents, records, restarts, steps


def apply(request: Dict[str, Any]) -> Dict[str, Any]:
    """One job after the other, until one fails: request {run, agent, shared, jobs}; {jobs: [outcome]}.

    shared: [{path, base64, mode}], what several units use: the agent, whose path is `agent`, and the script that brings
    it into a start. They stay as long as a record stands: the undo of a flip needs the very same agent.
    A job is {subject, process: {pid, start_ticks}, unit or null, steps, restart, health, seconds}. An outcome is
    {subject, state, changed, sentence, report}: applied · refused, nothing was touched · rolled back, all was put back
    · stuck, it could not be put back · left, an earlier one failed.
    """
    outcomes = []  # type: List[Dict[str, Any]]
    for number, job in enumerate(request["jobs"]):
        if any(one["state"] != "applied" for one in outcomes):
            outcomes.append(_outcome(job, "left", "an earlier one on this host failed"))
        else:
            outcomes.append(_apply(f"{request['run']}-{number}", job, request["agent"], request["shared"]))
    return {"jobs": outcomes}


def undo(request: Dict[str, Any]) -> Dict[str, Any]:
    """Take back what is on record, the newest first: request {subjects: [names] or [] for all, restart: bool}.

    {undone: [{subject, ways, sentences, error}]}; sentences say what somebody else changed meanwhile, and what is
    pending. One that fails keeps no other from being undone, and stays on record.
    """
    done = []
    for record in reversed(records.standing()):
        if request["subjects"] and record["subject"] not in request["subjects"]:
            continue
        outcome = {"subject": record["subject"], "ways": _ways(record), "sentences": [], "error": ""}
        try:
            outcome["sentences"] = _undo(record, request["restart"])
        except Exception as error:
            outcome["error"] = sentence(error)
        done.append(outcome)
    return {"undone": done}


def standing(request: Dict[str, Any]) -> Dict[str, Any]:
    """What is in place here: request {subjects: [names] or []}; {records: [{id, subject, process, …}]}."""
    keys = ("id", "subject", "process", "state", "at")
    wanted = [one for one in records.standing() if not request["subjects"] or one["subject"] in request["subjects"]]
    return {"records": [dict({key: one[key] for key in keys}, ways=_ways(one)) for one in wanted]}


def _ways(record: Dict[str, Any]) -> List[str]:
    return [step["way"] for step in record["steps"]]


def _apply(identity: str, job: Dict[str, Any], agent: str, shared: List[Dict[str, str]]) -> Dict[str, Any]:
    try:
        if not agents.is_there(job["process"]):
            raise FaultError("it was started again since it was looked at")
        undoing = [steps.prepare(step, job["process"]) for step in job["steps"]]
    except Exception as error:
        return _outcome(job, "refused", sentence(error))
    record = {key: job[key] for key in ("subject", "process", "unit", "health", "seconds")}
    record.update(id=identity, kind=records.KIND, state=records.BEGUN, at=time.time(), restarted=False)
    record.update(agent=agent, shared=[one["path"] for one in shared], steps=undoing)
    report, changed = None, False
    try:
        records.keep(record)
        for one in shared:
            _lay_down(one)
        for step, noted in zip(job["steps"], undoing):
            # a flip that was refused needs no undo, and would refuse that too
            noted["refused"] = step["way"] == steps.FLIP
            done = steps.apply(step, job["process"], agent)
            noted["refused"] = False
            changed, report = changed or done["changed"], done.get("report", report)
            for jar in noted.get("jars", ()):
                jar["after"] = done["jars"][jar["path"]]
            records.keep(record)
        if job["restart"]:
            record["restarted"] = True
            restarts.restart(job["unit"], job["health"], job["seconds"])
    except Exception as error:
        return _roll_back(record, job, sentence(error))
    records.keep(dict(record, state=records.APPLIED))
    return dict(_outcome(job, "applied", ""), changed=changed, report=report)


def _roll_back(record: Dict[str, Any], job: Dict[str, Any], why: str) -> Dict[str, Any]:
    try:
        said = _undo(record, restart=record["restarted"])
    except Exception as error:
        return _outcome(job, "stuck", f"{why}. What was changed could not be put back: {sentence(error)}")
    return _outcome(job, "rolled back", ". ".join([why, *said]))


def _undo(record: Dict[str, Any], restart: bool) -> List[str]:
    said = []
    for noted in reversed(record["steps"]):
        said += steps.undo(noted, record["agent"])
    files_changed = any(noted["way"] != steps.FLIP for noted in record["steps"])
    if files_changed and record["unit"]:
        if restart:
            restarts.restart(record["unit"], record["health"], record["seconds"])
        else:
            said += _switch_off(record)
    records.keep(dict(record, state=records.UNDONE))
    used = {path for other in records.standing() for path in other["shared"]}
    for path in record["shared"]:
        if path not in used and os.path.exists(path):
            # a JVM that has it open goes on with it
            os.unlink(path)
    return said


def _switch_off(record: Dict[str, Any]) -> List[str]:
    """In a unit that was started since the change, and is not to be restarted now."""
    main = processes.look(units.state(record["unit"])["pid"])
    if main is None or (main.pid, main.start_ticks) == (record["process"]["pid"], record["process"]["start_ticks"]):
        return []
    if _ways(record) == [steps.PATCH]:
        return [f"{record['unit']} holds the patched jar until its next restart"]
    try:
        agent = steps.read(record["agent"])
        agents.ask({"pid": main.pid, "start_ticks": main.start_ticks}, agent, "off", steps.ATTACH_SECONDS)
    except FaultError as error:
        return [f"{record['unit']} runs with the agent until its next restart: {error}"]
    return []


def _lay_down(shared: Dict[str, str]) -> None:
    path, content = shared["path"], base64.b64decode(shared["base64"])
    if os.path.exists(path) and steps.read(path) == content:
        return
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path + ".new", "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), int(shared["mode"], 8))
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def _outcome(job: Dict[str, Any], state: str, said: str) -> Dict[str, Any]:
    return {"subject": job["subject"], "state": state, "changed": False, "sentence": said, "report": None}
