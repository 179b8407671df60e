"""What happened when, as pictures: a row per path and client, and curves per path; pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from opskit.report.shapes import Bar, Cell, Chart, Fold, Mark, Row, Series, Shape, Timeline
from opskit.report.shapes import Span as Stretch
from opskit.verify.history import Effect
from opskit.verify.judging.spans import Span
from opskit.verify.result import Event, VerifyResult, Victim, Window
from opskit.verify.showing.figures import Axis, Curve
from opskit.verify.showing.words import counted, keeps_limit, outcome, path_in_words, path_rank, seconds

Key = tuple[str, str]
"""(path, client)"""
Shares = Mapping[tuple[str, str], tuple[float, ...]]
MANY_ROWS = 40
WORST_ROWS = 5
"""Where there are more rows than many, so many of each path are shown, those that had it worst; the rest is folded."""
LEGEND = (
    "operations that failed or stayed open, stronger where more did",
    "time to recover, from the event on; a dotted end was not seen",
    "limit",
)


def shading(fault: Span | None, thaw: Span | None, on: Axis) -> tuple[Stretch, ...]:
    """The fault from its effect to its undo, and the thaw as a line."""
    shaded = []
    if fault:
        start, end = on.seconds(fault.from_ns), on.seconds(fault.until_ns)
        shaded.append(Stretch(start, end, f"fault in effect, {seconds(end - start)}", "warn"))
    if thaw:
        at = on.seconds(thaw.from_ns)
        shaded.append(Stretch(at, at, "thaw", "good"))
    return tuple(shaded)


def timeline(
    result: VerifyResult, shares: Shares, effects: Sequence[Effect], shaded: tuple[Stretch, ...], on: Axis
) -> Iterator[Shape]:
    """A row per path and client, below one per victim that shows where the fault was seen in effect."""
    starts: dict[Event, float] = {"fault": 0.0, "thaw": next((one.start for one in shaded if one.label == "thaw"), 0.0)}
    held: defaultdict[Key, list[Window]] = defaultdict(list)
    for window in result.windows:
        held[window.path, window.client].append(window)
    keys = sorted({*held, *((path, client) for client, path in shares)}, key=lambda key: (path_rank(key[0]), key[1]))
    rows = {
        (path, client): _row(path, client, held[path, client], shares.get((client, path), ()), starts)
        for path, client in keys
    }
    first = _worst(rows, held) if len(rows) > MANY_ROWS else set(rows)
    shown = (*_victim_rows(result.victims, effects, on), *(row for key, row in rows.items() if key in first))
    yield Timeline("Seconds from the fault in effect on.", on.start, on.end, shaded, shown, LEGEND)
    rest = tuple(row for key, row in rows.items() if key not in first)
    if rest:
        caption = f"All rows but the {WORST_ROWS} of each path that had it worst."
        yield Fold(
            f"{len(rest)} more rows, of clients that fared no worse",
            (Timeline(caption, on.start, on.end, shaded, rest, LEGEND),),
        )


def _worst(rows: Mapping[Key, Row], held: Mapping[Key, Sequence[Window]]) -> set[Key]:
    """Of each path those with a row to look at: missed windows first, then by what failed."""

    def badness(key: Key) -> tuple[bool, float, float]:
        windows = held[key]
        longest = max((window.seconds or 0 for window in windows), default=0.0)
        return any(keeps_limit(window) is False for window in windows), longest, sum(rows[key].density)

    marked = [key for key, row in rows.items() if row.bars or any(row.density)]
    by_path = groupby(sorted(marked, key=lambda key: key[0]), key=lambda key: key[0])
    return {key for _, keys in by_path for key in sorted(keys, key=badness, reverse=True)[:WORST_ROWS]}


def failures(curves: Sequence[Curve], shaded: tuple[Stretch, ...], on: Axis) -> Iterator[Chart]:
    """Operations per second, all clients together: a chart for each path on which any failed."""
    for curve in sorted(curves, key=lambda curve: path_rank(curve.path)):
        if any(curve.failed):
            series = (Series("attempted", curve.attempted, "dim"), Series("failed", curve.failed, "bad"))
            summary = f"at worst {round(max(curve.failed), 1):g} a second failed"
            yield Chart(curve.path, on.start, on.end, curve.starts, series, shaded, "/s", summary=summary)


def latencies(curves: Sequence[Curve], shaded: tuple[Stretch, ...], on: Axis) -> Iterator[Chart]:
    """One chart a path: slowest and median operation that started in each bucket, failed ones too."""
    for curve in sorted(curves, key=lambda curve: path_rank(curve.path)):
        slowest = max(value for value in curve.slowest if value is not None)
        yield Chart(
            curve.path,
            on.start,
            on.end,
            curve.starts,
            (Series("slowest", curve.slowest), Series("median", curve.median)),
            shaded,
            "s",
            logarithmic=True,
            summary=f"slowest {seconds(slowest)}",
        )


def _row(
    path: str, client: str, windows: Sequence[Window], density: tuple[float, ...], starts: Mapping[Event, float]
) -> Row:
    bars = tuple(_bar(window, starts[window.event]) for window in windows if window.seconds)
    first = next((window for window in windows if window.event == "fault"), None)
    meaning = path_in_words(path)
    group = f"{path}: {meaning}" if meaning else path
    if first is None:
        return Row(client, Cell("not judged", "dim"), group=group, bars=bars, density=density)
    note = f"{counted(first)}, ± {seconds(first.resolution_seconds)}"
    return Row(client, outcome(first), note, group, bars, density)


def _bar(window: Window, start: float) -> Bar:
    took = window.seconds or 0.0
    return Bar(
        start,
        start + took,
        seconds(window.seconds, at_least=window.at_least),
        outcome(window).mark,
        window.at_least,
        None if window.limit_seconds is None else start + window.limit_seconds,
    )


def _victim_rows(victims: Sequence[Victim], effects: Iterable[Effect], on: Axis) -> Iterator[Row]:
    seen: dict[str, list[float]] = defaultdict(list)
    for effect in effects:
        if effect.shown:
            seen[effect.victim].append(on.seconds(effect.at_ns))
    for victim in victims:
        times = seen[victim.host]
        bars = (Bar(min(times), max(times), "fault seen", "warn"),) if times else ()
        mark: Mark = "good" if victim.shown and not victim.missed else "bad"
        text = f"in effect, seen {victim.shown} times" if victim.shown else "never seen in effect"
        note = f"not seen {victim.missed} times" if victim.missed else ""
        yield Row(victim.host, Cell(text, mark), note, "victims: what they showed of the fault themselves", bars)
