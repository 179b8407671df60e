"""JUnit and Prometheus files, read back as their consumers read them."""

from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from prometheus_client.parser import text_string_to_metric_families

from opskit.report.junit import Case, write_junit
from opskit.report.prometheus import Metric, Sample, write_prometheus


def test_cases_that_failed_or_were_not_judged_carry_their_sentence(tmp_path: Path) -> None:
    cases = [
        Case("a", "c", 1.5, "passed", "unused"),
        Case("b", "c", 0, "failed", 'late & <"\x00\x1b[31m'),
        Case("d", "c", 0, "skipped", "too few"),
        Case("e", "c", 0, "error", "no fault"),
    ]
    write_junit(tmp_path / "junit.xml", "drill", cases)
    suite = next(iter(JUnitXml.fromfile(str(tmp_path / "junit.xml"))))
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) == ("drill", 4, 1, 1, 1)
    results = [(case.name, case.time, *((type(one), one.message) for one in case.result)) for case in suite]
    assert results == [
        ("a", 1.5),
        ("b", 0, (Failure, 'late & <"\ufffd\ufffd[31m')),
        ("d", 0, (Skipped, "too few")),
        ("e", 0, (Error, "no fault")),
    ]


def test_gauges_are_read_back_with_their_labels(tmp_path: Path) -> None:
    odd = {"path": 'produce@"a"\\', "client": "app1/4.8.0"}
    metrics = [
        Metric("opskit_window_seconds", "How long.", (Sample(odd, 2.5), Sample(odd | {"path": "route"}, float("inf")))),
        Metric("opskit_nothing", "Without samples.", ()),
        Metric("opskit_plain", "Without labels.", (Sample({}, 1),)),
    ]
    write_prometheus(tmp_path / "metrics.prom", metrics)
    families = {one.name: one for one in text_string_to_metric_families((tmp_path / "metrics.prom").read_text())}
    assert families.keys() == {"opskit_window_seconds", "opskit_plain"}
    read = [(sample.labels, sample.value) for sample in families["opskit_window_seconds"].samples]
    assert sorted(read, key=lambda one: one[1]) == [(odd, 2.5), (odd | {"path": "route"}, float("inf"))]
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.prom"]


def test_a_full_disk_or_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_prometheus(tmp_path / "gone" / "metrics.prom", [])
