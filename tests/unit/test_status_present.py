"""The report as shapes, and its JSON as a contract: tests/cases/schemas/status-1.json must stay valid for ever."""

import io
import json
from typing import Any

import jsonschema
import pytest
from rich.console import Console
from status_cases import CASES, answers_of, cluster_of

from opskit.report.terminal import show
from opskit.status.judge import judge
from opskit.status.present import present
from opskit.status.result import StatusReport

EXAMPLE = CASES.parent / "schemas" / "status-1.json"


def screen(case: dict[str, Any]) -> str:
    page = io.StringIO()
    show(present(judge(cluster_of(case), answers_of(case))), Console(file=page, width=200))
    return page.getvalue()


def row(text: str, host: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{host} "))


def test_a_nameserver_that_hangs_is_named_with_what_it_means() -> None:
    text = screen({"answers": {"ns1": "silent"}})
    assert "✘ accepts connections but does not answer" in row(text, "ns1")
    assert "✘ ns1 accepts connections but does not answer: its host or process hangs (no answer within 0.7 s)" in text
    assert "1 of 1" in row(text, "a")
    assert "The cluster is not as declared: 5 of 6 servers healthy, 1 thing to mend." in text


def test_a_healthy_cluster_ends_with_one_sentence() -> None:
    text = screen({"answers": {"a-s": {"offset": -4096}}})
    assert "4.0 KiB" in row(text, "a-s")
    assert text.endswith("✔ The cluster is as declared: 6 of 6 servers healthy, all nameservers agree.\n")


@pytest.mark.parametrize(
    ("answers", "host", "shown"),
    [
        ({"a": {"permission": 4}}, "a", "✘ 4"),
        ({"a": {"release": "5.4.0"}}, "a", "✘ 5.4.0"),
        ({"ns2": {"lacks": ["broker-a id 0"]}}, "ns2", "✘ 3 of 4"),
        ({"ns2": {"lacks": ["broker-a id 0"]}}, "a", "✘ 1 of 2"),
        ({"ns1": "silent", "ns2": "silent"}, "a", "?"),
        ({"b": "refused"}, "b", "✘ refuses connections"),
        ({"b": "garbled"}, "b", "✘ answers with an error"),
        ({"b": "unreachable"}, "b", "✘ unreachable"),
        ({"a-s": {"offset": -5242880}}, "a-s", "! 5.0 MiB"),
    ],
)
def test_what_does_not_hold_is_marked_in_its_row(answers: dict[str, Any], host: str, shown: str) -> None:
    assert shown in row(screen({"answers": answers}), host)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (
            {"a": {"topics": ["Orders", "Alone"]}},
            "! The cluster is as declared: 6 of 6 servers healthy, 1 warning",
        ),
        (dict.fromkeys(("ns1", "ns2", "a", "a-s", "b", "b-s"), "unreachable"), "✘ Nothing can be said: none of the 6"),
        (
            {"ns1": "silent", "a": {"permission": 4}},
            "✘ The cluster is not as declared: 5 of 6 servers healthy, 2",
        ),
    ],
)
def test_the_last_sentence_sums_up(answers: dict[str, Any], verdict: str) -> None:
    assert screen({"answers": answers}).splitlines()[-1].startswith(verdict)


def test_the_frozen_example_stays_valid() -> None:
    example = json.loads(EXAMPLE.read_text())
    report = StatusReport.model_validate(example)
    assert report.judgement == "fails"
    jsonschema.validate(example, StatusReport.model_json_schema(by_alias=True))


def test_todays_report_validates_against_its_schema() -> None:
    report = judge(cluster_of({}), answers_of({"answers": {"ns2": "silent", "a": {"topics": ["T"]}}}))
    jsonschema.validate(
        json.loads(report.model_dump_json(by_alias=True)), StatusReport.model_json_schema(by_alias=True)
    )
