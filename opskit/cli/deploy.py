"""`opskit deploy`: roll the cluster to its declared state."""

from typing import Annotated

import typer

from opskit.cli.progress import PlaybookProgress
from opskit.cli.state import State, finish, say_to_stderr, show_findings, show_result
from opskit.errors import Exit

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def deploy(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Say what would change; touch nothing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the diff of every file, secrets masked.")] = False,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit", metavar="HOST", help="Roll only this host; repeat it. All are asked and locked; no smoke test."
        ),
    ] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="CLUSTER", help="Name the cluster, where its environment is production.")
    ] = None,
    smoke: Annotated[bool, typer.Option(help="Send and receive 1,000 messages from a client host at the end.")] = True,
    verify: Annotated[
        bool, typer.Option("--verify", help="Then hang a nameserver and a broker, and judge the recovery.")
    ] = False,
) -> None:
    """Roll the cluster to its declared state: preflight, jars, nameservers, slaves, masters, one at a time.

    A master is drained before it stops. After each server a gate must open: registered with every nameserver, routes
    equal everywhere, its pair in sync. The roll stops at the first that does not. A run that changes nothing restarts
    nothing.

    Exit 0: it is as declared, its gates are open, its smoke test holds. Exit 1: preflight, a step, a gate or the smoke
    test says no. Exit 2: the inventory is rejected. Exit 3: a host is out of reach, or another run holds the lock. Exit
    4: a drained broker could not be made writable again. Run it again to finish a roll that stopped.

    Examples: `opskit -i inventories/lab deploy --check --diff` · `opskit -i prod deploy --confirm orders`
    """
    from opskit.change.confirm import confirm as ask_for_name
    from opskit.cli.drills import run_drills
    from opskit.deploy.present import exit_code, present
    from opskit.deploy.run import Options
    from opskit.deploy.run import deploy as roll
    from opskit.plan.judge import accept
    from opskit.verify.options import Options as Drill
    from opskit.verify.plan import plan

    state: State = ctx.obj
    sources = state.required_inventories()
    cluster, warnings = accept(sources)
    show_findings(warnings)
    if verify:
        # a drill that must not be made is refused before the roll
        plan(cluster, Drill())
    if not check:
        ask_for_name(cluster, confirm)
    hosts = tuple(limit or ())
    with PlaybookProgress(every_step=state.verbose) as progress:
        result = roll(cluster, sources, Options(check, hosts, smoke), say_to_stderr, progress.on_event)
    code = exit_code(result)
    if not verify or check or code is not Exit.HOLDS:
        finish(state, result, list(present(result, diff)), code)
    show_result(state, result, list(present(result, diff)))
    raise typer.Exit(int(run_drills(state, cluster, Drill())))
