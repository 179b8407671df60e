"""opskit lab: the embedded lab."""

import asyncio
import os
from contextlib import ExitStack
from typing import Annotated

import typer
from rich.text import Text

from opskit.cli.state import State, finish
from opskit.errors import Exit
from opskit.lab import names
from opskit.lab.distribution import DEFAULT, KNOWN, VARIABLE, named
from opskit.report.terminal import console

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="The embedded lab: the inventory's hosts as containers with systemd and sshd, reached by SSH like any host.",
    epilog="Example: `opskit -i inventories/lab lab up`, then "
    "`opskit -i inventories/lab -i OVERLAY deploy` with the overlay inventory that it names.",
)

Name = Annotated[
    str | None, typer.Option("--name", "-n", help="Name of the lab; the inventory folder's name where not given.")
]


class LabProgress(ExitStack):
    """Notes as lines on stderr, and one moving line where that is a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._console = console(stderr=True)
        self._status = self._console.status("")
        self.callback(self._status.stop)

    def note(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)

    def busy(self, text: str) -> None:
        self._status.update(Text(text))
        if self._console.is_terminal:
            self._status.start()


@app.command(epilog="Example: `opskit -i inventories/incident lab up --name night`")
def up(
    ctx: typer.Context,
    name: Name = None,
    distribution: Annotated[
        str, typer.Option("--distribution", envvar=VARIABLE, help=f"What hosts made now run: {' or '.join(KNOWN)}.")
    ] = DEFAULT.name,
) -> None:
    """Make the hosts of the inventory, wait until each answers by SSH, and write the overlay inventory.

    Up twice is up once: what is there stays, what is missing is made, what stopped is started.
    """
    from opskit.inventory.load import load
    from opskit.lab.present import present_up
    from opskit.lab.up import up as bring_up

    state: State = ctx.obj
    inventories = state.required_inventories()
    lab = names.lab(name, inventories)
    with LabProgress() as progress:
        report = asyncio.run(bring_up(load(inventories), lab, named(distribution), progress))
    finish(state, report, tuple(present_up(report, inventories)), Exit.HOLDS)


@app.command(epilog="Example: `opskit lab down --name night`")
def down(
    ctx: typer.Context,
    name: Name = None,
    image: Annotated[bool, typer.Option("--image", help="Remove the image of its hosts as well.")] = False,
) -> None:
    """Remove the lab's containers, network, key and overlay. A lab that is not there is fine."""
    from opskit.lab.down import down as take_down

    state: State = ctx.obj
    lab = names.lab(name, state.inventories)
    with LabProgress() as progress:
        was_there = asyncio.run(take_down(lab, progress, with_image=image))
        progress.note(f"the lab {lab} is gone" if was_there else f"there was no lab {lab}")


@app.command(epilog="Example: `opskit -i inventories/lab lab status`")
def status(ctx: typer.Context, name: Name = None) -> None:
    """Show each host: address, state of its systemd, how long it has been up.

    Exit 0: every host is running. Exit 1: one is not, or there is no lab. Exit 3: podman cannot be asked.
    """
    from opskit.lab.present import present_status
    from opskit.lab.status import status as look

    state: State = ctx.obj
    report = asyncio.run(look(names.lab(name, state.inventories)))
    finish(state, report, tuple(present_status(report)), Exit.HOLDS if report.is_up else Exit.FAILS)


@app.command(epilog="Example: `opskit -i inventories/lab lab shell ns1 -- sudo systemctl status rocketmq-nameserver`")
def shell(
    ctx: typer.Context,
    host: Annotated[str, typer.Argument(help="A host of the lab, by its name in the inventory.")],
    command: Annotated[list[str] | None, typer.Argument(help="What to run there; a shell where not given.")] = None,
    name: Name = None,
) -> None:
    """Log into a host with the lab's key, against its pinned host key; the exit code is ssh's."""
    from opskit.lab.status import shell_command

    state: State = ctx.obj
    line = shell_command(names.lab(name, state.inventories), host, tuple(command or ()))
    os.execvp(line[0], line)  # noqa: S606
