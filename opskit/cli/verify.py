"""`opskit verify`: hang a node under real traffic and judge the recovery; undo what an interrupted drill left."""

from typing import Annotated, Literal

import typer

from opskit.cli.experiment import experiment
from opskit.cli.state import State, finish, say_to_stderr, show_findings
from opskit.errors import Exit

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="markdown",
    no_args_is_help=True,
    help="Hang a node on purpose under real client traffic, and judge the recovery against a window.",
)


@app.command()
def failover(
    ctx: typer.Context,
    scenario: Annotated[
        str, typer.Option("--scenario", "-s", help="What hangs; see `opskit verify list`.")
    ] = "nameserver-and-broker",
    fault: Annotated[
        str, typer.Option("--fault", "-f", help="How it hangs: freeze, blackhole or kill; in the lab also freeze-host.")
    ] = "freeze",
    victim: Annotated[
        list[str] | None,
        typer.Option(
            "--victim",
            help="A host or a broker's name; repeat it. auto: the nameserver that most probing clients are attached "
            "to, the first master.",
        ),
    ] = None,
    window: Annotated[
        float | None,
        typer.Option(
            "--window",
            "-w",
            metavar="SECONDS",
            help="Within which produce, consume and route must recover; else opskit_windows and opskit_window_seconds "
            "of the inventory, else 30.",
        ),
    ] = None,
    hold: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="How long the fault is held; the widest window and the stable time."),
    ] = None,
    stable: Annotated[
        float, typer.Option(metavar="SECONDS", help="A recovery counts after so long without a failure.")
    ] = 30.0,
    interval: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Between two operations of a path; 0.2, or a 25th of the narrowest window if finer."
        ),
    ] = None,
    clients: Annotated[int, typer.Option(min=1, max=100, help="Probing clients of each kind on each client host.")] = 1,
    traffic: Annotated[
        Literal["all", "core"],
        typer.Option(
            help="core: produce, consume and route only, for many clients; all: sends to each broker by name and fresh "
            "clients too.",
        ),
    ] = "all",
    repeat: Annotated[int, typer.Option(min=1, max=100, help="So many drills, at random phases of the timers.")] = 1,
    failure_budget: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Undo at once when more than N operations of the probes have failed."),
    ] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="CLUSTER", help="Name the cluster, where its environment is production.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print every command for every victim; connect to nothing.")
    ] = False,
) -> None:
    """Hang a node on purpose under real traffic, and judge whether every client path recovers within its window.

    The cluster must be healthy and the traffic steady, or nothing is injected. The undo is armed on the victim before
    the fault; it also comes at once on Ctrl-C, a signal, a lost connection. A report with its evidence is kept.

    Exit 0: it holds. Exit 1: a window is missed, or an acknowledged message is lost. Exit 2: wrong usage, nothing was
    touched. Exit 3: it could not be judged. Exit 4: the undo failed; what to do by hand is printed. 130/143:
    interrupted, after the undo.

    Examples: `opskit -i prod verify failover --dry-run` · `opskit -i inventories/lab … verify failover --window 10`
    """
    from opskit.change.confirm import confirm as ask_for_name
    from opskit.cli.drills import run_drills
    from opskit.plan.judge import accept
    from opskit.verify.options import Options
    from opskit.verify.plan import plan, present_plan
    from opskit.verify.scenario import fault_named, scenario_named

    state: State = ctx.obj
    options = Options(
        scenario_named(scenario),
        fault_named(fault),
        tuple(victim or ()),
        window,
        hold,
        stable,
        interval,
        clients,
        failure_budget,
        traffic,
    )
    cluster, warnings = accept(state.required_inventories())
    show_findings(warnings)
    planned = plan(cluster, options)
    if dry_run:
        finish(state, planned, list(present_plan(planned)), Exit.HOLDS)
    ask_for_name(cluster, confirm)
    raise typer.Exit(int(run_drills(state, cluster, options, repeat)))


@app.command("list")
def list_scenarios(ctx: typer.Context) -> None:
    """List the scenarios and the faults; connects to nothing."""
    from opskit.verify.catalogue import CATALOGUE, present_catalogue

    finish(ctx.obj, CATALOGUE, list(present_catalogue()), Exit.HOLDS)


@app.command()
def restore(ctx: typer.Context) -> None:
    """Undo what an interrupted drill or drain left on the hosts: from any machine, at any time, as often as you like.

    Exit 0: nothing is left. Exit 3: a host is out of reach, and its own timer undoes it, or it is still at work, and
    the next `restore` tells. Exit 4: an undo failed. An inventory that the rules reject will do if it names the hosts.
    """
    from opskit.inventory.load import load
    from opskit.plan.judge import judge, rejection
    from opskit.verify.restore import exit_code, present, restore_all

    state: State = ctx.obj
    judged = judge(load(state.required_inventories()))
    if judged.cluster is None:
        raise rejection(judged.errors)
    show_findings(judged.errors)
    say_to_stderr(f"Asking {len(judged.cluster.hosts)} hosts what is armed; to start what was killed may take minutes")
    result = restore_all(judged.cluster)
    finish(state, result, list(present(result)), exit_code(result))


@app.command()
def history(
    ctx: typer.Context,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="RUN RUN", help="Compare two drills, each named by the last letters of its run."),
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="How many drills to look back.")] = 20,
) -> None:
    """List the drills of this cluster that this machine made, newest first; compare two of them."""
    from opskit.plan.judge import accept
    from opskit.runs.past import past
    from opskit.verify.result import VerifyResult
    from opskit.verify.showing import compare as drills
    from opskit.verify.showing.present_history import present_history

    state: State = ctx.obj
    cluster, _ = accept(state.required_inventories())
    found = drills.history(cluster.name, past(cluster.name, "verify", VerifyResult, last), compare)
    finish(state, found, list(present_history(found)), Exit.HOLDS)


app.command()(experiment)
