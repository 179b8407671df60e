"""A drill's result for a person in a hurry, as one page, and for machines."""

import io
import json
import re
from dataclasses import replace

import pytest
from drills import ZERO, Drill, holding, incident
from junitparser import JUnitXml
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from opskit.errors import Exit
from opskit.report.terminal import show
from opskit.runs.folder import Run
from opskit.verify.history import History
from opskit.verify.judging.align import align
from opskit.verify.result import Judgement, Undo, VerifyResult, Window
from opskit.verify.showing.exports import cases, metrics
from opskit.verify.showing.page import render
from opskit.verify.showing.present import exit_code, present
from opskit.verify.showing.reports import write_reports
from opskit.verify.showing.words import keeps_limit, outcome, seconds


def screen(result: VerifyResult) -> str:
    text = io.StringIO()
    show(present(result), Console(file=text, width=200))
    return text.getvalue()


def ruled(result: VerifyResult, **changed: object) -> VerifyResult:
    return result.model_copy(update={"verdict": result.verdict.model_copy(update=changed)})


def window(**changed: object) -> Window:
    usual = {
        "client": "app1/4.8.0/shared",
        "path": "produce",
        "event": "fault",
        "outcome": "recovered",
        "seconds": 6.0,
        "failed": 3,
        "attempted": 30,
        "resolution_seconds": 0.2,
        "limit_seconds": 30.0,
    }
    return Window.model_validate(usual | changed)


@pytest.mark.parametrize(
    ("changed", "keeps", "text", "mark"),
    [
        ({}, True, "recovered in 6 s", "good"),
        ({"seconds": 30.0}, True, "recovered in 30 s", "good"),
        ({"seconds": 30.04}, False, "recovered in 30 s", "bad"),
        ({"limit_seconds": None}, None, "recovered in 6 s", "dim"),
        ({"outcome": "never failed", "seconds": 0.0}, True, "never failed", "good"),
        ({"outcome": "flapped", "seconds": 44.4}, False, "flapped, stable after 44.4 s", "bad"),
        ({"outcome": "not recovered", "seconds": 90.0, "at_least": True}, False, "not recovered in 90 s", "bad"),
        ({"outcome": "not recovered", "seconds": 20.0, "at_least": True}, None, "not recovered in 20 s", "warn"),
        ({"outcome": "not judged", "seconds": None, "reason": "too few"}, None, "not judged: too few", "warn"),
    ],
)
def test_a_window_in_words(changed: dict[str, object], keeps: bool | None, text: str, mark: str) -> None:
    one = window(**changed)
    assert keeps_limit(one) is keeps
    assert (outcome(one).text, outcome(one).mark) == (text, mark)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.0, "0 s"), (0.0042, "4 ms"), (2.55, "2.5 s"), (90.0, "90 s"), (163.04, "163 s")]
)
def test_seconds_are_as_fine_as_they_were_measured(value: float | None, text: str) -> None:
    assert seconds(value) == text
    assert seconds(90.0, at_least=True) == "≥ 90 s"


@pytest.mark.parametrize(
    ("judgement", "undo", "code"),
    [
        ("holds", "restored", Exit.HOLDS),
        ("fails", "restored", Exit.FAILS),
        ("unjudged", "nothing to undo", Exit.UNJUDGED),
        ("holds", "failed", Exit.UNDO_FAILED),
        ("fails", "failed", Exit.UNDO_FAILED),
    ],
)
def test_a_failed_undo_wins_over_the_judgement(judgement: Judgement, undo: Undo, code: Exit) -> None:
    assert exit_code(ruled(incident().result, judgement=judgement, undo=undo)) is code


def test_the_incident_says_first_that_it_does_not_hold_and_names_what_was_missed() -> None:
    lines = screen(incident().result).splitlines()
    assert lines[0] == "✘ orders, freeze of ns1 and broker1 for 90 s: does not hold"
    missed = lines[lines.index("Windows that were missed") :]
    assert [line.split()[:2] for line in missed[2:6]] == [
        ["produce", "app1/4.8.0/separate"],
        ["produce", "app1/4.8.0/shared"],
        ["route", "app1/4.8.0/separate"],
        ["route", "app1/4.8.0/shared"],
    ]
    assert lines[-1].startswith("Report: /var/lib/opskit/runs/orders/")


def test_what_held_by_luck_says_so_with_the_closed_form() -> None:
    text = screen(holding().result)
    assert text.startswith("! orders, freeze of ns1 and broker1 for 90 s: held in this run only\n")
    assert "! In the worst case the timers allow 163 s for the recovery of produce" in text
    assert "Windows that were missed" not in text


def test_a_failed_undo_is_said_on_the_terminal_and_on_the_page() -> None:
    drill = incident()
    result = ruled(drill.result, undo="failed")
    for text in (screen(result), render(result, drill.aligned)):
        assert "The undo FAILED" in text
        assert "opskit verify restore" in text


def test_many_missed_windows_are_counted_not_listed() -> None:
    result = incident().result
    missed = tuple(window(client=f"app{n}", seconds=44.0) for n in range(40))
    assert "and 28 more; see the report" in screen(result.model_copy(update={"windows": missed}))


@pytest.mark.parametrize("drill", [incident(), holding()], ids=["incident", "holding"])
def test_the_page_holds_all_that_a_sceptic_asks_for(drill: Drill) -> None:
    page = render(drill.result, drill.aligned)
    for part in ("Time line", "Failures", "Latency", "Windows", "Prediction", "Messages", "Fresh clients", "Evidence"):
        assert f">{part}</h2>" in page
    for window in drill.result.windows:
        assert f"{window.failed:,} of {window.attempted:,}" in page
    assert "120 s silence of the broker since its last registration + 10 s scan" in page
    assert "kill -STOP 4711" in page
    assert "OpenJDK 17.0.13" in page
    assert len(page) < 400_000


