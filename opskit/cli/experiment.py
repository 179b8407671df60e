"""`opskit verify experiment`: a table of drills over embedded labs side by side."""

from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer
from rich.text import Text

from opskit.cli.state import State, finish, say_to_stderr
from opskit.errors import Exit, OpskitError
from opskit.report.terminal import console


class ExperimentProgress:
    """Lines of what happened, and one moving line of what every lab does where stderr is a terminal."""

    def __init__(self) -> None:
        self._console = console(stderr=True)
        self._status = self._console.status("")
        self._labs: dict[str, str] = {}
        self._left = ""

    def __enter__(self) -> "ExperimentProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def note(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)

    def busy(self, lab: str, text: str) -> None:
        self._labs[lab] = text
        self._move()

    def idle(self, lab: str) -> None:
        self._labs.pop(lab, None)
        self._move()

    def left(self, rows: int, seconds: float) -> None:
        self._left = f"{rows} rows left, about {seconds / 60:.0f} min"
        if not self._console.is_terminal:
            self.note(self._left)
        self._move()

    def _move(self) -> None:
        if self._console.is_terminal:
            lines = (self._left, *(f"  {lab}: {text}" for lab, text in sorted(self._labs.items())))
            self._status.update(Text("\n".join(line for line in lines if line)))
            self._status.start()


def experiment(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The table, such as experiments/hang.yml.")],
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=16, help="Labs side by side.")] = 2,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Where rows and reports lie; else experiments/NAME in opskit's state."),
    ] = None,
    row: Annotated[list[str] | None, typer.Option("--row", metavar="NAME", help="Only this row; repeat it.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every row and say what would be done; start nothing.")
    ] = False,
) -> None:
    """Make a table of drills over embedded labs side by side; one page and one Markdown table.

    Every row is checked before anything starts. A row that was judged is not made again: run it again to finish what
    was cut off. Rows on equal servers share a lab. A row that cannot be judged is made once more, in a new lab.

    Exit 0: every row turned out as it expects. Exit 1: one did not, such as a negative control that passes. Exit 2: the
    table is wrong; nothing was touched. Exit 3: a row could not be judged. Exit 4: an undo failed; its lab is left as
    it is. 130/143: interrupted, after every undo, the labs gone.

    Example: `opskit verify experiment experiments/smoke.yml --dry-run`
    """
    from opskit import paths
    from opskit.experiment.figures import exit_code
    from opskit.experiment.prepare import prepare
    from opskit.experiment.present import present
    from opskit.experiment.preview import present_preview, preview
    from opskit.experiment.run import make, pick, picked
    from opskit.experiment.table import read

    state: State = ctx.obj
    if state.inventories:
        raise OpskitError(
            "an experiment takes no inventory: its rows name theirs",
            where="-i",
            remedy="Leave -i out; inventory: and vars: in the table say what runs.",
        )
    table = read(file)
    say_to_stderr(f"Checking {len(table.rows)} rows")
    prepared = prepare(table, file)
    only = tuple(row or ())
    if dry_run:
        planned = preview(table.name, pick(prepared, only), jobs)
        finish(state, planned, list(present_preview(planned)), Exit.HOLDS)
    folder = out or paths.state() / "experiments" / table.name
    with ExperimentProgress() as progress:
        result = make(table, prepared, only, file, folder, jobs, progress)
    finish(state, result, list(present(result)), exit_code(picked(result, only)))
