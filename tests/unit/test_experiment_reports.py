"""An experiment as a page, a Markdown table, JSON and text."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from experiment_rows import MACHINE, drill, prepared, record
from typer.testing import CliRunner

from opskit.cli.experiment import ExperimentProgress, experiment
from opskit.cli.state import Format, State
from opskit.errors import OpskitError
from opskit.experiment import reports
from opskit.experiment.cells import COLUMNS, number, table
from opskit.experiment.children import last_words
from opskit.experiment.figures import row_result
from opskit.experiment.machine import java_release, opskit_version, this
from opskit.experiment.present import page, present, timeline
from opskit.experiment.result import ExperimentResult
from opskit.paths import assets
from opskit.report.shapes import Banner
from opskit.report.terminal import console, show
from opskit.verify.result import Ledger

LEDGER = Ledger(
    client="", attempted=9, acknowledged=8, failed=1, indeterminate=0, received=7, lost=1, duplicated=0, unexpected=0,
    recovered=0, late=3,
)  # fmt: skip


def result(**changed: Any) -> ExperimentResult:
    """A control that fails as it should, a cure that holds, one that was expected to and lost a message, one unrun."""
    control = prepared("incident", expect="fails", scenario="nameserver-and-broker", note="off | as it was")
    cure, lossy = prepared("cure", repeat=2), prepared("lossy", expect="holds")
    rows = (
        row_result(control, record(control, 1, drill("fails"))),
        row_result(cure, record(cure, 0, drill("holds"), drill("holds"))),
        row_result(lossy, record(lossy, 1, drill("fails", ledger=LEDGER, fresh=(), predictions=()))),
        row_result(prepared("unrun", expect="holds"), None),
    )
    values = {"name": "trial", "about": "A trial.", "file": "trial.yml", "folder": "/out", "machines": (MACHINE,)}
    return ExperimentResult(**(values | {"rows": rows} | changed))


def cells(name: str) -> dict[str, str]:
    row = next(row for row in table(result()).rows if row[0] == name)
    return dict(zip(COLUMNS, (getattr(one, "text", one) for one in row), strict=True))


def test_a_row_of_the_table() -> None:
    found = cells("incident")
    assert found["what"] == "freeze nameserver-and-broker, 4.8.0: off | as it was"
    assert found["held s"] == "90"
    assert found["route"].startswith(">90 (")
    assert found["worst case s"] == "163 / - / no end"
    assert found["verdict"] == "fails, as expected"
    assert cells("cure")["held s"] == "90, 2 drills"


def test_what_is_missing_is_a_dash() -> None:
    found = cells("lossy")
    assert (found["lost/late"], found["fresh producers"], found["worst case s"]) == ("1/3", "-", "-")
    assert set(list(cells("unrun").values())[2:-1]) == {"-"}
    assert cells("unrun")["verdict"] == "not run"


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (123.06, "123.1"), (2.0, "2"), (0.04, "0"), (None, "-")])
def test_seconds_to_a_tenth(value: float | None, text: str) -> None:
    assert number(value) == text


def test_the_markdown_table_holds_every_row_and_what_it_depends_on() -> None:
    lines = reports.markdown(result()).splitlines()
    assert lines[0] == "# Experiment trial"
    text = "\n".join(lines)
    assert "2 cores, 24 GiB of memory, kernel 6.1.0, openjdk 17.0.13." in text
    assert "Measured on 2026-11-22 with opskit 0.1.0 (abc1234)." in text
    rows = [line for line in lines if line.startswith("| incident |")]
    assert len(rows) == 4, "the table, the layouts, after the undo, what ran"
    assert "off \\| as it was" in rows[0]
    header = next(line for line in lines if line.startswith("| row |"))
    assert header.count("|") == rows[0].replace("\\|", "").count("|") == len(COLUMNS) + 1


def test_the_page_stands_alone_and_shows_every_row(tmp_path: Path) -> None:
    reports.write_reports(tmp_path, result())
    html = (tmp_path / "experiment.html").read_text()
    assert "http://" not in html
    assert "https://" not in html
    for name in ("incident", "cure", "lossy", "unrun"):
        assert html.count(name) >= 1
    assert ExperimentResult.model_validate_json((tmp_path / "experiment.json").read_bytes()) == result()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["experiment.html", "experiment.json", "experiment.md"]


@pytest.mark.parametrize(
    ("rows", "text", "mark"),
    [
        ((0, 1), "Every row turned out as expected", "good"),
        ((0, 1, 3), "1 of 3 rows are still to be run", "warn"),
        ((0, 2), "1 of 2 rows turned out otherwise than expected", "bad"),
    ],
)
def test_the_banner_says_how_it_stands(rows: tuple[int, ...], text: str, mark: str) -> None:
    some = result(rows=tuple(result().rows[number] for number in rows))
    banner = next(shape for shape in page(some) if isinstance(shape, Banner))
    assert (banner.text, banner.mark) == (text, mark)


def test_the_picture_holds_a_bar_for_each_path_that_broke() -> None:
    picture = timeline(result())
    assert picture.end == 90
    bars = {(row.group, row.label): row.bars for row in picture.rows}
    assert bars["route", "incident"][0].open_end
    assert all(len(row.density) == 100 for row in picture.rows)


def test_an_experiment_of_which_nothing_ran_has_reports_too(tmp_path: Path) -> None:
    reports.write_reports(tmp_path, result(rows=(row_result(prepared("a"), None),), machines=()))
    assert "not run" in (tmp_path / "experiment.html").read_text()


def test_the_terminal_shows_a_short_table(capsys: pytest.CaptureFixture[str]) -> None:
    show(present(result()), console())
    out = capsys.readouterr().out
    assert "lossy: fails; holds expected" in out
    assert "/out/experiment.html" in out


def test_the_json_of_a_result_is_as_its_schema_says() -> None:
    schema = json.loads((assets() / "docs" / "schemas" / "verify-experiment-1.json").read_text())
    jsonschema.validate(json.loads(result().model_dump_json(by_alias=True)), schema)


LAST_WORDS = [
    ("", ""),
    ("Baseline\nUndone\n", "Undone"),
    ("Baseline\nopskit: ns1: out of reach\n  Nothing was injected.\n", "ns1: out of reach Nothing was injected."),
    ("opskit: first\nopskit: second\n", "second"),
]


@pytest.mark.parametrize(("text", "words"), LAST_WORDS)
def test_the_last_words_of_an_opskit(text: str, words: str) -> None:
    assert last_words(text) == words


def test_the_machine_is_named() -> None:
    assert this("openjdk 17").cores > 0
    assert this().memory_gib > 0
    assert java_release('openjdk version "17.0.13" 2024-10-15\nOpenJDK Runtime') == "openjdk 17.0.13"
    assert java_release("bash: java: command not found") == ""
    assert opskit_version().startswith("0.")


def command(*words: str, inventories: tuple[Path, ...] = ()) -> Any:
    app = typer.Typer()
    app.command()(experiment)
    return CliRunner().invoke(app, words, obj=State(inventories, Format.json, False))


def test_a_dry_run_says_what_would_be_done() -> None:
    done = command(str(assets() / "experiments" / "smoke.yml"), "--dry-run", "--jobs", "1")
    assert done.exit_code == 0, done.output
    planned = json.loads(done.stdout)
    assert [(row["name"], row["setup"], row["hosts"]) for row in planned["rows"]] == [
        ("incident", "new lab", ["host-100"]),
        ("master-dies", "nothing", ["host-100"]),
    ]


def test_rows_name_their_inventories_themselves() -> None:
    done = command("experiments/smoke.yml", inventories=(Path("inventories/lab"),))
    assert isinstance(done.exception, OpskitError)
    assert done.exception.where == "-i"


def test_progress_without_a_terminal_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with ExperimentProgress() as progress:
        progress.note("exp-1: incident")
        progress.busy("exp-1", "incident: drill")
        progress.left(3, 240)
        progress.idle("exp-1")
    assert capsys.readouterr().err.splitlines() == ["exp-1: incident", "3 rows left, about 4 min"]