def test_fifty_clients_stay_under_two_megabytes() -> None:
    drill = incident()
    clients = [f"app{number}/4.8.0/shared" for number in range(50)]
    windows = tuple(one.model_copy(update={"client": name}) for name in clients for one in drill.result.windows[:18])
    attempts = {
        (name, path): found
        for name in clients
        for (client, path), found in drill.aligned.attempts.items()
        if client in ("app1/4.8.0/shared", "controller")
    }
    clocks = dict.fromkeys(clients, drill.aligned.clients["app1/4.8.0/shared"])
    aligned = replace(drill.aligned, attempts=attempts, clients=clocks, messages={})
    page = render(drill.result.model_copy(update={"windows": windows}), aligned)
    assert len(page) < 2_000_000
    assert re.search(r"\d+ more rows, of clients that fared no worse", page)
    assert page.index("more rows") > page.index('<h3 class="group">nameserver@ns1')


def test_a_drill_that_was_cut_off_at_once_still_has_a_page() -> None:
    drill = incident()
    bare = History(drill.history.header, phases=drill.history.phases[:2])
    result = ruled(drill.result, judgement="unjudged", undo="nothing to undo").model_copy(
        update={"windows": (), "summaries": (), "fresh": (), "victims": (), "predictions": ()}
    )
    page = render(result, align(bare))
    assert "Could not be judged" in page
    assert "Nothing was injected" in page


def test_a_client_name_that_is_no_html_stays_a_name() -> None:
    drill = incident()
    windows = tuple(one.model_copy(update={"client": "<img src=x>"}) for one in drill.result.windows)
    assert "<img" not in render(drill.result.model_copy(update={"windows": windows}), drill.aligned)


@pytest.mark.parametrize(
    ("result", "outcomes"),
    [
        (incident().result, {"verdict": "failed", "undo": "passed", "no acknowledged message lost": "passed"}),
        (holding().result, {"verdict": "passed", "fault in effect on ns1": "passed"}),
        (
            ruled(incident().result, judgement="unjudged", undo="nothing to undo"),
            {"verdict": "error", "undo": "skipped"},
        ),
        (ruled(incident().result, undo="failed"), {"undo": "failed"}),
    ],
)
def test_junit_cases(result: VerifyResult, outcomes: dict[str, str]) -> None:
    found = {case.name: case for case in cases(result)}
    assert {name: found[name].outcome for name in outcomes} == outcomes
    assert len(found) == 3 + len(result.victims) + sum(one.limit_seconds is not None for one in result.windows)


def test_a_junit_failure_carries_the_sentence_and_an_unjudged_window_its_reason() -> None:
    found = {case.name: case for case in cases(incident().result)}
    route = found["route of app1/4.8.0/shared recovers after the hang"]
    assert (route.outcome, route.classname) == ("failed", "orders.nameserver-and-broker.freeze.fault")
    assert re.fullmatch(r"not recovered in 90 s; limit 30 s, \d+ of \d+ failed, resolution 0.2 s", route.message)
    judged_not = incident().result.model_copy(
        update={"windows": (window(outcome="not judged", seconds=None, reason="too few"),)}
    )
    last = list(cases(judged_not))[-1]
    assert (last.outcome, last.message.split(";")[0]) == ("skipped", "not judged: too few")


def test_a_fault_that_was_never_seen_fails_its_case() -> None:
    result = incident().result
    unseen = result.victims[0].model_copy(update={"shown": 0, "proof": "state S"})
    found = {case.name: case for case in cases(result.model_copy(update={"victims": (unseen,)}))}
    case = found["fault in effect on ns1"]
    assert (case.outcome, case.message) == ("failed", "ns1 never showed the fault: state S")


def test_gauges_name_the_judgement_and_leave_out_what_was_not_judged() -> None:
    found = {one.name: one for one in metrics(incident().result)}
    verdict = {sample.labels["judgement"]: sample.value for sample in found["opskit_failover_verdict"].samples}
    assert verdict == {"holds": 0, "fails": 1, "unjudged": 0}
    predicted = [sample.value for sample in found["opskit_failover_predicted_seconds"].samples]
    assert predicted == [float("inf"), 163]
    recovered = {
        (sample.labels["client"], sample.labels["path"]): sample.value
        for sample in found["opskit_failover_recovered"].samples
        if sample.labels["event"] == "fault"
    }
    assert recovered["app1/4.8.0/shared", "route"] == 0
    assert recovered["app2/5.4.0/separate", "route"] == 1
    assert ("controller", "nameserver@ns1") not in recovered
    assert all(one.help.endswith(".") and one.name.startswith("opskit_failover_") for one in found.values())


def test_a_run_leaves_three_files_that_their_readers_can_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    drill = holding()
    write_reports(Run("r", tmp_path, "verify", "me"), drill.result, drill.history)
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert next(iter(JUnitXml.fromfile(str(tmp_path / "junit.xml")))).failures == 0
    families = list(text_string_to_metric_families((tmp_path / "metrics.prom").read_text()))
    assert len(families) == 13
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "junit.xml", "metrics.prom"}


def test_charts_are_shaded_from_the_effect_to_the_undo() -> None:
    drill = incident()
    data = json.loads(re.findall(r'<script type="application/json">(.*?)</script>', render(*_parts(drill)))[0])
    fault, thaw = data["spans"]
    assert (fault["start"], round(fault["end"])) == (0, 90)
    assert thaw["start"] == thaw["end"] == (drill.aligned.phases["thaw"] - ZERO) / 1e9


def _parts(drill: Drill):  # type: ignore[no-untyped-def]
    return drill.result, drill.aligned
