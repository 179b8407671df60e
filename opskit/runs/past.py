"""The runs of a cluster that are over, read from their report.json."""

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from opskit import paths

Report = TypeVar("Report", bound=BaseModel)


@dataclass(frozen=True)
class Finished(Generic[Report]):
    identity: str
    folder: Path
    report: Report


@dataclass(frozen=True)
class Unreadable:
    """A run that is finished, but whose report cannot be read: made by another opskit, or damaged."""

    identity: str
    reason: str


@dataclass(frozen=True)
class Past(Generic[Report]):
    """Newest first. unfinished: cut off, or still on."""

    finished: tuple[Finished[Report], ...]
    unfinished: tuple[str, ...]
    unreadable: tuple[Unreadable, ...]


def past(cluster: str, verb: str, model: type[Report], last: int | None = None) -> Past[Report]:
    """Runs of a verb, at most the `last` newest. A cluster that never had one has an empty past."""
    folder = paths.state() / "runs" / cluster
    folders = sorted(folder.glob(f"*Z-{verb}-??????"), key=lambda one: one.name, reverse=True)[:last]
    finished, unfinished, unreadable = [], [], []
    for run in folders:
        try:
            report = model.model_validate_json((run / "report.json").read_bytes())
        except FileNotFoundError:
            unfinished.append(run.name)
        except ValidationError as error:
            unreadable.append(Unreadable(run.name, _first(error)))
        except OSError as error:
            unreadable.append(Unreadable(run.name, error.strerror or str(error)))
        else:
            finished.append(Finished(run.name, run, report))
    return Past(tuple(finished), tuple(unfinished), tuple(unreadable))


def _first(error: ValidationError) -> str:
    """The first of what may be many lines."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
