"""docs/mutations.md: what was broken, and what noticed."""

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from mutate.mutation import Mutation
from mutate.outcome import Outcome

Row = tuple[Mutation, Outcome]


def page(rows: Sequence[Row], as_it_is: Sequence[Outcome]) -> str:
    """The whole page; as_it_is: what the scenarios did with the tree before anything was broken."""
    return "\n".join(_lines(rows, as_it_is)) + "\n"


def summary(rows: Sequence[Row]) -> str:
    """How many of them were noticed."""
    killed = sum(outcome.fate == "killed" for _, outcome in rows)
    return f"{killed} of {len(rows)} killed ({killed / len(rows):.0%})"


def line_of(name: str, outcome: Outcome) -> str:
    """One row for a terminal."""
    where = f"{outcome.scenario}, {outcome.step}: {outcome.by}" if outcome.step else outcome.by or outcome.scenario
    return f"{outcome.fate:9} {name:34} {outcome.seconds:5.0f} s  {where}"


def _lines(rows: Sequence[Row], as_it_is: Sequence[Outcome]) -> Iterator[str]:
    survivors = [(mutation, outcome) for mutation, outcome in rows if outcome.fate != "killed"]
    yield "# Mutations of the roles"
    yield ""
    yield (
        "Written by `make mutate`. Each mutation of `tests/mutations/` breaks one place of what the roles do, in a "
        "copy of the tree; then the scenario that should notice runs from create to destroy on hosts of its own, with "
        "the copy's opskit on the controller and on the hosts. A scenario that is not green on the tree as it is "
        "judges nothing. `make mutate ONLY=NAME` does one. What counts is that a scenario notices: unit tests would "
        "notice more, and sooner."
    )
    yield ""
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {len(os.sched_getaffinity(0))} cores, kernel {platform.release()}, Python "
        f"{platform.python_version()}: **{summary(rows)}**, at least 90 % are asked for. Seconds are of the whole "
        "scenario, with what else the machine did."
    )
    yield from ("", "| what is broken | where | fate | by | s |", "|---|---|---|---|---:|")
    for mutation, outcome in rows:
        by = f"`{outcome.scenario}` {outcome.step}: {_cell(outcome.by)}" if outcome.fate == "killed" else "—"
        yield f"| {mutation.broken} | `{mutation.file}` | {outcome.fate} | {by} | {outcome.seconds:.0f} |"
    green = [f"`{one.scenario}` in {one.seconds:.0f} s" for one in as_it_is if one.fate == "survived"]
    yield from ("", f"Green on the tree as it is: {', '.join(green) or 'none'}.")
    if survivors:
        yield from ("", "## What was not noticed, and why")
        for mutation, outcome in survivors:
            yield f"* {mutation.broken} {mutation.explained or outcome.by or 'A test is missing.'}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
