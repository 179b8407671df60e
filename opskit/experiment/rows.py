"""All rows of a table: which wait, which are under way, what is kept of each."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from opskit.experiment.figures import row_result
from opskit.experiment.prepare import PreparedRow
from opskit.experiment.record import Record, Records, pages
from opskit.experiment.reports import write_reports
from opskit.experiment.result import ExperimentResult
from opskit.experiment.schedule import drill_seconds, remaining_seconds
from opskit.experiment.table import Experiment


class Rows:
    """waiting: taken by whichever lab is free. under_way: lab → the row that it makes, and since when."""

    def __init__(self, experiment: Experiment, prepared: Sequence[PreparedRow], file: Path, out: Path) -> None:
        """Reads what is kept; raises OpskitError for a record that cannot be read."""
        self.experiment, self.prepared, self.file, self.out = experiment, tuple(prepared), file, out
        self.records = Records(out / "rows")
        self.kept = {row.name: self.records.read(row.name, row.definition) for row in prepared}
        self.waiting: list[PreparedRow] = []
        self.under_way: dict[str, tuple[PreparedRow, float]] = {}

    @property
    def left(self) -> int:
        return len(self.waiting) + len(self.under_way)

    def judged(self, row: PreparedRow) -> bool:
        """Judged before, or now: not made again."""
        record = self.kept[row.name]
        return record is not None and record.judged

    def make_again(self, row: PreparedRow) -> None:
        """It waits, and what was kept of it counts no more."""
        self.waiting.append(row)
        self.kept[row.name] = None

    def begin(self, lab: str, row: PreparedRow) -> None:
        self.waiting.remove(row)
        self.under_way[lab] = row, time.monotonic()

    def keep(self, row: PreparedRow, record: Record) -> None:
        """The record, the drills' own pages, and the reports as far as they are."""
        for name, drill in zip(pages(row.name, record.drills), record.drills, strict=True):
            shutil.copyfile(Path(drill.folder) / "report.html", self.records.folder / name)
        self.records.write(row.name, record)
        self.kept[row.name] = record
        self.report()

    def report(self) -> ExperimentResult:
        """Write the reports."""
        result = self.result()
        write_reports(self.out, result)
        return result

    def result(self) -> ExperimentResult:
        records = [record for record in self.kept.values() if record]
        return ExperimentResult(
            name=self.experiment.name,
            about=self.experiment.about,
            file=str(self.file),
            folder=str(self.out),
            machines=tuple(dict.fromkeys(record.machine for record in records)),
            rows=tuple(row_result(row, self.kept[row.name]) for row in self.prepared),
        )

    def remaining_seconds(self, jobs: int) -> float:
        """About how long until none is left."""
        now = time.monotonic()
        rest = [max(drill_seconds(row) - (now - since), 0) for row, since in self.under_way.values()]
        return remaining_seconds(self.waiting, rest, jobs)
