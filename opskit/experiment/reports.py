"""experiment.html, experiment.md and experiment.json in the experiment's folder."""

from collections.abc import Iterator
from pathlib import Path

from opskit.experiment.cells import layout_table, settings_table, table, thaw_table
from opskit.experiment.present import METHOD, origin, page, reasons
from opskit.experiment.result import ExperimentResult
from opskit.report import html
from opskit.report.shapes import Cell, Table


def write_reports(out: Path, result: ExperimentResult) -> None:
    """Each renamed in whole: a reader may look at any time."""
    texts = {
        "experiment.md": markdown(result),
        "experiment.html": html.page(f"Experiment {result.name}", page(result), "\n".join(origin(result))),
        "experiment.json": result.model_dump_json(indent=2, by_alias=True),
    }
    for name, text in texts.items():
        new = out / f".{name}.new"
        new.write_text(text)
        new.rename(out / name)


def markdown(result: ExperimentResult) -> str:
    """For docs: the table, windows by layout and after the undo, what ran, and what they depend on."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: ExperimentResult) -> Iterator[str]:
    yield f"# Experiment {result.name}"
    yield ""
    if result.about:
        yield from (result.about, "")
    yield from (" ".join(origin(result)), "", METHOD, "")
    for shape in (table(result), layout_table(result), thaw_table(result), settings_table(result)):
        if shape.rows:
            yield from (shape.caption, "", *_table(shape), "")
    if found := list(reasons(result)):
        yield from ("Why rows do not hold:", "", *(f"- {_escaped(reason)}" for reason in found))


def _table(shape: Table) -> Iterator[str]:
    yield _line(shape.columns)
    yield _line(["---"] * len(shape.columns))
    yield from (_line([cell.text if isinstance(cell, Cell) else cell for cell in row]) for row in shape.rows)


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
