"""What a scenario did with a broken tree, read from what Molecule said. Pure."""

import re
from dataclasses import dataclass, replace
from typing import Literal

Fate = Literal["killed", "survived", "unjudged"]

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STEP = re.compile(r"➜ ([\w-]+): Executing$")
FAILED_STEP = re.compile(r"➜ ([\w-]+): Executed: Failed")
VERIFIED = re.compile(r"➜ verify: Executed: Successful")
TEST = re.compile(r"FAILED \S*?(\w+\.py)::(\w+)")
TASK = re.compile(r"TASK \[(.+?)\] \**")
FATAL = re.compile(r"(?:fatal|failed): \[([\w.-]+)")
NOT_IDEMPOTENT = re.compile(r"^\* .*=> (.+)$")

BEFORE = ("destroy", "create", "syntax", "prepare")
"""A scenario that fails there has not come to what it proves."""
LEAST_KILLED = 0.9


@dataclass(frozen=True)
class Outcome:
    """fate of one mutation. step: of the scenario that noticed; by: its test or task, or why there is no judgement."""

    fate: Fate
    scenario: str
    step: str
    by: str
    seconds: float


def judge(scenario: str, code: int, said: str, seconds: float) -> Outcome:
    """What a run of a scenario says of the tree; code: its exit code."""
    lines = [COLOUR.sub("", line).rstrip() for line in said.splitlines()]
    if code == 0 and any(VERIFIED.search(line) for line in lines):
        return Outcome("survived", scenario, "", "", seconds)
    if code == 0:
        return Outcome("unjudged", scenario, "", "nothing was verified", seconds)
    failed = next((number for number, line in enumerate(lines) if FAILED_STEP.search(line)), None)
    if failed is None:
        return Outcome("unjudged", scenario, "", f"no step failed, and it ended with {code}", seconds)
    step = FAILED_STEP.search(lines[failed])[1]  # type: ignore[index]
    began = max((number for number, line in enumerate(lines[:failed]) if STEP.search(line)), default=0)
    by = _by(lines[began:failed]) or "the step itself"
    return Outcome("unjudged" if step in BEFORE else "killed", scenario, step, by, seconds)


def exit_code(outcomes: list[Outcome]) -> int:
    """0 where nine of ten were killed, else 1; what could not be judged was not killed."""
    killed = sum(outcome.fate == "killed" for outcome in outcomes)
    return 0 if killed >= LEAST_KILLED * len(outcomes) else 1


def without_ground(as_it_is: Outcome) -> Outcome | None:
    """Why a scenario can judge no mutation: it is not green on the tree as it is; None where it is."""
    if as_it_is.fate == "survived":
        return None
    why = f"it is not green as it is: {as_it_is.step} {as_it_is.by}".replace("  ", " ")
    return replace(as_it_is, fate="unjudged", step="", by=why)


def _by(lines: list[str]) -> str:
    """Tests that failed, or the first task that did, on which host."""
    tests = list(dict.fromkeys(f"{found[1]}::{found[2]}" for line in lines for found in TEST.finditer(line)))
    if tests:
        return ", ".join(tests[:2]) + (f" and {len(tests) - 2} more" if len(tests) > 2 else "")
    task = ""
    for line in lines:
        task = found[1] if (found := TASK.search(line)) else task
        if found := FATAL.search(line):
            return f"{task} ({found[1]})"
    return next((found[1] for line in lines if (found := NOT_IDEMPOTENT.search(line))), "")
