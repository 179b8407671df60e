"""Answers in, report out: tests/cases/status/judge.yml."""

from typing import Any

import pytest
from status_cases import answers_of, cluster_of, load

from opskit.errors import Exit
from opskit.status.judge import judge
from opskit.status.result import StatusReport

EXITS = {"holds": Exit.HOLDS, "fails": Exit.FAILS, "unjudged": Exit.UNJUDGED}


@pytest.mark.parametrize("case", load("judge.yml"), ids=lambda case: case["name"])
def test_answers_are_judged(case: dict[str, Any]) -> None:
    report = judge(cluster_of(case), answers_of(case))
    told = [f"{finding.severity} {finding.rule} {finding.subject}" for finding in report.findings]
    if "findings" in case or case["judgement"] == "holds":
        assert told == case.get("findings", [])
    states = {server.host: server.state for server in (*report.nameservers, *report.brokers)}
    assert case.get("states", {}).items() <= states.items()
    assert set(case.get("says", [])) <= {finding.sentence for finding in report.findings}
    if "topics" in case:
        assert report.topics_on_one_master == {name: tuple(topics) for name, topics in case["topics"].items()}
    assert (report.judgement, report.exit) == (case["judgement"], EXITS[case["judgement"]])


def test_a_server_says_all_that_was_seen_of_it() -> None:
    case = {"cluster": {"nameservers": ["ns1", "ns2"], "brokers": ["a", "a-s"]}, "answers": {"a-s": {"offset": -4096}}}
    report = judge(cluster_of(case), answers_of(case))
    assert report.nameservers[0].brokers == {"broker-a id 0": "10.0.1.1:10911", "broker-a id 1": "10.0.1.2:10911"}
    assert report.nameservers[0].release == "4.8.0"
    master, slave = report.brokers
    assert (master.permission, master.registered_with, master.put_tps) == (6, ("ns1", "ns2"), 12.5)
    assert master.behind_bytes is None
    assert (slave.broker_name, slave.broker_id, slave.role, slave.behind_bytes) == ("broker-a", 1, "SLAVE", 4096)


def test_the_report_is_json_that_reads_back() -> None:
    case: dict[str, Any] = {"answers": {"ns1": "silent", "a": "refused"}}
    report = judge(cluster_of(case), answers_of(case))
    text = report.model_dump_json(by_alias=True)
    assert '"schema":"opskit/status/1"' in text
    assert '"at":"2026-11-22T12:00:00Z"' in text
    assert StatusReport.model_validate_json(text) == report
