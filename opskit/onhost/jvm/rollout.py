"""Put close-on-timeout in force for JVMs of this host, and take it back: every step is on record before it is done."""

import base64
import os
import time
from typing import Any, Dict, List, Optional

from .. import processes
from ..errors import FaultError, sentence
from . import agents, records, restarts, roots, steps

AGENT_MARK = b"opskit-agent"
"""In the environment of a JVM into whose start the agent was brought."""


def apply(request: Dict[str, Any]) -> Dict[str, Any]:
    """One job after the other, until one fails: request {run, agent, shared, jobs}; {jobs: [outcome]}.

    shared: [{path, base64, mode}], what several units use: the agent, whose path is `agent`, and the script that brings
    it into a start. They stay as long as a record stands: the undo of a flip needs the very same agent.
    A job is {subject, process: {pid, start_ticks}, unit or null, steps, restart, health, seconds}. An outcome is
    {subject, pid, start_ticks, state, changed, sentence, report}: applied · refused, nothing was touched · rolled back,
    all was put back · stuck, it could not be put back · left, an earlier one failed.

    Raises FaultError where another rollout is at work here.
    """
    outcomes = []  # type: List[Dict[str, Any]]
    with records.exclusively():
        for number, job in enumerate(request["jobs"]):
            if any(one["state"] != "applied" for one in outcomes):
                outcomes.append(_outcome(job, "left", "an earlier one on this host failed"))
            else:
                outcomes.append(_apply(f"{request['run']}-{number}", job, request["agent"], request["shared"]))
    return {"jobs": outcomes}


def undo(request: Dict[str, Any]) -> Dict[str, Any]:
    """Take back what is on record, the newest first: request {subjects: globs, [] for all, restart: bool}.

    {undone: [{subject, ways, sentences, error}]}; sentences say what somebody else changed meanwhile, and what is
    pending. One that fails stays on record, and so does what was done to the same subject before it.

    Raises FaultError where another rollout is at work here.
    """
    done, stuck = [], set()
    with records.exclusively():
        for record in reversed(records.standing()):
            if not records.is_meant(record, request["subjects"]):
                continue
            outcome = {"subject": record["subject"], "ways": _ways(record), "sentences": [], "error": ""}
            try:
                if record["subject"] in stuck:
                    raise FaultError("what was done after it could not be undone yet")
                outcome["sentences"] = _undo(record, request["restart"])
            except Exception as error:
                stuck.add(record["subject"])
                outcome["error"] = sentence(error)
            done.append(outcome)
    return {"undone": done}


def standing(request: Dict[str, Any]) -> Dict[str, Any]:
    """What is in place here: request {subjects: globs, [] for all}; {records: [{id, subject, process, …}]}."""
    keys = ("id", "subject", "process", "state", "at")
    wanted = [one for one in records.standing() if records.is_meant(one, request["subjects"])]
    return {"records": [dict({key: one[key] for key in keys}, ways=_ways(one)) for one in wanted]}


def _ways(record: Dict[str, Any]) -> List[str]:
    return [step["way"] for step in record["steps"]]


def _apply(identity: str, job: Dict[str, Any], agent: str, shared: List[Dict[str, str]]) -> Dict[str, Any]:
    try:
        if not agents.is_there(job["process"]):
            raise FaultError("it was started again since it was looked at")
        unwell = restarts.check(job["health"]) if job["restart"] else ""
        if unwell:
            raise FaultError(f"{unwell} already, before anything was done")
        undoing = [steps.prepare(step, job["process"]) for step in job["steps"]]
    except Exception as error:
        return _outcome(job, "refused", sentence(error))
    record = {key: job[key] for key in ("subject", "process", "unit", "health", "seconds")}
    record.update(id=identity, kind=records.KIND, state=records.BEGUN, at=time.time(), restarted=False)
    record.update(agent=agent, shared=[], steps=undoing)
    report, changed = None, False
    try:
        records.keep(record)
        for one in shared:
            if _lay_down(one) or _is_ours(one["path"], record):
                record["shared"].append(one["path"])
        for step, noted in zip(job["steps"], undoing):
            noted["tried"] = True
            records.keep(record)
            done = steps.apply(step, job["process"], noted, agent)
            changed, report = changed or done["changed"], done.get("report", report)
        if job["restart"]:
            record["restarted"] = True
            records.keep(record)
            restarts.restart(job["unit"], job["health"], job["seconds"])
            _prove_start(job)
    except Exception as error:
        return _roll_back(record, job, sentence(error))
    records.keep(dict(record, state=records.APPLIED))
    return dict(_outcome(job, "applied", ""), changed=changed or job["restart"], report=report)


