"""A drill's figures in words, the same on the terminal, on the page and in JUnit; pure."""

from collections.abc import Iterable

from opskit.predict.result import Prediction
from opskit.report.shapes import Cell, Mark, Sentence
from opskit.verify.result import Judgement, Undo, Verdict, VerifyResult, Window
from opskit.verify.scenario import SCENARIOS

MARKS: dict[Judgement, Mark] = {"holds": "good", "fails": "bad", "unjudged": "warn"}
UNDO: dict[Undo, Sentence] = {
    "restored": Sentence("The fault was undone on every victim.", "good"),
    "failed": Sentence(
        "The undo FAILED: something of the fault may still be in place. `opskit verify restore` tries again.", "bad"
    ),
    "nothing to undo": Sentence("Nothing was injected, so there was nothing to undo.", "dim"),
}
PATHS = {
    "produce": "synchronous send to any broker",
    "consume": "delivery of what was sent",
    "route": "route query",
    "bootstrap@producer": "fresh producer until its first send",
    "bootstrap@consumer": "fresh consumer until its first message",
}
MOST_REASONS = 8
PATH_ORDER = ("produce", "consume", "route", "bootstrap", "nameserver")


def seconds(value: float | None, *, at_least: bool = False) -> str:
    """A tenth of a second, which is finer than any resolution; milliseconds below that."""
    if value is None:
        return "-"
    text = f"{round(value, 1):g} s" if value >= 0.1 or not value else f"{value * 1000:.0f} ms"
    return f"≥ {text}" if at_least else text


def path_in_words(path: str) -> str:
    """What the path is, where its name alone does not say it."""
    if path.startswith("produce@"):
        return f"synchronous send to {path.partition('@')[2]} alone"
    if path.startswith("nameserver@"):
        return "asked by the controller"
    return PATHS.get(path, "")


def path_rank(path: str) -> tuple[int, str]:
    """Sort key: what an application does first."""
    kind = path.partition("@")[0]
    return (PATH_ORDER.index(kind) if kind in PATH_ORDER else len(PATH_ORDER), path)


def keeps_limit(window: Window) -> bool | None:
    """Whether it keeps its limit; None where it was not judged, has none, or was watched for too short a time."""
    if window.limit_seconds is None or window.seconds is None:
        return None
    if window.at_least:
        return None if window.seconds <= window.limit_seconds else False
    return window.seconds <= window.limit_seconds


def outcome(window: Window) -> Cell:
    """How it ended, marked by whether it keeps its limit; without a limit it is only told."""
    keeps = keeps_limit(window)
    undecided: Mark = "dim" if window.limit_seconds is None else "warn"
    mark: Mark = undecided if keeps is None else "good" if keeps else "bad"
    match window.outcome:
        case "never failed":
            return Cell("never failed", mark)
        case "recovered":
            return Cell(f"recovered in {seconds(window.seconds)}", mark)
        case "flapped":
            return Cell(f"flapped, stable after {seconds(window.seconds)}", mark)
        case "not recovered":
            return Cell(f"not recovered in {seconds(window.seconds)}", mark)
        case "not judged":
            return Cell(f"not judged: {window.reason}" if window.reason else "not judged", mark)


def counted(window: Window) -> str:
    return f"{window.failed:,} of {window.attempted:,} failed"


def title(verdict: Verdict) -> str:
    """The verdict in a few words."""
    if verdict.judgement == "holds":
        return "Held in this run only" if verdict.in_this_run_only else "Holds"
    return {"fails": "Does not hold", "unjudged": "Could not be judged"}[verdict.judgement]


def verdict_mark(verdict: Verdict) -> Mark:
    return "warn" if verdict.in_this_run_only else MARKS[verdict.judgement]


def what_was_done(result: VerifyResult) -> str:
    """freeze of ns1 and broker1 for 90 s."""
    hosts = [victim.host for victim in result.victims]
    named = " and ".join([", ".join(hosts[:-1]), hosts[-1]] if len(hosts) > 1 else hosts) or "no host"
    return f"{result.fault} of {named} for {seconds(result.hold_seconds)}"


def reasons(result: VerifyResult) -> tuple[Sentence, ...]:
    """Why the verdict is what it is, then whether the undo worked. What was kept is one sentence, not one a path."""
    told = _kept(result) if result.verdict.judgement == "holds" else result.verdict.reasons
    plain = [Sentence(_sentence(reason)) for reason in told[:MOST_REASONS]]
    if len(told) > MOST_REASONS:
        plain.append(Sentence(f"And {len(told) - MOST_REASONS} more reasons, in report.json."))
    return (*plain, *_only_this_run(result), UNDO[result.verdict.undo])


def _kept(result: VerifyResult) -> tuple[str, ...]:
    judged = [window for window in result.windows if keeps_limit(window)]
    worst = slowest(judged)
    if worst is None:
        return result.verdict.reasons
    kept = f"all {len(judged)} windows were kept, and no acknowledged message was lost"
    if not worst.seconds:
        return (f"{kept}; no judged path ever failed",)
    after = {"fault": "hang", "thaw": "thaw"}[worst.event]
    took = f"{seconds(worst.seconds)} of {seconds(worst.limit_seconds)}"
    return (f"{kept}; the slowest recovery was {worst.path} of {worst.client} after the {after}: {took}",)


def slowest(windows: Iterable[Window]) -> Window | None:
    """The judged window that is furthest from its limit: missed ones first, then unended ones, then by seconds."""
    judged = (window for window in windows if keeps_limit(window) is not None)
    return max(judged, key=lambda one: (not keeps_limit(one), one.at_least, one.seconds or 0), default=None)


def worst_case(predictions: Iterable[Prediction]) -> Prediction | None:
    """No end is longer than any sum of timers."""
    return max(predictions, key=lambda one: float("inf") if one.seconds is None else one.seconds, default=None)


def judged_predictions(result: VerifyResult) -> tuple[Prediction, ...]:
    """Of the paths that have a window in this drill."""
    judged = {one.path for one in result.summaries if one.limit_seconds is not None}
    return tuple(one for one in result.predictions if one.path in judged)


def bound(prediction: Prediction) -> str:
    return "no end" if prediction.seconds is None else seconds(prediction.seconds)


def scenario_in_words(name: str) -> str:
    return _sentence(next((meaning for known, meaning in SCENARIOS.items() if known == name), name))


def _only_this_run(result: VerifyResult) -> tuple[Sentence, ...]:
    worst = worst_case(judged_predictions(result)) if result.verdict.in_this_run_only else None
    if worst is None:
        return ()
    allowed = "no timer ends" if worst.seconds is None else f"the timers allow {seconds(worst.seconds)} for"
    text = f"In the worst case {allowed} the recovery of {worst.path}, which is beyond the window. {worst.sentence}"
    return (Sentence(text, "warn"),)


def _sentence(words: str) -> str:
    """Begun with a capital, unless with a name such as ns1 or produce@broker-a that has none; ended with a stop."""
    first = words.split(" ", 1)[0]
    begun = words[:1].upper() + words[1:] if first.isalpha() else words
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."
