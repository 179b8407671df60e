"""A drill's windows, predictions, messages and parties as tables; pure."""

from collections.abc import Iterable, Iterator, Sequence

from opskit.predict.result import Prediction
from opskit.report.shapes import Cell, Fold, Mark, Shape, Table
from opskit.verify.result import Ledger, PathSummary, VerifyResult, Window
from opskit.verify.showing.words import bound, counted, outcome, path_rank, seconds, worst_case

LEDGER: tuple[tuple[str, Mark], ...] = (
    ("attempted", "plain"),
    ("acknowledged", "plain"),
    ("failed", "plain"),
    ("indeterminate", "plain"),
    ("received", "plain"),
    ("lost", "bad"),
    ("duplicated", "plain"),
    ("unexpected", "warn"),
    ("recovered", "plain"),
    ("late", "plain"),
)
"""The columns, and how one that is not zero is marked."""
EVENTS = {"fault": "hang", "thaw": "thaw"}


def summary(result: VerifyResult, *, notable: bool = False) -> Table:
    """A row per path and event, over all clients. notable: only what is judged in the hang, and what failed at all."""
    chosen = [
        one
        for one in result.summaries
        if not notable or one.failed or (one.event == "fault" and one.limit_seconds is not None)
    ]
    rows = tuple(
        _summary(
            one,
            [window for window in result.windows if (window.path, window.event) == (one.path, one.event)],
            worst_case(each for each in result.predictions if (each.path, one.event) == (one.path, "fault")),
        )
        for one in sorted(chosen, key=lambda one: (one.event, path_rank(one.path)))
    )
    columns = ("path", "after the", "slowest", "p99", "p50", "limit", "timers allow", "failed", "clients")
    return Table(columns, rows, "Time to recover over all clients of a path. The slowest is judged.")


def windows(result: VerifyResult) -> Iterator[Shape]:
    """The summary, and every window."""
    yield summary(result)
    yield Fold(f"All {len(result.windows)} windows, client by client", (every_window(result.windows),))


def every_window(chosen: Iterable[Window]) -> Table:
    """Each beside its resolution and what failed."""
    ordered = sorted(chosen, key=lambda one: (one.event, path_rank(one.path), one.client))
    return Table(
        ("path", "client", "after the", "time to recover", "resolution", "failed", "outage", "limit"),
        tuple(_window(window) for window in ordered),
        "Outage counts from the start of the first operation that failed. "
        "The resolution is the interval of the operations and the error of the clocks.",
    )


def _summary(one: PathSummary, windows: Sequence[Window], predicted: Prediction | None) -> tuple[Cell | str, ...]:
    worst = max(windows, key=lambda window: (window.at_least, window.seconds or 0), default=None)
    took = seconds(worst.seconds, at_least=worst.at_least) if worst else "-"
    return (
        one.path,
        EVENTS[one.event],
        Cell(took, outcome(worst).mark if worst and one.limit_seconds is not None else "plain"),
        seconds(one.p99_seconds),
        seconds(one.p50_seconds),
        seconds(one.limit_seconds),
        bound(predicted) if predicted else "-",
        f"{one.failed:,} of {one.attempted:,}",
        _clients(one),
    )


def _clients(one: PathSummary) -> str:
    """How many, and how many of them have no figure."""
    without = ((one.not_recovered, "not recovered"), (one.not_judged, "not judged"))
    told = [f"{count} of {one.clients} {how}" for count, how in without if count]
    return ", ".join(told) or str(one.clients)


def _window(window: Window) -> tuple[Cell | str, ...]:
    return (
        window.path,
        window.client,
        EVENTS[window.event],
        outcome(window),
        f"± {seconds(window.resolution_seconds)}",
        counted(window).removesuffix(" failed"),
        seconds(window.outage_seconds),
        seconds(window.limit_seconds),
    )


def predictions(result: VerifyResult) -> Iterator[Shape]:
    """Beside each prediction the slowest client of the release that it names."""
    releases = {client.name: client.release for client in result.clients}
    rows = []
    for one in result.predictions:
        mine = [
            window
            for window in result.windows
            if (window.path, window.event) == (one.path, "fault") and releases.get(window.client, "") in one.client
        ]
        slowest = max(mine, key=lambda window: (window.at_least, window.seconds or 0), default=None)
        terms = " + ".join(f"{seconds(term.seconds)} {term.name}" for term in one.terms)
        rows.append(
            (
                one.path,
                one.client,
                bound(one),
                seconds(slowest.seconds, at_least=slowest.at_least) if slowest else "-",
                f"{terms}. {one.sentence}" if terms else one.sentence,
            )
        )
    columns = ("path", "client", "worst case", "measured", "why")
    yield Table(columns, tuple(rows), "The longest that the timers allow, and the slowest client of this run.")
    sources = {(term.name, seconds(term.seconds), term.source) for one in result.predictions for term in one.terms}
    if sources:
        yield Fold("Where each timer stands", (Table(("timer", "seconds", "source"), tuple(sorted(sources))),))


def messages(result: VerifyResult) -> Iterator[Shape]:
    """The ledger, all clients first."""
    caption = (
        "lost: acknowledged, never received. recovered: unanswered, yet received. "
        "late: received only after the undo. unexpected: never sent, or received although refused."
    )
    rows = [_ledger(result.ledger, "all clients")] if len(result.ledgers) != 1 else []
    rows += [_ledger(ledger, ledger.client) for ledger in result.ledgers]
    yield Table(("client", *(name for name, _ in LEDGER)), tuple(rows), caption)


def _ledger(ledger: Ledger, name: str) -> tuple[Cell | str, ...]:
    figures = ((getattr(ledger, column), mark) for column, mark in LEDGER)
    return (name, *(Cell(f"{value:,}", mark if value else "plain") for value, mark in figures))


def fresh(result: VerifyResult) -> Table:
    """Counted per first nameserver, since that alone decides."""
    rows = tuple(
        (one.path, one.nameserver, f"{one.failed:,} of {one.attempted:,}", f"{one.failed / one.attempted:.0%}")
        for one in result.fresh
        if one.attempted
    )
    caption = "New clients started while it hung, by the nameserver that each met first: it is drawn by lot."
    return Table(("path", "first nameserver", "failed", "share"), rows, caption)


def parties(result: VerifyResult) -> Iterator[Shape]:
    """Victims with their proof, clients with their nameservers, machines."""
    yield Table(
        ("victim", "units", "seen in effect", "what showed it"),
        tuple(
            (victim.host, ", ".join(victim.units), f"{victim.shown} of {victim.shown + victim.missed}", victim.proof)
            for victim in result.victims
        ),
        "Victims",
    )
    yield Table(
        ("client", "release", "instances", "attached to"),
        tuple((one.name, one.release, one.layout, ", ".join(one.nameservers) or "none") for one in result.clients),
        "Clients, and the nameservers that they were attached to just before the fault",
    )
    if result.environment:
        yield Table(("", ""), tuple(result.environment.items()), "Environment")
