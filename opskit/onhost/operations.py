"""Every operation a request may name, and the one function that answers it."""

import json
import sys
from typing import Any, Callable, Dict

from . import changes, drain, locks, survey


def _undo_all(request: Dict[str, Any]) -> Dict[str, Any]:
    return {"undone": changes.undo_all(drain.UNDO, request.get("patience", 0))}


def _undo(request: Dict[str, Any]) -> Dict[str, Any]:
    return {"undone": [changes.undo(request["id"], drain.UNDO, request.get("patience", 0))]}


OPERATIONS: Dict[str, Callable[[Dict[str, Any]], Dict[str, Any]]] = {
    "survey": survey.answer,
    "lock": locks.take,
    "unlock": locks.release,
    "audit": locks.audit,
    "undo": _undo,
    "undo-all": _undo_all,
}


def reply(request: Dict[str, Any]) -> Dict[str, Any]:
    """Run one operation; {"ok": value} or {"error": sentence}."""
    try:
        return {"ok": OPERATIONS[request["op"]](request)}
    except PermissionError as error:
        return {"error": f"the SSH user may not touch {error.filename}: set ansible_become: true, for sudo"}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """A JSON request as first argument or on stdin, a JSON reply on stdout; exits 1 where the reply is an error."""
    answer = reply(json.loads(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read()))
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.exit(0 if "ok" in answer else 1)
