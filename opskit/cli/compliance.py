"""`opskit compliance`: audit a running cluster against what keeps it safe; what changed since the last time."""

from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from opskit.cli.state import State, finish, say_to_stderr, show_findings, show_result
from opskit.errors import Exit

if TYPE_CHECKING:
    from opskit.inventory.cluster import Cluster

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="markdown",
    no_args_is_help=True,
    help="Audit a running cluster against what keeps it safe, on a schedule, and tell what changed.",
)


@app.command("run")
def run_audit(
    ctx: typer.Context,
    fail_on: Annotated[
        Literal["low", "medium", "high", "critical"], typer.Option(help="From this severity on a finding gives exit 1.")
    ] = "medium",
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID|FAMILY", help="These controls only; globs, repeatable.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(metavar="ID|FAMILY", help="Not these controls; globs, repeatable.")
    ] = None,
    new_only: Annotated[
        bool, typer.Option("--new-only", help="Show what is new, fixed or became unknown since the run before.")
    ] = False,
    output: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=PATH",
            help="Also write json, junit, html or prom, for node_exporter's textfile collector, to a file; repeatable.",
        ),
    ] = None,
    deadline: Annotated[
        float, typer.Option(min=1, max=3600, metavar="SECONDS", help="For all hosts together.")
    ] = 120.0,
    host_seconds: Annotated[
        float, typer.Option(min=1, max=600, metavar="SECONDS", help="That one host may take.")
    ] = 20.0,
) -> None:
    """Ask every host and every server at once, judge what they tell by every control, compare with the run before.

    Reads only: nothing is changed on any host, and no agent is loaded into a JVM that has none. What was not seen is
    never a pass: it is unknown, with its reason. An inventory whose topology breaks the rules is audited all the same.

    Exit 0: nothing open of --fail-on or above. Exit 1: there is. Exit 2: wrong usage or inventory. Exit 3: not all
    could be judged, or another audit of this cluster is under way.

    Examples: `opskit -i prod compliance run` · `opskit -i prod compliance run --only clients --output junit=audit.xml`
    """
    from opskit.compliance.catalogue import chosen
    from opskit.compliance.showing.wanted import outputs

    state: State = ctx.obj
    wanted = outputs(output or ())
    chosen(only or (), skip or ())
    # asyncssh asks other programs for libraries as it is imported; the inventory is read meanwhile
    _import_beside("opskit.reach.sweep")
    cluster = _cluster(state)
    from opskit.compliance.gather import Bounds
    from opskit.compliance.run import Options, audit

    options = Options(fail_on, tuple(only or ()), tuple(skip or ()), Bounds(host=host_seconds, deadline=deadline))
    # what shows the audit is imported while hosts are waited for
    _import_beside("opskit.compliance.showing.outputs")
    result, run = audit(cluster, options, say_to_stderr)
    from opskit.compliance.showing.outputs import keep
    from opskit.compliance.showing.present import present

    keep(result, run, wanted)
    show_result(state, result, list(present(result, new_only=new_only, verbose=state.verbose)))
    say_to_stderr(f"Kept in {run.folder}")
    raise typer.Exit(int(result.exit))


@app.command("list")
def list_controls(ctx: typer.Context) -> None:
    """List the controls; connects to nothing."""
    from opskit.compliance.showing.catalogue import catalogue, present

    found = catalogue()
    finish(ctx.obj, found, list(present(found)), Exit.HOLDS)


@app.command()
def explain(ctx: typer.Context, id: Annotated[str, typer.Argument(help="See `opskit compliance list`.")]) -> None:
    """Tell why a control is there, what it looks at, what it expects, and what to do; connects to nothing."""
    from opskit.compliance.showing.catalogue import named, present_one

    found = named(id)
    finish(ctx.obj, found, list(present_one(found.controls[0])), Exit.HOLDS)


def _import_beside(module: str) -> None:
    Thread(target=import_module, args=(module,), daemon=True).start()


def _cluster(state: State) -> "Cluster":
    """The declared cluster, whatever the topology rules say of it: an audit is what finds a bad one."""
    from opskit.inventory.load import load
    from opskit.plan.judge import judge, rejection

    judged = judge(load(state.required_inventories()))
    if judged.cluster is None:
        raise rejection(judged.errors)
    show_findings(judged.errors)
    return judged.cluster


@app.command()
def history(
    ctx: typer.Context, last: Annotated[int, typer.Option(min=1, help="How many audits to look back.")] = 20
) -> None:
    """Show the trend of this cluster's audits that this machine made; connects to nothing."""
    from opskit.compliance.past.history import history as kept
    from opskit.compliance.showing.history import present_history

    found = kept(_cluster(ctx.obj).name, last)
    finish(ctx.obj, found, list(present_history(found)), Exit.HOLDS)


