"""opskit plan."""

import typer

from opskit.cli.state import State, finish
from opskit.errors import Exit
from opskit.inventory.load import load
from opskit.plan.judge import judge
from opskit.plan.present import present
from opskit.plan.result import result

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def plan(ctx: typer.Context) -> None:
    """Judge topology and settings of the declared cluster, without any connection.

    Exit 0: no error finding (warnings are shown). Exit 2: the inventory is rejected, and nothing was touched.
    """
    state: State = ctx.obj
    judged = judge(load(state.required_inventories()))
    answer = result(judged)
    finish(state, answer, tuple(present(answer)), Exit.USAGE if judged.errors else Exit.HOLDS)
