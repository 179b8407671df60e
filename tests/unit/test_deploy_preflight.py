"""Preflight, as a table of hosts."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from clusters import small_cluster

from opskit.deploy.preflight import preflight

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "preflight" / "cases.yml").read_text())
FIT: dict[str, Any] = {
    "at_ns": 0,
    "heard_ns": 0,
    "java": 17,
    "memory_bytes": 8 * 1024**3,
    "folders": {"/var/lib/rocketmq/store": {"exists": True, "empty": True, "free_bytes": 50 * 1024**3}},
    "ports": {},
    "units": {"rocketmq-broker.service": {"pid": 0}},
    "store": {"runs": None, "written_by": None, "only_5x": []},
    "files": {"/etc/rocketmq/conf/broker.conf": None},
}


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_preflight(case: dict[str, Any]) -> None:
    found = preflight(small_cluster(), {"a": FIT | case["facts"]})
    if "expect" not in case:
        assert found == ()
        return
    rule, sentence = case["expect"]
    assert [(finding.rule, finding.severity, finding.subject) for finding in found] == [(rule, "error", "a")]
    assert sentence in found[0].sentence
    assert found[0].remedy


def test_a_client_host_is_not_judged_as_a_server() -> None:
    assert preflight(small_cluster(), {"client1": {"folders": {}}}) == ()
