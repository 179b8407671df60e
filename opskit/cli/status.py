"""`opskit status`: ask every nameserver and broker, each with a deadline."""

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer

from opskit.cli.state import State, finish, show_findings

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def status(
    ctx: typer.Context,
    deadline: Annotated[
        float,
        typer.Option(
            min=0.1, max=60, help="Seconds that each server has to answer; all are asked at once, after any SSH login."
        ),
    ] = 0.7,
) -> None:
    """Ask every nameserver and broker at application level, and compare what the nameservers know.

    Exit codes: 0 all is as declared · 1 it is not · 3 no server could be reached.
    """
    state: State = ctx.obj
    sources = state.required_inventories()
    from opskit.plan.judge import accept
    from opskit.status.ask import ask_now

    cluster, warnings = accept(sources)
    show_findings(warnings)
    with ThreadPoolExecutor(max_workers=1) as pool:
        answers = pool.submit(ask_now, cluster, deadline)
        # What shows the answers is imported while the servers are waited for.
        from opskit.report import terminal  # noqa: F401
        from opskit.status.judge import judge
        from opskit.status.present import present

        report = judge(cluster, answers.result())
    finish(state, report, tuple(present(report)), report.exit)
