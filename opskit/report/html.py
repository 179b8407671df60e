"""Report shapes as one page that needs nothing else: no network, no file beside it; light, dark, phone and print."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from opskit.report.shapes import Cell, Chart, Diff, Heading, Mark, Shape, Table
from opskit.report.terminal import SYMBOLS
from opskit.report.timeline import place

TEMPLATES = "templates"
DIGITS = 4
"""Significant digits of a charted value; more would only be weight."""
NUMBER = re.compile(r"[≥≤<±~]? ?-?\d[\d,. /±%]*(of \d[\d,]*)?(µs|ms|s|min|KiB|MiB|/s)?|-?")

CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Section:
    """What follows one heading; the first has none. anchor: its id on the page."""

    title: str
    anchor: str
    shapes: tuple[Shape, ...]


def page(title: str, shapes: Iterable[Shape], subtitle: str = "") -> str:
    """The page as text. title: of the window and the top; subtitle: lines below it."""
    parts = tuple(sections(shapes))
    charted = any(isinstance(shape, Chart) for part in parts for shape in part.shapes)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(title=title, subtitle=subtitle, sections=parts, charted=charted)
    )


def sections(shapes: Iterable[Shape]) -> Iterator[Section]:
    """Split at the headings."""
    title, held, number = "", list[Shape](), 0
    for shape in shapes:
        if isinstance(shape, Heading):
            if title or held:
                yield Section(title, f"part-{number}", tuple(held))
            title, held, number = shape.text, [], number + 1
        else:
            held.append(shape)
    yield Section(title, f"part-{number}", tuple(held))


def numeric_columns(table: Table) -> frozenset[int]:
    """Numbers of the columns whose every cell is a figure; they are aligned to the right."""
    texts = [[cell.text if isinstance(cell, Cell) else cell for cell in row] for row in table.rows]
    return frozenset(
        number
        for number, column in enumerate(zip(*texts, strict=True))
        if any(column) and all(map(NUMBER.fullmatch, column))
    )


def chart_data(chart: Chart) -> dict[str, Any]:
    """What the page's script draws."""
    return {
        "start": chart.start,
        "end": chart.end,
        "x": chart.x,
        "series": [
            {"name": one.name, "mark": one.mark, "values": [_short(value) for value in one.values]}
            for one in chart.series
        ],
        "spans": [asdict(span) for span in chart.spans],
        "unit": chart.unit,
        "logarithmic": chart.logarithmic,
    }


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")


def _environment() -> Environment:
    loader = PackageLoader("opskit.report", TEMPLATES)
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "kind": lambda shape: type(shape).__name__.lower(),
        "symbol": _symbol,
        "prose": _prose,
        "numeric": numeric_columns,
        "placed": place,
        "chart_data": chart_data,
        "cell": lambda cell: Cell(cell) if isinstance(cell, str) else cell,
        "lines": _diff_lines,
    }
    environment.globals["asset"] = lambda name: Markup(loader.get_source(environment, name)[0])  # noqa: S704 - our own files
    return environment


def _prose(text: str) -> Markup:
    """Escaped; what stands between two backticks, as a command does, is set as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


def _symbol(mark: Mark) -> str:
    return SYMBOLS[mark].strip()


def _diff_lines(diff: Diff) -> list[tuple[str, str]]:
    kinds = {"+": "good", "-": "bad", "@": "dim"}
    return [(kinds.get(line[:1], "plain"), line) for line in diff.text.splitlines()]
