"""What the global options say, and the steps that every command shares."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from opskit.errors import Exit, OpskitError
from opskit.report.printable import printable
from opskit.report.reader import muted_when_gone
from opskit.report.shapes import Shape

if TYPE_CHECKING:
    from pydantic import BaseModel

    from opskit.finding import Finding


class Format(StrEnum):
    text = "text"
    json = "json"


@dataclass(frozen=True)
class State:
    """The global options; `ctx.obj` of every command."""

    inventories: tuple[Path, ...]
    output: Format
    verbose: bool

    def required_inventories(self) -> tuple[Path, ...]:
        """The inventories given with -i; an error that teaches where there is none or one is missing."""
        if not self.inventories:
            raise OpskitError(
                "no inventory given", remedy="Name one: opskit -i inventories/lab COMMAND (-i goes before the command)."
            )
        for path in self.inventories:
            if not path.exists():
                raise OpskitError("no such inventory", where=str(path), remedy="Check the path given with -i.")
        return self.inventories


def say_to_stderr(sentence: str) -> None:
    """Tell the operator what takes time."""
    with muted_when_gone(sys.stderr):
        sys.stderr.write(f"{printable(sentence)}\n")


def show_findings(findings: "Sequence[Finding]") -> None:
    """Findings that do not stop a command, on stderr."""
    for finding in findings:
        say_to_stderr(f"{finding.severity}: {finding.subject}: {finding.sentence} [{finding.rule}]")


def finish(state: State, result: "BaseModel", shapes: Sequence[Shape], code: Exit) -> NoReturn:
    """Show a result on stdout and end with its exit code."""
    show_result(state, result, shapes)
    raise typer.Exit(int(code))


def show_result(state: State, result: "BaseModel", shapes: Sequence[Shape]) -> None:
    """Show a result on stdout, as JSON or as text, whether somebody still reads or not."""
    if state.output is Format.json:
        with muted_when_gone(sys.stdout):
            print(result.model_dump_json(indent=2, by_alias=True), flush=True)  # noqa: T201
    else:
        from opskit.report.terminal import console, show

        show(shapes, console())
