"""`opskit rollout close-on-timeout`: see what would be done, do it, prove what is in force, take it back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from opskit.cli.progress import PlaybookProgress
from opskit.cli.state import State, finish, say_to_stderr, show_findings
from opskit.errors import Exit, OpskitError

if TYPE_CHECKING:
    from opskit.inventory.cluster import Cluster
    from opskit.inventory.services import Mode

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Put a client setting in force on the client hosts.",
)
close_on_timeout = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="The setting that makes a client leave a hung nameserver: off up to 4.9.0, on by default from 4.9.1 on.",
    epilog="Example: `opskit -i prod rollout close-on-timeout preview --only 'shop1/orders*'`",
)
app.add_typer(close_on_timeout, name="close-on-timeout")

Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="HOST[/NAME]",
        help="Only this client host, or this JVM on it: a glob of unit, container, main class or pid. "
        "/NAME alone: on every host. May be repeated.",
    ),
]
AcceptBrokerCloses = Annotated[
    bool,
    typer.Option("--accept-broker-closes", help="Allow the jar patch where a client instance is shared, or may be."),
]
Confirm = Annotated[
    str | None, typer.Option(metavar="CLUSTER", help="Name the cluster, where its environment is production.")
]
UntestedJdk = Annotated[
    bool, typer.Option("--untested-jdk", help="Load the agent also into JDKs on which that was never shown to work.")
]


@close_on_timeout.command()
def preview(
    ctx: typer.Context,
    only: Only = None,
    accept_broker_closes: AcceptBrokerCloses = False,
    untested_jdk: UntestedJdk = False,
) -> None:
    """Find every JVM that holds a RocketMQ client, and say for each what would be done, why, and at what price.

    Reads /proc on the client hosts; touches no JVM. Beside it: brokers' own setting, and who else is connected.

    Exit 0: all was seen. Exit 3: a client host could not be asked, or not about everything.
    """
    from opskit.rollout.present import present
    from opskit.rollout.run import preview as look
    from opskit.rollout.select import selections
    from opskit.rollout.strategy import Around

    state: State = ctx.obj
    cluster = _cluster(state)
    around = Around(len(cluster.nameservers), accept_broker_closes, untested_jdk)
    result = look(cluster, selections(cluster, only or ()), around)
    finish(state, result, tuple(present(result)), result.exit)


@close_on_timeout.command()
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
    accept_broker_closes: AcceptBrokerCloses = False,
    untested_jdk: UntestedJdk = False,
    confirm: Confirm = None,
) -> None:
    """Put close-on-timeout in force in every JVM by the way that `preview` shows: canary first, then in batches.

    Each batch is watched: processes, declared health commands, stuck and new connections, the client's own log. A JVM
    that does not come back after its restart stops the roll and gets its previous environment or jar back. Every step
    is on record on its host before it is done. At the end it is proved what is in force.

    To go on after a stop, run it again: what is on is passed over. To try the canary alone: `--only HOST`.

    Exit 0: on in all, and proved. Exit 1: the roll stopped, or one is off. Exit 3: a host is out of reach or went
    silent, another run holds the lock, or of one nothing is proved. Exit 4: what failed could not be put back.

    Examples: `opskit -i prod rollout close-on-timeout apply --check` · `… apply --only shop1 --soak 60`
    """
    from opskit.artifacts.own_jars import agent_jar
    from opskit.change.confirm import confirm as ask_for_name
    from opskit.rollout.apply import Options
    from opskit.rollout.apply import apply as roll_out
    from opskit.rollout.present import present as present_plan
    from opskit.rollout.present_apply import present
    from opskit.rollout.select import selections
    from opskit.rollout.strategy import Around

    state: State = ctx.obj
    options = Options(check, batches_of(batches), soak, max_fail_percentage)
    cluster = _cluster(state)
    chosen = selections(cluster, only or ())
    if not check:
        ask_for_name(cluster, confirm)
    around = Around(len(cluster.nameservers), accept_broker_closes, untested_jdk)
    with PlaybookProgress(every_step=state.verbose) as progress:
        result, looked = roll_out(
            cluster,
            state.required_inventories(),
            chosen,
            around,
            options,
            agent_jar(say_to_stderr),
            say_to_stderr,
            progress.on_event,
        )
    plan = tuple(present_plan(looked)) if check else ()
    finish(state, result, (*plan, *present(result)), result.exit)


@close_on_timeout.command()
def undo(
    ctx: typer.Context,
    only: Only = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Restart the units whose files are put back; else they are switched off.")
    ] = False,
    confirm: Confirm = None,
) -> None:
    """Take back what is on record on the client hosts: files and jars to the byte, and live instances switched off.

    Exit 0: undone. Exit 2: nothing on record answers to the names. Exit 3: a host is out of reach. Exit 4: something
    could not be put back; it stays on record.

    Example: `opskit -i prod rollout close-on-timeout undo --only shop1/orders`
    """
    from opskit.change.confirm import confirm as ask_for_name
    from opskit.rollout.present_apply import present_undo
    from opskit.rollout.select import selections
    from opskit.rollout.undo import undo as take_back

    state: State = ctx.obj
    cluster = _cluster(state)
    chosen = selections(cluster, only or ())
    ask_for_name(cluster, confirm)
    result = take_back(cluster, chosen, restart)
    finish(state, result, tuple(present_undo(result)), result.exit)


@close_on_timeout.command()
def prove(
    ctx: typer.Context,
    only: Only = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="Load opskit's agent into every JVM to read the live value; else only where it is already."
        ),
    ] = False,
    untested_jdk: UntestedJdk = False,
    drill: Annotated[
        bool,
        typer.Option("--drill", help="Then hang the nameservers that they use, one at a time, and watch them leave."),
    ] = False,
    consumer_gap: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="With --drill: the longest that a consumer group may acknowledge nothing while messages come.",
        ),
    ] = 8.0,
    confirm: Confirm = None,
) -> None:
    """Say for each JVM whether close-on-timeout is in force: by its agent's report, or by what the process holds.

    A drill needs a healthy cluster and a second nameserver. The undo is armed on the nameserver's host before it hangs,
    and comes as soon as all have left, after 68 s at the most, and at once on Ctrl-C, a signal, a lost connection.

    Exit 0: it is in force in all, and with --drill all moved and went on consuming. Exit 1: it is off in one, one
    stayed, or a consumer group stopped. Exit 3: of one nothing is proved, it was not tried, or there is none. Exit 4:
    the undo is not confirmed. 130/143: interrupted, after the undo.
    """
    from opskit.artifacts.own_jars import agent_jar
    from opskit.change.confirm import confirm as ask_for_name
    from opskit.rollout.drill import drill as watch_them_leave
    from opskit.rollout.drill import refuse
    from opskit.rollout.present_prove import present
    from opskit.rollout.run import prove_all
    from opskit.rollout.select import selections

    state: State = ctx.obj
    cluster = _cluster(state)
    chosen = selections(cluster, only or ())
    if drill:
        refuse(cluster, consumer_gap)
        ask_for_name(cluster, confirm)
    result = prove_all(cluster, chosen, lambda: agent_jar(say_to_stderr).path, live=live, untested_jdk=untested_jdk)
    if drill:
        from opskit.cli.hanging import Freezes

        result = watch_them_leave(cluster, result, Freezes(cluster), consumer_gap, say_to_stderr)
    finish(state, result, tuple(present(result)), result.exit)


@close_on_timeout.command()
def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files; new, or of an export.")],
    mode: Annotated[
        str, typer.Option(help="nameserver: close connections to nameservers only; every: all.")
    ] = "nameserver",
    latency_fault: Annotated[
        bool, typer.Option("--latency-fault", help="The agent also switches on sendLatencyFaultEnable.")
    ] = False,
) -> None:
    """Write the agent, a unit drop-in, lines for a container image and instructions, for hosts out of opskit's hands.

    Needs no inventory.
    """
    from opskit.artifacts.own_jars import agent_jar
    from opskit.report.shapes import Sentence, Table
    from opskit.rollout.export import export as write

    state: State = ctx.obj
    if mode not in ("nameserver", "every"):
        raise OpskitError(f"there is no mode {mode!r}", where="--mode", remedy="It is nameserver or every.")
    jar = agent_jar(say_to_stderr)
    result = write(out, jar.path, jar.sha256, cast("Mode", mode), latency_fault)
    table = Table(("file",), tuple((name,) for name in result.files))
    finish(state, result, (table, Sentence(f"Begin with {out}/README.md.", "good")), Exit.HOLDS)


def _cluster(state: State) -> "Cluster":
    from opskit.plan.judge import accept

    cluster, warnings = accept(state.required_inventories())
    show_findings(warnings)
    return cluster


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
