"""A drill as JUnit cases and Prometheus gauges; pure."""

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import get_args

from opskit.report.junit import Case, Outcome
from opskit.report.prometheus import Metric, Sample
from opskit.verify.result import Judgement, Ledger, Undo, VerifyResult, Window
from opskit.verify.showing.words import UNDO, counted, keeps_limit, outcome, reasons, seconds, title

JUDGED: Mapping[Judgement, Outcome] = {"holds": "passed", "fails": "failed", "unjudged": "error"}
UNDONE: Mapping[Undo, Outcome] = {"restored": "passed", "failed": "failed", "nothing to undo": "skipped"}
EVENTS = {"fault": "after the hang", "thaw": "after the thaw"}


def cases(result: VerifyResult) -> Iterator[Case]:
    """Verdict, fault, undo and messages first, then a case for each window that has a limit."""
    suite = f"{result.cluster}.{result.scenario}.{result.fault}"
    verdict, ledger = result.verdict, result.ledger
    why = " ".join(reason.text for reason in reasons(result))
    yield Case("verdict", suite, result.hold_seconds, JUDGED[verdict.judgement], f"{title(verdict)}. {why}")
    for victim in result.victims:
        seen: Outcome = "passed" if victim.shown else "failed"
        message = f"{victim.host} never showed the fault: {victim.proof}"
        yield Case(f"fault in effect on {victim.host}", suite, result.hold_seconds, seen, message)
    yield Case("undo", suite, 0, UNDONE[verdict.undo], UNDO[verdict.undo].text)
    kept: Outcome = "skipped" if not ledger.attempted else "failed" if ledger.lost else "passed"
    lost = f"{ledger.lost} of {ledger.acknowledged} acknowledged messages were never received."
    yield Case("no acknowledged message lost", suite, 0, kept, lost if ledger.attempted else "No message was sent.")
    yield from (_window(window, suite) for window in result.windows if window.limit_seconds is not None)


def metrics(result: VerifyResult) -> Iterator[Metric]:
    """Gauges of the last run of a scenario; labels cluster, scenario, fault on each."""
    base = {"cluster": result.cluster, "scenario": result.scenario, "fault": result.fault}

    def windows(value: Callable[[Window], float | None]) -> tuple[Sample, ...]:
        measured = ((window, value(window)) for window in result.windows if window.outcome != "not judged")
        return tuple(Sample(base | _labels(window), figure) for window, figure in measured if figure is not None)

    def one_of(label: str, names: tuple[str, ...], true: str) -> tuple[Sample, ...]:
        return tuple(Sample(base | {label: name}, float(name == true)) for name in names)

    def state(name: str, description: str, samples: tuple[Sample, ...]) -> Metric:
        return Metric(f"opskit_failover_{name}", description, samples)

    verdict = result.verdict
    yield state(
        "window_seconds",
        "Time to recover, from the event on; where opskit_failover_recovered is 0, at least so long.",
        windows(lambda window: window.seconds),
    )
    yield state("recovered", "1 where the path recovered.", windows(lambda window: float(not window.at_least)))
    yield state(
        "window_limit_seconds", "What the time to recover is judged against.", windows(lambda one: one.limit_seconds)
    )
    yield state(
        "window_resolution_seconds", "Resolution of the time to recover.", windows(lambda one: one.resolution_seconds)
    )
    yield state("operations_attempted", "Operations of the path in the event.", windows(lambda one: one.attempted))
    yield state("operations_failed", "Operations that failed or stayed open.", windows(lambda one: one.failed))
    yield state(
        "predicted_seconds",
        "Longest time to recover that the timers allow; +Inf where no timer ends it.",
        tuple(
            Sample(base | {"path": one.path, "client": one.client}, inf if one.seconds is None else one.seconds)
            for one in result.predictions
        ),
    )
    yield state(
        "verdict", "1 for the judgement of the run.", one_of("judgement", get_args(Judgement), verdict.judgement)
    )
    yield state("undo", "1 for what became of the undo.", one_of("undo", get_args(Undo), verdict.undo))
    yield state(
        "in_this_run_only",
        "1 where it held, but the timers allow a longer time than the window.",
        (Sample(base, float(verdict.in_this_run_only)),),
    )
    yield state(
        "messages",
        "Messages by what became of them, in the words of Jepsen's total-queue checker.",
        tuple(Sample(base | {"state": name}, getattr(result.ledger, name)) for name in _states()),
    )
    yield state("hold_seconds", "How long the fault was in effect.", (Sample(base, result.hold_seconds),))
    yield state(
        "last_run_timestamp_seconds", "When the run began, in Unix time.", (Sample(base, result.at.timestamp()),)
    )


def _window(window: Window, suite: str) -> Case:
    name = f"{window.path} of {window.client} recovers {EVENTS[window.event]}"
    keeps = keeps_limit(window)
    verdict: Outcome = "skipped" if keeps is None else "passed" if keeps else "failed"
    message = (
        f"{outcome(window).text}; limit {seconds(window.limit_seconds)}, {counted(window)}, "
        f"resolution {seconds(window.resolution_seconds)}"
    )
    return Case(name, f"{suite}.{window.event}", window.seconds or 0.0, verdict, message)


def _labels(window: Window) -> dict[str, str]:
    return {"path": window.path, "client": window.client, "event": window.event}


def _states() -> tuple[str, ...]:
    return tuple(name for name in Ledger.model_fields if name != "client")
