"""Past runs are listed, newest first; what cannot be read is named, not hidden."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from opskit.runs.past import past


class Report(BaseModel):
    figure: int


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPSKIT_STATE", str(tmp_path))
    return tmp_path / "runs" / "orders"


def add(runs: Path, name: str, report: str | None) -> None:
    (runs / name).mkdir(parents=True)
    if report is not None:
        (runs / name / "report.json").write_text(report)


def test_newest_first_of_this_verb_and_cluster_alone(runs: Path) -> None:
    add(runs, "20261122T144400Z-verify-aaaaaa", json.dumps({"figure": 1}))
    add(runs, "20261123T090000Z-verify-bbbbbb", json.dumps({"figure": 2}))
    add(runs, "20261123T100000Z-deploy-cccccc", json.dumps({"figure": 3}))
    add(runs.parent / "other", "20261124T100000Z-verify-dddddd", json.dumps({"figure": 4}))
    found = past("orders", "verify", Report)
    assert [(run.identity[-6:], run.report.figure) for run in found.finished] == [("bbbbbb", 2), ("aaaaaa", 1)]
    assert [run.report.figure for run in past("orders", "verify", Report, last=1).finished] == [2]


def test_a_run_without_a_report_is_unfinished(runs: Path) -> None:
    add(runs, "20261122T144400Z-verify-aaaaaa", None)
    found = past("orders", "verify", Report)
    assert (found.finished, found.unfinished) == ((), ("20261122T144400Z-verify-aaaaaa",))


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ("{", "Invalid JSON: EOF while parsing an object at line 1 column 1"),
        ("{}", "figure: Field required"),
        ('{"figure": "many"}', "figure: Input should be a valid integer"),
        ("", "Invalid JSON: EOF while parsing a value"),
    ],
)
def test_a_report_that_cannot_be_read_is_named_with_the_reason(runs: Path, report: str, reason: str) -> None:
    add(runs, "20261122T144400Z-verify-aaaaaa", report)
    add(runs, "20261123T144400Z-verify-bbbbbb", json.dumps({"figure": 1}))
    found = past("orders", "verify", Report)
    assert [run.identity[-6:] for run in found.finished] == ["bbbbbb"]
    assert found.unreadable[0].identity == "20261122T144400Z-verify-aaaaaa"
    assert found.unreadable[0].reason.startswith(reason)


def test_a_report_that_is_a_folder_is_unreadable_too(runs: Path) -> None:
    (runs / "20261122T144400Z-verify-aaaaaa" / "report.json").mkdir(parents=True)
    assert past("orders", "verify", Report).unreadable[0].reason == "Is a directory"


def test_a_cluster_without_runs_has_an_empty_past(runs: Path) -> None:
    found = past("orders", "verify", Report)
    assert (found.finished, found.unfinished, found.unreadable) == ((), (), ())
