"""What is kept of a row: OUT/rows/NAME.json. A row that was judged under the same definition is not made again."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from opskit.errors import Exit, OpskitError
from opskit.experiment.result import Machine
from opskit.inventory.cluster import Frozen
from opskit.verify.result import VerifyResult


class Record(Frozen):
    """The last attempt at a row. code: exit code of its drills, or of the step that failed; sentence: its last word."""

    definition: str
    at: datetime
    code: int
    sentence: str
    attempts: int
    opskit: str
    machine: Machine
    drills: tuple[VerifyResult, ...]

    @property
    def judged(self) -> bool:
        return bool(self.drills) and self.code in (Exit.HOLDS, Exit.FAILS)


class Records:
    """The folder of an experiment's rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str, suffix: str) -> Path:
        return self.folder / f"{name}{suffix}"

    def write(self, name: str, record: Record) -> None:
        """Renamed in, so that a record is whole or not there."""
        new = self.path(name, ".json.new")
        new.write_text(record.model_dump_json(indent=2, by_alias=True))
        new.rename(self.path(name, ".json"))

    def read(self, name: str, definition: str) -> Record | None:
        """The record of a row as it is defined now; None where there is none.

        Raises OpskitError (exit 2) for a file that is no record.
        """
        path = self.path(name, ".json")
        if not path.exists():
            return None
        try:
            record = Record.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            raise OpskitError(
                "no record of a row, or one of another opskit",
                where=str(path),
                remedy="Remove it, and the row is made again; or name another folder with --out.",
            ) from error
        return record if record.definition == definition else None


def drills_in(text: str) -> tuple[VerifyResult, ...]:
    """The results that `verify failover --format json` printed, one after the other.

    Raises ValueError for what is none.
    """
    decoder, results, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        results.append(VerifyResult.model_validate(value))
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return tuple(results)


def pages(name: str, drills: Sequence[VerifyResult]) -> tuple[str, ...]:
    """Names of the drills' own reports, beside the record."""
    return tuple(f"{name}.html" if number == 1 else f"{name}-{number}.html" for number, _ in enumerate(drills, 1))
