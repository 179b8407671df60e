"""An audit as files: always in its run's own folder, and where it was asked for."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from opskit.compliance.catalogue import CONTROLS
from opskit.compliance.past import history
from opskit.compliance.result import ComplianceResult
from opskit.compliance.showing.junit import cases
from opskit.compliance.showing.metrics import metrics
from opskit.compliance.showing.page import render
from opskit.compliance.showing.wanted import KINDS, Output
from opskit.errors import OpskitError
from opskit.report.junit import write_junit
from opskit.report.prometheus import write_prometheus
from opskit.runs.folder import Run

Write = Callable[[Path, ComplianceResult], None]


def keep(result: ComplianceResult, run: Run, wanted: Sequence[Output]) -> None:
    """Write the page, the JUnit file and the gauges into the run's folder, then what was asked for elsewhere.

    A file is renamed in, so that a reader never sees half of it. Raises OpskitError where one cannot be written.
    """
    for name, kind in (("report.html", "html"), ("junit.xml", "junit"), ("metrics.prom", "prom")):
        WRITERS[kind](run.folder / name, result)
    for kind, path in wanted:
        try:
            _renamed_in(path, WRITERS[kind], result)
        except OSError as error:
            raise OpskitError(
                f"cannot be written: {(error.strerror or str(error)).lower()}",
                where=str(path),
                remedy=f"The audit is kept in {run.folder}; choose a place that this user may write to.",
            ) from None


def _renamed_in(path: Path, write: Write, result: ComplianceResult) -> None:
    """Readable by all: a collector or a CI server runs as another user."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    part = Path(name)
    try:
        write(part, result)
        part.chmod(0o644)
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _json(path: Path, result: ComplianceResult) -> None:
    path.write_text(result.model_dump_json(indent=2, by_alias=True))


def _html(path: Path, result: ComplianceResult) -> None:
    path.write_text(render(result))


def _junit(path: Path, result: ComplianceResult) -> None:
    families = {control.id: control.family for control in CONTROLS.values()}
    write_junit(path, f"opskit compliance {result.cluster}", cases(result, families))


def _prom(path: Path, result: ComplianceResult) -> None:
    # this audit is in the history already
    judged = (run.at for run in history.runs(result.cluster) if not run.errors and run.judgement != "unjudged")
    write_prometheus(path, metrics(result, next(judged, None)))


WRITERS: dict[str, Write] = dict(zip(KINDS, (_json, _junit, _html, _prom), strict=True))
