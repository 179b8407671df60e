"""The shipped alert rules, judged by promtool itself, against the gauges that an audit really writes."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from compliance_results import AT, mixed

from opskit.compliance.showing.metrics import metrics
from opskit.paths import assets
from opskit.report.prometheus import write_prometheus

MONITORING = assets() / "monitoring"
RULES = MONITORING / "opskit-compliance.rules.yml"
TESTS = MONITORING / "opskit-compliance.test.yml"


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    assert found, "promtool is missing: run scripts/setup.sh promtool"
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_valid(promtool: str) -> None:
    assert f"{len(rules())} rules found" in run(promtool, "check", "rules", RULES)


def test_each_alert_rises_when_it_should_and_only_then(promtool: str) -> None:
    assert "SUCCESS" in run(promtool, "test", "rules", TESTS)


def test_each_alert_is_tested_both_ways() -> None:
    asked = [one for test in yaml.safe_load(TESTS.read_text())["tests"] for one in test["alert_rule_test"]]
    for rule in rules():
        mine = [one for one in asked if one["alertname"] == rule["alert"]]
        assert {bool(one.get("exp_alerts")) for one in mine} == {True, False}, rule["alert"]


def test_the_rules_ask_for_gauges_and_labels_that_an_audit_writes() -> None:
    written = {metric.name: metric.samples for metric in metrics(mixed(), AT)}
    for rule in rules():
        for name, selector in re.findall(r"(opskit_\w+)(?:\{(.*?)\})?", rule["expr"]):
            assert name in written, rule["alert"]
            for label, value in re.findall(r'(\w+)="(.*?)"', selector):
                assert any(sample.labels[label] == value for sample in written[name]), rule["alert"]
        for label in re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())):
            assert all(label in sample.labels for sample in written[name]), rule["alert"]


def test_each_alert_says_what_is_wrong_and_where_to_read_on() -> None:
    for rule in rules():
        said = rule["annotations"]
        assert said.keys() == {"summary", "description", "runbook"}, rule["alert"]
        path, anchor = said["runbook"].split("#")
        headings = [line[3:].lower() for line in (assets() / path).read_text().splitlines() if line.startswith("## ")]
        assert anchor in headings, rule["alert"]


def test_promtool_reads_what_an_audit_writes(promtool: str, tmp_path: Path) -> None:
    write_prometheus(tmp_path / "audit.prom", metrics(mixed(), AT))
    done = subprocess.run(
        [promtool, "check", "metrics"], input=(tmp_path / "audit.prom").read_text(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
