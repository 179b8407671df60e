"""The drills of a row put together, and set beside what was expected; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from opskit.errors import Exit, worst
from opskit.experiment.prepare import PreparedRow
from opskit.experiment.record import Record, pages
from opskit.experiment.result import (
    Figures,
    FreshFigures,
    Layout,
    PathFigures,
    RowResult,
    RowState,
    WorstCase,
)
from opskit.inventory.cluster import Client, Server
from opskit.predict.predict import worst as worst_predicted
from opskit.verify.options import WINDOWED
from opskit.verify.result import Event, Judgement, VerifyResult, Window

LAYOUTS: tuple[Layout, ...] = ("shared", "separate")
FRESH = ("bootstrap@producer", "bootstrap@consumer")


def row_result(prepared: PreparedRow, record: Record | None) -> RowResult:
    """record: of the row as it is defined now; None where it was not run."""
    row, cluster = prepared.row, prepared.cluster
    first: dict[str, Server | Client] = {
        "nameserver": cluster.nameservers[0],
        "broker": cluster.brokers[0],
        "client": cluster.clients[0],
    }
    told = RowResult(
        name=row.name,
        note=row.note,
        scenario=row.scenario,
        fault=row.fault,
        servers=", ".join(sorted({server.release for server in cluster.servers})),
        clients=", ".join(sorted({release for client in cluster.clients for release in client.releases})),
        settings={component: one.settings for component, one in first.items()},
        expect=row.expect,
        state="not run",
    )
    if record is None:
        return told
    judgement = _judgement(record)
    return told.model_copy(
        update={
            "state": _state(record),
            "judgement": judgement,
            "as_expected": None if row.expect is None else _met(row.expect, record),
            "sentence": " ".join(_reasons(record.drills)) if record.judged else record.sentence,
            "figures": figures(record.drills) if record.drills else None,
            "at": record.at,
            "opskit": record.opskit,
            "pages": pages(row.name, record.drills),
        }
    )


def figures(drills: Sequence[VerifyResult]) -> Figures:
    """Of at least one drill."""
    gaps = [drill.longest_gap_seconds for drill in drills if drill.longest_gap_seconds is not None]
    predictions = [prediction for drill in drills for prediction in drill.predictions]
    predicted = [path for path in WINDOWED if any(prediction.path == path for prediction in predictions)]
    return Figures(
        drills=len(drills),
        held_seconds=min(drill.hold_seconds for drill in drills),
        victims=tuple(sorted({victim.host for drill in drills for victim in drill.victims})),
        paths=tuple(_paths(drills)),
        longest_gap_seconds=max(gaps, default=None),
        fresh=tuple(_fresh(drills)),
        acknowledged=sum(drill.ledger.acknowledged for drill in drills),
        lost=sum(drill.ledger.lost for drill in drills),
        late=sum(drill.ledger.late for drill in drills),
        predicted=tuple(WorstCase(path=path, seconds=worst_predicted(predictions, path)) for path in predicted),
        in_this_run_only=any(drill.verdict.in_this_run_only for drill in drills),
    )


def exit_code(rows: Iterable[RowResult]) -> Exit:
    """4 for an undo that failed, 1 for an expectation that was not met, 3 for a row that nobody could judge."""
    return worst([_code(row) for row in rows])


def _code(row: RowResult) -> Exit:
    if row.state == "undo failed":
        return Exit.UNDO_FAILED
    if row.state == "unjudged" and row.expect != "unjudged":
        return Exit.UNJUDGED
    return Exit.FAILS if row.as_expected is False else Exit.HOLDS


def _state(record: Record) -> RowState:
    return "undo failed" if record.code == Exit.UNDO_FAILED else "judged" if record.judged else "unjudged"


def _judgement(record: Record) -> Judgement:
    """Of several drills the worst one's."""
    found = {drill.verdict.judgement for drill in record.drills}
    if "fails" in found:
        return "fails"
    return "holds" if record.judged and found == {"holds"} else "unjudged"


def _met(expected: Judgement, record: Record) -> bool:
    """Every drill must turn out so: a negative control that passes once is broken."""
    if not record.judged:
        return expected == "unjudged"
    return all(drill.verdict.judgement == expected for drill in record.drills)


def _reasons(drills: Sequence[VerifyResult]) -> tuple[str, ...]:
    reasons = dict.fromkeys(reason for drill in drills for reason in drill.verdict.reasons)
    return tuple(reason if reason.endswith((".", "!")) else f"{reason}." for reason in reasons)


def _paths(drills: Sequence[VerifyResult]) -> Iterator[PathFigures]:
    found: defaultdict[tuple[str, Event, Layout], list[Window]] = defaultdict(list)
    for drill in drills:
        layouts = {client.name: client.layout for client in drill.clients}
        for window in drill.windows:
            if window.path in WINDOWED:
                found[window.path, window.event, "all"].append(window)
                for layout in LAYOUTS:
                    if layouts.get(window.client) == layout:
                        found[window.path, window.event, layout].append(window)
    for (path, event, layout), windows in sorted(found.items()):
        judged = [one for one in windows if one.outcome != "not judged" and one.seconds is not None]
        longest = max(judged, key=lambda one: (one.at_least, one.seconds or 0.0), default=None)
        yield PathFigures(
            path=path,
            event=event,
            layout=layout,
            seconds=longest.seconds if longest else None,
            at_least=bool(longest and longest.at_least),
            failed=sum(one.failed for one in windows),
            attempted=sum(one.attempted for one in windows),
            limit_seconds=windows[0].limit_seconds,
        )


def _fresh(drills: Sequence[VerifyResult]) -> Iterator[FreshFigures]:
    for path in FRESH:
        mine = [one for drill in drills for one in drill.fresh if one.path == path]
        if mine:
            failed, attempted = sum(one.failed for one in mine), sum(one.attempted for one in mine)
            yield FreshFigures(path=path, failed=failed, attempted=attempted)
