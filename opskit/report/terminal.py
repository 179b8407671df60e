"""Report shapes on a terminal: colour only where it is one, full width where it is not."""

import errno
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from opskit.report.printable import printable
from opskit.report.reader import mute
from opskit.report.shapes import (
    Banner,
    Cell,
    Chart,
    Diff,
    Figures,
    Fold,
    Heading,
    Listing,
    Mark,
    Sentence,
    Shape,
    Subheading,
    Table,
    Timeline,
)

STYLES: dict[Mark, str] = {"good": "green", "bad": "bold red", "warn": "yellow", "dim": "dim", "plain": ""}
SYMBOLS: dict[Mark, str] = {"good": "✔ ", "bad": "✘ ", "warn": "! ", "dim": "", "plain": ""}
PIPE_WIDTH = 160


class PatientConsole(Console):
    """rich's own ends the program with exit code 1 where a pipe's reader has left, in the middle of a roll too."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        mute(self.file)

    def _write_buffer(self) -> None:
        """A terminal that was hung up is a reader that has left; rich knows broken pipes only."""
        try:
            super()._write_buffer()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self.on_broken_pipe()


def console(*, stderr: bool = False) -> Console:
    """A console for stdout, or stderr; rich honours NO_COLOR and drops colour where it is no terminal."""
    probe = PatientConsole(stderr=stderr)
    return probe if probe.is_terminal else PatientConsole(stderr=stderr, width=max(probe.width, PIPE_WIDTH))


def show(shapes: Iterable[Shape], on: Console) -> None:
    """Print the shapes in order."""
    for shape in shapes:
        match shape:
            case Heading(text):
                on.print(Text(f"\n{printable(text)}", style="bold"))
            case Subheading(text, note):
                on.print(
                    Text.assemble("\n", (printable(text), "bold"), (f"  {note}" if note else "", "dim")), soft_wrap=True
                )
            case Sentence(text, mark):
                on.print(_marked(text, mark), soft_wrap=True)
            case Table():
                on.print(_table(shape))
            case Diff(text):
                on.print(_diff(text), soft_wrap=True)
            case Banner(text, mark, reasons):
                on.print(_marked(text, mark, "bold"), soft_wrap=True)
                show(reasons, on)
            case Figures(cards):
                on.print(_table(Table(("", "", ""), tuple((c.label, Cell(c.value, c.mark), c.note) for c in cards))))
            case Listing(text):
                on.print(Text(printable(text)), soft_wrap=True)
            case Fold(text, folded):
                show((Heading(text), *folded), on)
            case Timeline() | Chart():
                pass  # pictures belong to a page; their figures are in the tables


def _table(shape: Table) -> RichTable:
    table = RichTable(box=None, pad_edge=False, header_style="bold", show_header=any(shape.columns))
    for column in shape.columns:
        table.add_column(column, overflow="fold")
    for row in shape.rows:
        table.add_row(*(_cell(cell) for cell in row))
    return table


def _cell(cell: Cell | str) -> Text:
    return Text(printable(cell)) if isinstance(cell, str) else _marked(cell.text, cell.mark)


def _marked(text: str, mark: Mark, style: str = "") -> Text:
    return Text(SYMBOLS[mark] + printable(text), style=f"{STYLES[mark]} {style}".strip())


def _diff(text: str) -> Text:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    return Text("\n").join(Text(printable(line), style=styles.get(line[:1], "")) for line in text.splitlines())
