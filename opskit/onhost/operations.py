"""Every operation a request may name, and the one function that answers it."""

import io
import json
import sys
from typing import Any, Callable, Dict

from . import changes, drain, faults, hold, locks, peers, snapshots, survey
from .errors import sentence
from .jvm import agents, discover, rollout, starts, watching

UNDO: Dict[str, changes.Undo] = {**drain.UNDO, **faults.UNDO}


def _undo_all(request: Dict[str, Any]) -> Dict[str, Any]:
    return {"undone": changes.undo_all(UNDO, request.get("patience", 0))}


def _undo(request: Dict[str, Any]) -> Dict[str, Any]:
    return {"undone": [changes.undo(request["id"], UNDO, request.get("patience", 0))]}


OPERATIONS: Dict[str, Callable[[Dict[str, Any]], Dict[str, Any]]] = {
    "survey": survey.answer,
    "peers": peers.answer,
    "snapshot": snapshots.answer,
    "lock": locks.take,
    "unlock": locks.release,
    "audit": locks.audit,
    "jvms": discover.answer,
    "agent": agents.answer,
    "unit-facts": starts.facts,
    "rollout-undo": rollout.undo,
    "rollout-standing": rollout.standing,
    "undo": _undo,
    "undo-all": _undo_all,
}
HELD: Dict[str, Callable[[Dict[str, Any], io.BufferedReader, int], int]] = {
    "fault": hold.run,
    "watch-flows": watching.run,
}
"""Operations that go on talking; each gives the exit code."""


def reply(request: Dict[str, Any]) -> Dict[str, Any]:
    """Run one operation; {"ok": value} or {"error": sentence}."""
    try:
        return {"ok": OPERATIONS[request["op"]](request)}
    except Exception as error:
        return {"error": sentence(error)}


def main() -> None:
    """A JSON request as first argument or as one line on stdin; exits 1 where the answer is an error.

    The answer is a JSON reply on stdout; an operation that is held answers in lines, and more lines may come in.
    """
    lines: Any = sys.stdin.buffer
    request = json.loads(sys.argv[1] if len(sys.argv) > 1 else lines.readline())
    if request["op"] in HELD:
        sys.exit(HELD[request["op"]](request, lines, sys.stdout.fileno()))
    answer = reply(request)
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.exit(0 if "ok" in answer else 1)
