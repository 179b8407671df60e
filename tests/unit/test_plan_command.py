"""`opskit plan` as a user runs it, and its result."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from opskit.errors import OpskitError
from opskit.inventory.load import load
from opskit.plan.judge import accept, judge
from opskit.plan.present import present
from opskit.plan.result import PlanResult, result
from opskit.report.shapes import Heading, Sentence

ROOT = Path(__file__).parent.parent.parent
INCIDENT = ROOT / "inventories" / "incident"


def opskit(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from opskit.cli.main import main; main()", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def strict_incident(tmp_path: Path) -> Path:
    """The incident's inventory without the override."""
    copy = tmp_path / "incident"
    shutil.copytree(INCIDENT, copy)
    shared = copy / "group_vars" / "all.yml"
    variables = yaml.safe_load(shared.read_text())
    del variables["opskit_allow_colocation"]
    shared.write_text(yaml.safe_dump(variables))
    return copy


def test_the_incident_is_planned_with_a_warning() -> None:
    done = opskit("-i", "inventories/incident", "plan")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "host-100 runs a nameserver and broker broker-a id 0" in " ".join(done.stdout.split())
    assert "2 warnings" in done.stdout


def test_the_incident_without_the_override_is_rejected(strict_incident: Path) -> None:
    done = opskit("-i", str(strict_incident), "plan")
    assert done.returncode == 2
    assert "The plan is rejected: 2 errors, 0 warnings. Nothing was touched." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_other_verbs_refuse_what_plan_rejects(strict_incident: Path) -> None:
    cluster, warnings = accept([INCIDENT])
    assert cluster.name == "incident"
    assert {warning.rule for warning in warnings} == {"colocation"}
    with pytest.raises(OpskitError, match="the inventory has 2 errors") as raised:
        accept([strict_incident])
    assert "host host-100: " in str(raised.value)
    assert "host host-101: " in str(raised.value)


def test_the_json_result_is_that_of_its_schema() -> None:
    done = opskit("--format", "json", "-i", "inventories/incident", "plan")
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, PlanResult.model_json_schema(by_alias=True))
    assert answer["schema"] == "opskit/plan/1"
    assert answer["outcome"] == "holds"
    assert [server["host"] for server in answer["servers"] if server["broker_id"] == 0] == ["host-100", "host-101"]
    assert {finding["rule"] for finding in answer["findings"]} == {"colocation"}


def test_a_rejected_plan_is_json_too(strict_incident: Path) -> None:
    done = opskit("--format", "json", "-i", str(strict_incident), "plan")
    assert done.returncode == 2
    assert json.loads(done.stdout)["errors"] == 2


def test_without_an_inventory_it_says_how_to_name_one() -> None:
    done = opskit("plan")
    assert done.returncode == 2
    assert "opskit -i inventories/lab" in done.stderr


def test_help_needs_no_inventory() -> None:
    done = opskit("plan", "--help")
    assert done.returncode == 0
    assert "without any connection" in done.stdout


def test_a_cluster_that_cannot_be_built_is_shown_without_a_placement(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {children: {nameservers: {hosts: {ns1: {}}}}}")
    plan = result(judge(load([inventory])))
    assert (plan.cluster, plan.servers, plan.outcome) == (None, (), "rejected")
    shapes = list(present(plan))
    assert [shape.text for shape in shapes if isinstance(shape, Heading)] == ["Findings", "Verdict"]
    assert isinstance(shapes[-1], Sentence)
    assert shapes[-1].mark == "bad"


def test_a_plan_without_findings_says_so() -> None:
    plan = result(judge(load([ROOT / "inventories" / "lab"])))
    assert plan.findings == ()
    assert list(present(plan))[-1] == Sentence("The plan holds. No host was contacted.", "good")