def _prove_start(job: Dict[str, Any]) -> None:
    """Whether a start took the agent. Raises FaultError."""
    if not any(step["way"] == steps.AT_START for step in job["steps"]):
        return
    started = restarts.jvm_of(job["unit"])
    if started is None:
        raise FaultError(f"{job['unit']} was restarted, and runs no JVM")
    with open(f"{roots.PROC}/{started.pid}/environ", "rb") as file:
        if AGENT_MARK not in file.read():
            raise FaultError(f"{job['unit']} started without the agent; its journal says why")


def _roll_back(record: Dict[str, Any], job: Dict[str, Any], why: str) -> Dict[str, Any]:
    try:
        said = _put_back(record)
        if record["restarted"]:
            restarts.restart(record["unit"], record["health"], record["seconds"])
        _close(record)
    except Exception as error:
        return _outcome(job, "stuck", f"{why}. What was changed could not be put back: {sentence(error)}")
    return _outcome(job, "rolled back", ". ".join([why, *said]))


def _undo(record: Dict[str, Any], restart: bool) -> List[str]:
    said = _put_back(record)
    started = _started_since(record)
    if started and restart:
        restarts.restart(record["unit"], record["health"], record["seconds"])
    elif started:
        said += _switch_off(record, started)
    _close(record)
    return said


def _put_back(record: Dict[str, Any]) -> List[str]:
    others = records.others(record)
    return [said for noted in reversed(record["steps"]) for said in steps.undo(noted, record["agent"], others)]


def _close(record: Dict[str, Any]) -> None:
    records.keep(dict(record, state=records.UNDONE))
    used = {path for other in records.others(record) for path in other["shared"]}
    for path in record["shared"]:
        if path not in used and os.path.exists(path):
            # a JVM that has it open goes on with it
            os.unlink(path)


def _started_since(record: Dict[str, Any]) -> Optional[processes.Process]:
    """The JVM that its unit runs, where that began after the files were changed."""
    if not record["unit"] or all(way == steps.FLIP for way in _ways(record)):
        return None
    found = restarts.jvm_of(record["unit"])
    if found is None or (found.pid, found.start_ticks) == tuple(
        record["process"][key] for key in ("pid", "start_ticks")
    ):
        return None
    return found


def _switch_off(record: Dict[str, Any], started: processes.Process) -> List[str]:
    """In a unit that is not to be restarted now."""
    if steps.AT_START not in _ways(record):
        return [f"{record['unit']} holds the patched jar until its next restart"]
    try:
        agent = steps.read(record["agent"])
        agents.ask({"pid": started.pid, "start_ticks": started.start_ticks}, agent, "off", steps.ATTACH_SECONDS)
    except FaultError as error:
        return [f"{record['unit']} runs with the agent until its next restart: {error}"]
    return []


def _lay_down(shared: Dict[str, str]) -> bool:
    """Whether it had to be: what somebody else laid there, or an earlier roll, is left."""
    path, content = shared["path"], base64.b64decode(shared["base64"])
    if os.path.exists(path) and steps.read(path) == content:
        return False
    steps.make_folder(os.path.dirname(path))
    with open(path + ".new", "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), int(shared["mode"], 8))
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    return True


def _is_ours(path: str, record: Dict[str, Any]) -> bool:
    """Whether another record that stands says that a rollout laid it down."""
    return any(path in other["shared"] for other in records.others(record))


def _outcome(job: Dict[str, Any], state: str, said: str) -> Dict[str, Any]:
    keys = ("pid", "start_ticks")
    named = dict({key: job["process"][key] for key in keys}, subject=job["subject"])
    return dict(named, state=state, changed=False, sentence=said, report=None)
