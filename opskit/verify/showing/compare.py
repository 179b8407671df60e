"""Past drills of a cluster side by side, and what changed between two of them; JSON schema opskit/verify-history/1.

One drill is one sample: the phase of 30 s timers alone moves a window by that much. So `same` says only that two
figures cannot be told apart, and `better` that this run was better, not that the next will be.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.errors import OpskitError
from opskit.inventory.cluster import Frozen
from opskit.runs.past import Past
from opskit.verify.result import Event, Judgement, Undo, VerifyResult, Window
from opskit.verify.showing.words import path_rank, seconds

Direction = Literal["better", "worse", "same", "unknown"]


class Slowest(Frozen):
    """The slowest client of a path and event. at_least: it did not recover; null: nothing was judged."""

    path: str
    event: Event
    seconds: float | None
    at_least: bool
    failed: int
    attempted: int
    resolution_seconds: float
    limit_seconds: float | None


class PastDrill(Frozen):
    """What a finished drill found, in one line."""

    run: str
    folder: str
    at: datetime
    scenario: str
    fault: str
    victims: tuple[str, ...]
    releases: tuple[str, ...]
    """Of the clients."""
    hold_seconds: float
    judgement: Judgement
    in_this_run_only: bool
    undo: Undo
    lost: int
    paths: tuple[Slowest, ...]


class PathChange(Frozen):
    path: str
    event: Event
    before: Slowest | None
    after: Slowest | None
    change: Direction


class Comparison(Frozen):
    """differences: what else differed between the two, so that a change may not be the cluster's."""

    before: str
    after: str
    differences: tuple[str, ...]
    changes: tuple[PathChange, ...]


class NotRead(Frozen):
    run: str
    reason: str


class VerifyHistory(BaseModel):
    """Newest first. unfinished: runs that were cut off, or are still on."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/verify-history/1"] = Field(default="opskit/verify-history/1", alias="schema")
    cluster: str
    drills: tuple[PastDrill, ...]
    unfinished: tuple[str, ...] = ()
    unreadable: tuple[NotRead, ...] = ()
    comparison: Comparison | None = None


def history(cluster: str, past: Past[VerifyResult], compared: tuple[str, str] | None = None) -> VerifyHistory:
    """compared: two runs, before and after; a name's end is enough. Raises OpskitError (exit 2) for no such run."""
    drills = tuple(drill(run.report) for run in past.finished)
    return VerifyHistory(
        cluster=cluster,
        drills=drills,
        unfinished=past.unfinished,
        unreadable=tuple(NotRead(run=one.identity, reason=one.reason) for one in past.unreadable),
        comparison=compare(*(_named(drills, name, cluster) for name in compared)) if compared else None,
    )


def drill(result: VerifyResult) -> PastDrill:
    keys = sorted(
        {(window.path, window.event) for window in result.windows}, key=lambda key: (key[1], path_rank(key[0]))
    )
    return PastDrill(
        run=result.run,
        folder=result.folder,
        at=result.at,
        scenario=result.scenario,
        fault=result.fault,
        victims=tuple(victim.host for victim in result.victims),
        releases=tuple(sorted({client.release for client in result.clients})),
        hold_seconds=result.hold_seconds,
        judgement=result.verdict.judgement,
        in_this_run_only=result.verdict.in_this_run_only,
        undo=result.verdict.undo,
        lost=result.ledger.lost,
        paths=tuple(
            _slowest(path, event, [one for one in result.windows if (one.path, one.event) == (path, event)])
            for path, event in keys
        ),
    )


def compare(before: PastDrill, after: PastDrill) -> Comparison:
    """Every path that either of the two has."""
    old = {(one.path, one.event): one for one in before.paths}
    new = {(one.path, one.event): one for one in after.paths}
    keys = sorted({*old, *new}, key=lambda key: (key[1], path_rank(key[0])))
    return Comparison(
        before=before.run,
        after=after.run,
        differences=tuple(_differences(before, after)),
        changes=tuple(
            PathChange(
                path=path,
                event=event,
                before=old.get((path, event)),
                after=new.get((path, event)),
                change=direction(old.get((path, event)), new.get((path, event))),
            )
            for path, event in keys
        ),
    )


def direction(before: Slowest | None, after: Slowest | None) -> Direction:
    """By seconds, beyond both resolutions. One that did not recover is longer than it was watched, no more is known."""
    if before is None or after is None or before.seconds is None or after.seconds is None:
        return "unknown"
    blur = before.resolution_seconds + after.resolution_seconds
    longer, shorter = after.seconds - before.seconds > blur, before.seconds - after.seconds > blur
    if before.at_least and after.at_least:
        return "same"
    if before.at_least:
        return "better" if shorter else "unknown"
    if after.at_least:
        return "worse" if longer else "unknown"
    return "worse" if longer else "better" if shorter else "same"


def _slowest(path: str, event: Event, windows: Sequence[Window]) -> Slowest:
    measured = [window for window in windows if window.seconds is not None]
    worst = max(measured, key=lambda one: (one.at_least, one.seconds or 0), default=windows[0])
    return Slowest(
        path=path,
        event=event,
        seconds=worst.seconds,
        at_least=worst.at_least,
        failed=sum(one.failed for one in windows),
        attempted=sum(one.attempted for one in windows),
        resolution_seconds=worst.resolution_seconds,
        limit_seconds=worst.limit_seconds,
    )


def _differences(before: PastDrill, after: PastDrill) -> Iterator[str]:
    told: Iterable[tuple[str, str, str]] = (
        ("scenario", before.scenario, after.scenario),
        ("fault", before.fault, after.fault),
        ("victims", ", ".join(before.victims), ", ".join(after.victims)),
        ("clients' releases", ", ".join(before.releases), ", ".join(after.releases)),
        ("held for", f"{before.hold_seconds:.0f} s", f"{after.hold_seconds:.0f} s"),
    )
    yield from (f"{what}: {old}, then {new}" for what, old, new in told if old != new)


def _named(drills: Sequence[PastDrill], name: str, cluster: str) -> PastDrill:
    found = [one for one in drills if one.run == name or one.run.endswith(f"-{name}")]
    if len(found) != 1:
        raise OpskitError(
            f"{'more than one run' if found else 'no finished run'} is called {name!r}",
            where=cluster,
            remedy="opskit verify history lists them; the six letters at the end are enough.",
        )
    return found[0]


def told(one: Slowest | None) -> str:
    """Its figure, or what stands for one."""
    if one is None:
        return "not measured"
    return "not judged" if one.seconds is None else seconds(one.seconds, at_least=one.at_least)
