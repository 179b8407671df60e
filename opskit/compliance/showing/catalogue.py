"""The catalogue of controls as a table, and one control as a page."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.compliance.catalogue import CONTROLS
from opskit.compliance.control import ControlTold, Severity
from opskit.errors import OpskitError
from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table

MARKS: dict[Severity, Mark] = {"critical": "bad", "high": "bad", "medium": "warn", "low": "dim"}


class Catalogue(BaseModel):
    """Every control, in the order in which they are judged."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/compliance-list/1"] = Field(default="opskit/compliance-list/1", alias="schema")
    controls: tuple[ControlTold, ...]


def catalogue() -> Catalogue:
    return Catalogue(controls=tuple(CONTROLS.values()))


def named(id: str) -> Catalogue:
    """The catalogue of one. Raises OpskitError (exit 2) for an id that no control has."""
    if id not in CONTROLS:
        near = get_close_matches(id, CONTROLS, 1)
        raise OpskitError(
            f"no control is called {id}",
            where="ID",
            remedy=f"Is it {near[0]}?" if near else "See `opskit compliance list`.",
        )
    return Catalogue(controls=(CONTROLS[id],))


def present(catalogue: Catalogue) -> Iterator[Shape]:
    """One line a control."""
    rows = tuple((Cell(one.severity, MARKS[one.severity]), one.family, one.id, one.title) for one in catalogue.controls)
    yield Table(("severity", "family", "id", "title"), rows)
    yield Sentence(f"{len(rows)} controls. opskit compliance explain ID tells why and what to do.", "dim")


def present_one(control: ControlTold) -> Iterator[Shape]:
    """All that a control can tell."""
    yield Heading(f"{control.id} ({control.severity})")
    yield Sentence(control.title)
    yield Table(
        ("", ""),
        (
            ("why", control.rationale),
            ("looks at", control.looks_at),
            ("expects", control.expects),
            ("remedy", control.remedy),
            ("see", "; ".join(control.references) or "-"),
        ),
    )
