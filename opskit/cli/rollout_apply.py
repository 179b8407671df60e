"""`opskit rollout close-on-timeout apply` and `undo`: what changes something."""

from typing import Annotated

import typer

from opskit.cli.progress import PlaybookProgress
from opskit.cli.state import State, finish, say_to_stderr, show_findings
from opskit.errors import OpskitError

Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="HOST[/NAME]",
        help="Only this client host, or this JVM on it: a glob of unit, container, main class or pid. "
        "/NAME alone: on every host. May be repeated.",
    ),
]


def apply(
    ctx: typer.Context,
    only: Only = None,
    check: Annotated[bool, typer.Option("--check", help="Say what would be done; touch nothing.")] = False,
    batches: Annotated[
        str,
        typer.Option(
            metavar="N,N,…",
            help="Client hosts at a time, as numbers or percentages; the first is the canary, the last repeats.",
        ),
    ] = "1,25%",
    soak: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long each batch is watched before the next.")
    ] = 10.0,
    max_fail_percentage: Annotated[
        float, typer.Option(min=0, max=100, help="Of a batch's hosts; the roll stops above it.")
    ] = 0.0,
    accept_broker_closes: Annotated[
        bool,
        typer.Option(
            "--accept-broker-closes", help="Allow the jar patch where a client instance is shared, or may be."
        ),
    ] = False,
    untested_jdk: Annotated[
        bool,
        typer.Option("--untested-jdk", help="Load the agent also into JDKs on which that was never shown to work."),
    ] = False,
    confirm: Annotated[
        str | None, typer.Option(metavar="CLUSTER", help="Name the cluster, where its environment is production.")
    ] = None,
) -> None:
    """Put close-on-timeout in force in every JVM by the way that `preview` shows: canary first, then in batches.

    Each batch is watched: processes, declared health commands, stuck and new connections, the client's own log. A JVM
    that does not come back after its restart stops the roll and gets its previous environment or jar back. Every step
    is on record on its host before it is done. At the end it is proved what is in force.

    To go on after a stop, run it again: what is on is passed over. To try the canary alone: `--only HOST`.

    Exit 0: on in all, and proved. Exit 1: the roll stopped, or one is off. Exit 3: a host is out of reach, another run
    holds the lock, or of one nothing is proved. Exit 4: what failed could not be put back.

    Examples: `opskit -i prod rollout close-on-timeout apply --check` · `… apply --only shop1 --soak 60`
    """
    from opskit.artifacts.own_jars import agent_jar
    from opskit.change.confirm import confirm as ask_for_name
    from opskit.plan.judge import accept
    from opskit.rollout.apply import Options
    from opskit.rollout.apply import apply as roll_out
    from opskit.rollout.present import present as present_plan
    from opskit.rollout.present_apply import present
    from opskit.rollout.select import selections
    from opskit.rollout.strategy import Around

    state: State = ctx.obj
    sources = state.required_inventories()
    options = Options(check, batches_of(batches), soak, max_fail_percentage)
    cluster, warnings = accept(sources)
    show_findings(warnings)
    chosen = selections(cluster, only or ())
    if not check:
        ask_for_name(cluster, confirm)
    around = Around(len(cluster.nameservers), accept_broker_closes, untested_jdk)
    with PlaybookProgress(every_step=state.verbose) as progress:
        result, looked = roll_out(
            cluster, sources, chosen, around, options, agent_jar(say_to_stderr), say_to_stderr, progress.on_event
        )
    plan = tuple(present_plan(looked)) if check else ()
    finish(state, result, (*plan, *present(result)), result.exit)


def undo(
    ctx: typer.Context,
    only: Only = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Restart the units whose files are put back; else they are switched off.")
    ] = False,
    confirm: Annotated[
        str | None, typer.Option(metavar="CLUSTER", help="Name the cluster, where its environment is production.")
    ] = None,
) -> None:
    """Take back what is on record on the client hosts: files and jars to the byte, and live instances switched off.

    Exit 0: undone. Exit 3: a host is out of reach. Exit 4: something could not be put back; it stays on record.

    Example: `opskit -i prod rollout close-on-timeout undo --only shop1/orders`
    """
    from opskit.change.confirm import confirm as ask_for_name
    from opskit.plan.judge import accept
    from opskit.rollout.present_apply import present_undo
    from opskit.rollout.select import hosts, selections
    from opskit.rollout.undo import undo as take_back

    state: State = ctx.obj
    cluster, warnings = accept(state.required_inventories())
    show_findings(warnings)
    chosen = selections(cluster, only or ())
    ask_for_name(cluster, confirm)
    result = take_back(cluster, hosts(cluster, chosen), [one.name for one in chosen if one.name], restart)
    finish(state, result, tuple(present_undo(result)), result.exit)


def batches_of(text: str) -> tuple[str, ...]:
    """Raises OpskitError (exit 2) for what is neither a number above 0 nor a percentage."""
    found = tuple(part.strip() for part in text.split(","))
    for part in found:
        number = part.removesuffix("%")
        if not number.isdigit() or int(number) == 0 or (part.endswith("%") and int(number) > 100):
            raise OpskitError(
                f"{part!r} is no number of hosts", where="--batches", remedy="Take numbers or percentages, as in 1,25%."
            )
    return found
