"""The root command: global options, lazily imported commands, and the one place where errors become exit codes."""

import atexit
import errno
import gc
import importlib
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from opskit.cli.state import Format, State
from opskit.errors import Exit, OpskitError

COMMANDS = {
    "plan": "Judge topology and settings without any connection.",
    "render": "Render every file of every host; diff against the hosts.",
    "deploy": "Roll the cluster to the declared state, gate by gate.",
    "verify": "Hang a node under real traffic; judge the recovery against a window.",
    "rollout": "Put close-on-timeout in force in every client, and prove it from the running process.",
    "compliance": "Audit hosts, servers and clients against what keeps a cluster safe; what changed.",
    "status": "Ask every nameserver and broker, each with a deadline.",
    "lab": "The embedded lab: systemd hosts in containers, reached by SSH.",
}

GARBAGE_THRESHOLD = 20_000
"""New objects before a collection; Python's own default is 700."""


class LazyCommand(TyperCommand):
    """A command known by name and sentence only; its module is imported when it runs."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        module = importlib.import_module(f"opskit.cli.{self.name}")
        return typer.main.get_command(module.app).make_context(info_name, args, parent, **extra)


class LazyGroup(TyperGroup):
    """Lists every command without importing one."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002
        sentence = COMMANDS.get(cmd_name)
        return LazyCommand(cmd_name, help=sentence) if sentence else None


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 holds · 1 does not hold · 2 wrong usage or inventory, nothing touched · "
    "3 could not be judged · 4 an undo failed · 70 a bug · 130/143 interrupted, after the undo.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from opskit import __version__

        typer.echo(f"opskit {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    inventory: Annotated[
        list[Path] | None,
        typer.Option("-i", "--inventory", help="Ansible inventory, file or folder; repeat it to overlay another."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="text for people, json for scripts.")] = Format.text,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more on stderr: every step of a roll.")] = False,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Deploy, verify and keep Apache RocketMQ clusters that survive a hung nameserver."""
    ctx.obj = State(inventories=tuple(inventory or ()), output=output, verbose=verbose)


def _terminate(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise SystemExit(int(Exit.TERMINATED))


def _bug() -> None:
    handle, name = tempfile.mkstemp(prefix="opskit-bug-", suffix=".txt")
    with os.fdopen(handle, "w") as file:
        file.write(traceback.format_exc())
    sys.stderr.write(f"opskit: this is a bug in opskit; its traceback is in {name}. Please report it.\n")


def _disk_full(error: OSError) -> None:
    place = f" ({error.filename})" if error.filename else ""
    sys.stderr.write(f"opskit: the disk of this machine is full{place}\n  Free some space and run again.\n")


def main() -> None:
    """Entry point: run the command, end with the exit code of `opskit.errors.Exit`.

    Usage errors are shown by typer, which ends with 2.
    """
    # nearly all that a command makes lives to its end: to look through it for garbage is a seventh of its time
    gc.set_threshold(GARBAGE_THRESHOLD)
    atexit.register(gc.freeze)
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, _terminate)
    try:
        app()
    except OpskitError as error:
        sys.stderr.write(f"opskit: {error}\n")
        sys.exit(int(error.code))
    except KeyboardInterrupt:
        sys.exit(int(Exit.INTERRUPTED))
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            _disk_full(error)
            sys.exit(int(Exit.UNJUDGED))
        _bug()
        sys.exit(int(Exit.BUG))
