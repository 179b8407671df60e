"""A broker's way back to an older release, as a table."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from clusters import small_cluster

from opskit.deploy.decide import survey_request
from opskit.deploy.preflight import preflight
from opskit.deploy.rollback import rollback
from opskit.render.files import render

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "rollback" / "cases.yml").read_text())
UNTOUCHED: dict[str, Any] = {"runs": None, "written_by": None, "only_5x": []}


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_rollback(case: dict[str, Any]) -> None:
    broker = small_cluster().brokers[0].model_copy(update={"release": case["to"]})
    found = list(rollback(broker, UNTOUCHED | case["store"], case.get("allowed", False)))
    if "refused" not in case:
        assert found == []
        return
    (finding,) = found
    assert (finding.rule, finding.severity, finding.subject) == ("rollback-to-4", "error", "a")
    for part in case["refused"]:
        assert part in f"{finding.sentence}. {finding.remedy}"


def test_a_rollback_is_found_before_anything_is_touched_and_only_brokers_are_asked() -> None:
    cluster = small_cluster()
    rendered = render(cluster, {"4.8.0": "4.8.0-d1"})
    assert "store" not in survey_request(cluster, rendered["ns1"], ())
    assert survey_request(cluster, rendered["a"], ())["store"] == {
        "path": "/var/lib/rocketmq/store",
        "unit": "rocketmq-broker.service",
    }
    facts: dict[str, Any] = {
        "at_ns": 0,
        "heard_ns": 0,
        "java": 17,
        "memory_bytes": 8 * 1024**3,
        "folders": {"/var/lib/rocketmq/store": {"free_bytes": 50 * 1024**3}},
        "ports": {},
        "units": {"rocketmq-broker.service": {"pid": 7}},
        "files": {"/etc/rocketmq/conf/broker.conf": None},
        "store": {"runs": "5.4.0", "written_by": 5, "only_5x": []},
    }
    assert [finding.rule for finding in preflight(cluster, {"a": facts})] == ["rollback-to-4"]
    allowed = small_cluster(allow_rollback=True)
    assert preflight(allowed, {"a": facts}) == ()
