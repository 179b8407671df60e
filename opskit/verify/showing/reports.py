"""What a drill leaves in its run's folder beside report.json and the history: a page, JUnit, metrics."""

from opskit.report.junit import write_junit
from opskit.report.prometheus import write_prometheus
from opskit.runs.folder import Run
from opskit.verify.history import History
from opskit.verify.judging.align import align
from opskit.verify.result import VerifyResult
from opskit.verify.showing.exports import cases, metrics
from opskit.verify.showing.page import render


def write_reports(run: Run, result: VerifyResult, history: History) -> None:
    """report.html, junit.xml and metrics.prom."""
    (run.folder / "report.html").write_text(render(result, align(history)))
    write_junit(run.folder / "junit.xml", "opskit verify failover", cases(result))
    write_prometheus(run.folder / "metrics.prom", metrics(result))