@app.command()
def diff(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(help="A run, or its last letters; see `opskit compliance history`.")],
    after: Annotated[str, typer.Argument(help="Another run.")],
) -> None:
    """Compare any two audits: what is new, what became unknown, what was fixed; connects to nothing."""
    from opskit.compliance.past.changes import between
    from opskit.compliance.past.history import audit
    from opskit.compliance.showing.history import present_diff

    state: State = ctx.obj
    cluster = _cluster(state).name
    found = between(cluster, audit(cluster, before), audit(cluster, after))
    finish(state, found, list(present_diff(found, state.verbose)), Exit.HOLDS)


@app.command()
def waivers(ctx: typer.Context) -> None:
    """List the declared waivers, how long each lasts and what it covered last; connects to nothing."""
    from datetime import UTC, datetime

    from opskit.compliance.past.history import last
    from opskit.compliance.showing.waivers import declared, present

    cluster = _cluster(ctx.obj)
    found = declared(cluster, last(cluster.name), datetime.now(UTC))
    finish(ctx.obj, found, list(present(found)), Exit.HOLDS)


schedule = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Audit this cluster by a systemd timer of this machine. It never remediates.",
)
app.add_typer(schedule, name="schedule")


@schedule.command()
def install(
    ctx: typer.Context,
    on_calendar: Annotated[
        str, typer.Option(metavar="WHEN", help="As systemd's OnCalendar: hourly, '*:0/15', '*-*-* 06:00:00'.")
    ] = "*-*-* 06:00:00",
    random_delay: Annotated[
        int, typer.Option(min=0, max=86400, metavar="SECONDS", help="Up to so much later, at random.")
    ] = 900,
    fail_on: Annotated[
        Literal["low", "medium", "high", "critical"], typer.Option(help="Of the audit; see `opskit compliance run`.")
    ] = "medium",
    only: Annotated[list[str] | None, typer.Option(metavar="ID|FAMILY", help="Of the audit.")] = None,
    skip: Annotated[list[str] | None, typer.Option(metavar="ID|FAMILY", help="Of the audit.")] = None,
    output: Annotated[list[str] | None, typer.Option(metavar="KIND=PATH", help="Of the audit.")] = None,
    deadline: Annotated[float, typer.Option(min=1, max=3600, metavar="SECONDS", help="Of the audit.")] = 120.0,
    on_failure: Annotated[
        str, typer.Option(metavar="COMMAND", help="Started when an audit ends with anything but 0; its path in full.")
    ] = "",
    quiet_on: Annotated[
        list[int] | None, typer.Option(metavar="CODE", help="1 or 3: this exit code is no failure; repeatable.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Whose SSH key and known_hosts are used; who typed sudo, else you.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the units; touch nothing.")] = False,
) -> None:
    """Write a hardened service and a timer into systemd's folder, and start the timer; again is once.

    A run that was missed while this machine was off is made up for. Needs root; without, the command for it is told.
    """
    from opskit.compliance.catalogue import chosen
    from opskit.compliance.schedule.declare import as_root, declare
    from opskit.compliance.schedule.timer import install as put
    from opskit.compliance.showing.schedule import present
    from opskit.compliance.showing.wanted import outputs

    state: State = ctx.obj
    outputs(output or ())
    chosen(only or (), skip or ())
    words = ["--fail-on", fail_on, "--deadline", f"{deadline:g}"]
    words += [word for one in only or () for word in ("--only", one)]
    words += [word for one in skip or () for word in ("--skip", one)]
    declared = declare(
        _cluster(state).name,
        state.required_inventories(),
        on_calendar=on_calendar,
        random_delay_seconds=random_delay,
        deadline_seconds=deadline,
        outputs=output or (),
        arguments=words,
        on_failure=on_failure,
        quiet_on=quiet_on or (),
        user=user,
    )
    result = put(declared, as_root(), dry_run=dry_run)
    finish(state, result, list(present(result)), result.exit)


@schedule.command("status")
def schedule_status(ctx: typer.Context) -> None:
    """Tell what is installed, when it is due and how it ended last. Exit 1: no timer audits this cluster."""
    from opskit.compliance.schedule.timer import status
    from opskit.compliance.showing.schedule import present

    result = status(_cluster(ctx.obj).name)
    finish(ctx.obj, result, list(present(result)), result.exit)


@schedule.command()
def remove(ctx: typer.Context) -> None:
    """Stop the timer and take away what `install` wrote, and nothing else."""
    from opskit.compliance.schedule.declare import as_root
    from opskit.compliance.schedule.timer import remove as take
    from opskit.compliance.showing.schedule import present

    result = take(_cluster(ctx.obj).name, as_root())
    finish(ctx.obj, result, list(present(result)), result.exit)
