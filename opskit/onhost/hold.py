"""Hold a fault on this host while the controller is there, and undo it whatever happens to either.

Events, each a JSON line: hello {boot_id, mono_ns, wall_ns, snapshot} · armed {undo_seconds, by_hand} · injected
{began_ns, mono_ns} · effect {shown, proof, mono_ns}, every second · beat {mono_ns, wall_ns}, for each beat · undone
{why, mono_ns, snapshot} or undo-failed {why, error, by_hand}. Instants are of CLOCK_MONOTONIC; that of an effect is the
one before the look. A refusal, before anything is touched, and a failure, before the undo, are {error: sentence}.
"""

import io
import time
from typing import Any, Dict

from . import changes, faults, snapshots, talk
from .errors import sentence

EFFECT_SECONDS, LOOK_SECONDS = 1.0, 0.1
"""How often the effect is told; how often it is looked for until it is shown."""
UNDO_PATIENCE_SECONDS = 10.0
"""So long a failing undo is tried again here; then the armed timer is what is left."""


def run(request: Dict[str, Any], lines: io.BufferedReader, out: int) -> int:
    """Check, arm, inject, hold, undo; the exit code: 0 where the undo is done, 1 where it failed or nothing was done.

    request: {id, subject, kind, units, serves, dials, ssh_port, undo_seconds, quiet_seconds}.
    """
    with talk.controller(lines, out, request["quiet_seconds"]) as controller:
        try:
            fault = faults.plan(request)
            before = snapshots.take(request["units"])
            controller.say("hello", boot_id=fault["boot_id"], snapshot=before, **_now())
            changes.arm(request["id"], request["kind"], request["subject"], fault, request["undo_seconds"])
        except Exception as error:
            controller.fail(sentence(error))
            return 1
        controller.say("armed", undo_seconds=request["undo_seconds"], by_hand=fault["by_hand"])
        try:
            why = _hold(controller, faults.KINDS[request["kind"]], fault)
        except Exception as error:
            controller.fail(sentence(error))
            why = "error"
        return _undo(controller, request, fault, why)


def _hold(controller: talk.Controller, kind: faults.Kind, fault: Dict[str, Any]) -> str:
    """Inject and prove until there is a reason to end it: one of `listen`'s, or elsewhere.

    Arming takes its time; where there is a reason by then, nothing is injected.
    """
    why = controller.listen(time.monotonic())
    if why:
        return why
    began = time.monotonic_ns()
    with changes.exclusively(fault["id"]):
        if changes.is_armed(fault["id"]):
            kind.inject(fault)
            controller.say("injected", began_ns=began, mono_ns=time.monotonic_ns())
    due, pause = 0.0, LOOK_SECONDS
    while changes.is_armed(fault["id"]):
        at = time.monotonic_ns()
        shown, proof = kind.effect(fault)
        if shown or at >= due * 1e9:
            controller.say("effect", shown=shown, proof=proof, mono_ns=at)
            due = at / 1e9 + EFFECT_SECONDS
        pause = EFFECT_SECONDS if shown else pause
        why = controller.listen(at / 1e9 + pause)
        if why:
            return why
    return "elsewhere"


def _undo(controller: talk.Controller, request: Dict[str, Any], fault: Dict[str, Any], why: str) -> int:
    try:
        changes.undo(request["id"], faults.UNDO, UNDO_PATIENCE_SECONDS)
    except Exception as error:
        controller.say("undo-failed", why=why, error=sentence(error), by_hand=fault["by_hand"])
        return 1
    at = time.monotonic_ns()
    try:
        controller.say("undone", why=why, mono_ns=at, snapshot=snapshots.take(request["units"]))
    except Exception as error:
        controller.fail("it is undone, but what is there now cannot be told: " + sentence(error))
    return 0


def _now() -> Dict[str, int]:
    return {"mono_ns": time.monotonic_ns(), "wall_ns": time.time_ns()}
