"""What a deploy decides to do on a host, as a table."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from clusters import host, small_cluster

from opskit.deploy.decide import check_limit, decide
from opskit.errors import Exit, OpskitError
from opskit.render.files import RenderedFile, RenderedHost

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "decide" / "cases.yml").read_text())
CONF, UNIT, JARS = "/etc/rocketmq/conf/broker.conf", "rocketmq-broker.service", "/opt/rocketmq/server/4.8.0-d1"
RENDERED = RenderedHost(
    host("a", "10.0.0.1"), (RenderedFile(CONF, "a=1\n", "root", "rocketmq", "0640", "broker", UNIT, "restart"),)
)
UNITS: dict[str, dict[str, Any]] = {
    "running": {"loaded": True, "active": "active", "pid": 7, "started_ns": 2_000},
    "stale": {"loaded": True, "active": "active", "pid": 7, "started_ns": 500},
    "stopped": {"loaded": True, "active": "inactive", "pid": 0, "started_ns": None},
    "missing": {"loaded": False, "active": "inactive", "pid": 0, "started_ns": None},
}


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_decide(case: dict[str, Any]) -> None:
    found = case["host"]
    file = found["content"] and {
        "content": found["content"],
        "owner": "root",
        "group": "rocketmq",
        "mode": found.get("mode", "0640"),
        "mtime_ns": 1_000,
    }
    if found.get("link"):
        del file["content"]
    facts = {
        "files": {CONF: file},
        "units": {UNIT: UNITS[found["unit"]]},
        "folders": {JARS: {"exists": found["jars"]}},
    }
    plan = decide("a", RENDERED, (JARS,), facts)
    assert list(plan.releases) == case.get("releases", [])
    assert [change.path for change in plan.files] == case["files"]
    assert [restart.reason for restart in plan.restarts] == case["restarts"]
    assert plan.differs == bool(case.get("releases") or case["files"] or case["restarts"])


def test_a_limit_names_hosts_of_the_cluster() -> None:
    check_limit(small_cluster(), ())
    check_limit(small_cluster(), ("client1", "a-s"))


@pytest.mark.parametrize("limit", [("a", "b"), ("brokers",), ("a,a-s",), ("",)])
def test_a_limit_that_names_no_host_is_refused_with_the_hosts_there_are(limit: tuple[str, ...]) -> None:
    with pytest.raises(OpskitError) as refused:
        check_limit(small_cluster(), limit)
    assert refused.value.code == Exit.USAGE
    assert str(refused.value) == (
        f"--limit: no host of small: {limit[-1]}\n"
        "  Give --limit once for each host. The hosts are: a, a-s, client1, ns1, ns2."
    )
