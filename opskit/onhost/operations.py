"""Every operation a request may name, and the one function that answers it.

Functions are named, and imported where they are asked for: most requests need a small part of this program.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any, Callable, Dict

from .errors import sentence

OPERATIONS: Dict[str, str] = {
    "survey": "survey.answer",
    "peers": "peers.answer",
    "snapshot": "snapshots.answer",
    "lock": "locks.take",
    "unlock": "locks.release",
    "audit": "locks.audit",
    "facts": "facts.look.answer",
    "jvms": "jvm.discover.answer",
    "agent": "jvm.agents.answer",
    "unit-facts": "jvm.starts.facts",
    "rollout-undo": "jvm.rollout.undo",
    "rollout-standing": "jvm.rollout.standing",
    "undo": "operations.undo",
    "undo-all": "operations.undo_all",
}
"""Each takes the request and gives the value of the reply."""
HELD: Dict[str, str] = {"fault": "hold.run", "watch-flows": "jvm.watching.run"}
"""Operations that go on talking; each gives the exit code."""


def undo_all(request: Dict[str, Any]) -> Dict[str, Any]:
    """Every change that is armed here."""
    from . import changes, drain, faults

    return {"undone": changes.undo_all({**drain.UNDO, **faults.UNDO}, request.get("patience", 0))}


def undo(request: Dict[str, Any]) -> Dict[str, Any]:
    """One change, by its id."""
    from . import changes, drain, faults

    undos = {**drain.UNDO, **faults.UNDO}
    return {"undone": [changes.undo(request["id"], undos, request.get("patience", 0))]}


def named(path: str) -> Callable[..., Any]:
    """The function of this program that a path of the tables names."""
    module, _, name = path.rpartition(".")
    found: Callable[..., Any] = getattr(import_module("." + module, __package__), name)
    return found


def reply(request: Dict[str, Any]) -> Dict[str, Any]:
    """Run one operation; {"ok": value} or {"error": sentence}."""
    try:
        return {"ok": named(OPERATIONS[request["op"]])(request)}
    except Exception as error:
        return {"error": sentence(error)}


def main() -> None:
    """A JSON request as first argument or as one line on stdin; exits 1 where the answer is an error.

    The answer is a JSON reply on stdout; an operation that is held answers in lines, and more lines may come in.
    """
    lines: Any = sys.stdin.buffer
    request = json.loads(sys.argv[1] if len(sys.argv) > 1 else lines.readline())
    if request["op"] in HELD:
        sys.exit(named(HELD[request["op"]])(request, lines, sys.stdout.fileno()))
    answer = reply(request)
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    # nothing is left to tidy up, and to take a whole interpreter apart costs more than most answers
    os._exit(0 if "ok" in answer else 1)
