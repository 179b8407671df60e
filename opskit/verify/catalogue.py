"""Scenarios and faults, for `opskit verify list`."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.report.shapes import Sentence, Shape, Table
from opskit.verify.scenario import FAULTS, SCENARIOS


class Catalogue(BaseModel):
    """Name → what it does."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/verify-list/1"] = Field(default="opskit/verify-list/1", alias="schema")
    scenarios: dict[str, str]
    faults: dict[str, str]


CATALOGUE = Catalogue(scenarios={**SCENARIOS}, faults={**FAULTS})


def present_catalogue() -> Iterator[Shape]:
    """For the terminal."""
    yield Table(("scenario", "what hangs"), tuple(SCENARIOS.items()))
    yield Sentence("")
    yield Table(("fault", "how it hangs"), tuple(FAULTS.items()))
    yield Sentence("")
    yield Sentence("Example: opskit -i INVENTORY verify failover --scenario nameserver --fault freeze --dry-run", "dim")
