"""`opskit rollout close-on-timeout`: see what would be done, prove what is in force, take what other hosts need."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

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
) -> None:
    """Say for each JVM whether close-on-timeout is in force: by its agent's report, or by what the process holds.

    Exit 0: it is in force in all. Exit 1: it is off in one. Exit 3: of one nothing is proved, or there is none.
    """
    from opskit.artifacts.own_jars import agent_jar
    from opskit.rollout.present_prove import present
    from opskit.rollout.run import prove_all
    from opskit.rollout.select import selections

    state: State = ctx.obj
    cluster = _cluster(state)
    chosen = selections(cluster, only or ())
    result = prove_all(cluster, chosen, lambda: agent_jar(say_to_stderr).path, live=live, untested_jdk=untested_jdk)
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
