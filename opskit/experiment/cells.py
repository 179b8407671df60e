"""The table of an experiment: its columns, and each row in cells; pure. The page and the Markdown table share them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from opskit.experiment.figures import LAYOUTS
from opskit.experiment.result import ExperimentResult, Figures, Layout, PathFigures, RowResult
from opskit.inventory.cluster import Scalar
from opskit.report.shapes import Cell, Mark, Table
from opskit.rocketmq.settings_value import to_properties_value
from opskit.verify.options import WINDOWED
from opskit.verify.result import Event
from opskit.verify.showing.words import MARKS

COLUMNS = (
    "row",
    "what",
    "held s",
    "produce",
    "consume",
    "longest gap s",
    "route",
    "fresh producers",
    "fresh consumers",
    "lost/late",
    "worst case s",
    "verdict",
)
CAPTION = (
    "produce, consume, route: window in seconds (operations failed/made). Fresh clients: failed/started. "
    "Worst case: predicted for produce / consume / route."
)
ON_A_PAGE = (0, 11, 2, 3, 4, 5, 6, 7, 8, 9)
ON_A_TERMINAL = (0, 2, 3, 4, 6, 9, 11)
NONE = "-"
Cells = tuple[Cell | str, ...]


def table(result: ExperimentResult) -> Table:
    """Every row of the experiment, every column: for docs."""
    return Table(COLUMNS, tuple(_row(row) for row in result.rows), CAPTION)


def page_table(result: ExperimentResult) -> Table:
    """What ran, and what the timers allow, are in tables of their own there."""
    return _picked(result, ON_A_PAGE)


def short_table(result: ExperimentResult) -> Table:
    """For a terminal."""
    return _picked(result, ON_A_TERMINAL)


def layout_table(result: ExperimentResult) -> Table:
    """Producer and consumer on one client instance, and on one each."""
    columns = ("row", *(f"{path}, {layout}" for path in WINDOWED for layout in LAYOUTS))
    caption = "Producer and consumer sharing one client instance, and on separate ones: window s (failed/n)."
    rows: Iterator[Cells] = (
        (row.name, *(_window(row.figures, path, layout=layout) for path in WINDOWED for layout in LAYOUTS))
        for row in _measured(result)
    )
    return Table(columns, tuple(rows), caption)


def thaw_table(result: ExperimentResult) -> Table:
    """What the undo did to the clients."""
    rows: Iterator[Cells] = (
        (row.name, *(_window(row.figures, path, event="thaw") for path in WINDOWED)) for row in _measured(result)
    )
    return Table(("row", *WINDOWED), tuple(rows), "After the undo, which is a second fault: window s (failed/n).")


def theory_table(result: ExperimentResult) -> Table:
    """The closed-form worst case of each path, and the slowest client that was measured."""
    columns = ("row", *(f"{path}, {how}" for path in WINDOWED for how in ("worst case", "measured")))
    rows = tuple((row.name, *_theory(row.figures)) for row in result.rows if row.figures and row.figures.predicted)
    return Table(columns, rows, "Worst case: the longest that the sum of the timers allows, in seconds.")


def settings_table(result: ExperimentResult) -> Table:
    """What ran in each row."""
    components = ("nameserver", "broker", "client")
    rows = tuple((row.name, what(row), *(_settings(row.settings[one]) for one in components)) for row in result.rows)
    caption = "Whatever is not named is at its default."
    return Table(("row", "what", *(f"{one} settings" for one in components)), rows, caption)


def verdict(row: RowResult) -> Cell:
    """What came out, and whether that was expected."""
    if row.state == "not run":
        return Cell("not run", "dim")
    if row.state == "undo failed":
        return Cell("UNDO FAILED", "bad")
    said = row.judgement or "unjudged"
    words = "holds in this run only" if said == "holds" and row.figures and row.figures.in_this_run_only else said
    if row.as_expected is None or (row.state == "unjudged" and not row.as_expected):
        return Cell(words, MARKS[said])
    if row.as_expected:
        return Cell(f"{words}, as expected", "good")
    return Cell(f"{words}, but not in every drill" if said == row.expect else f"{words}; {row.expect} expected", "bad")


def what(row: RowResult) -> str:
    """The fault, the releases, and the author's own words."""
    releases = row.servers if row.servers == row.clients else f"servers {row.servers}, clients {row.clients}"
    hung = f"{row.fault} {row.scenario}, {releases}"
    return f"{hung}: {row.note}" if row.note else hung


def number(value: float | None) -> str:
    """Seconds to a tenth, without a zero that says nothing."""
    return NONE if value is None else f"{value:.1f}".removesuffix(".0")


def window(figures: PathFigures) -> Cell:
    """123.1 (31/1002); >200 where it did not recover."""
    share = f"({figures.failed}/{figures.attempted})"
    if figures.seconds is None:
        return Cell(f"{NONE} {share}", "dim")
    mark: Mark = "plain"
    if figures.limit_seconds is not None:
        mark = "bad" if figures.at_least or figures.seconds > figures.limit_seconds else "good"
    return Cell(f"{'>' if figures.at_least else ''}{number(figures.seconds)} {share}", mark)


def _picked(result: ExperimentResult, columns: Sequence[int]) -> Table:
    rows = tuple(tuple(cells[number] for number in columns) for cells in map(_row, result.rows))
    return Table(tuple(COLUMNS[number] for number in columns), rows, CAPTION)


def _row(row: RowResult) -> Cells:
    figures = row.figures
    if figures is None:
        return (row.name, what(row), *[NONE] * (len(COLUMNS) - 3), verdict(row))
    fresh = {one.path: f"{one.failed}/{one.attempted}" for one in figures.fresh}
    bounds = _bounds(figures)
    return (
        row.name,
        what(row),
        _held(figures),
        _window(figures, "produce"),
        _window(figures, "consume"),
        number(figures.longest_gap_seconds),
        _window(figures, "route"),
        fresh.get("bootstrap@producer", NONE),
        fresh.get("bootstrap@consumer", NONE),
        Cell(f"{figures.lost}/{figures.late}", "bad" if figures.lost else "plain"),
        " / ".join(bounds.get(path, NONE) for path in WINDOWED) if bounds else NONE,
        verdict(row),
    )


def _settings(settings: Mapping[str, Scalar]) -> str:
    return ", ".join(f"{name}={to_properties_value(value)}" for name, value in settings.items()) or "defaults"


def _bounds(figures: Figures) -> Mapping[str, str]:
    return {one.path: "no end" if one.seconds is None else number(one.seconds) for one in figures.predicted}


def _theory(figures: Figures) -> Iterator[Cell | str]:
    bounds = _bounds(figures)
    for path in WINDOWED:
        yield bounds.get(path, NONE)
        yield _window(figures, path)


def _held(figures: Figures) -> str:
    held = number(figures.held_seconds)
    return held if figures.drills == 1 else f"{held}, {figures.drills} drills"


def _window(figures: Figures | None, path: str, event: Event = "fault", layout: Layout = "all") -> Cell:
    wanted = (path, event, layout)
    paths = figures.paths if figures else ()
    found = next((one for one in paths if (one.path, one.event, one.layout) == wanted), None)
    return window(found) if found else Cell(NONE, "dim")


def _measured(result: ExperimentResult) -> Iterable[RowResult]:
    return (row for row in result.rows if row.figures)
