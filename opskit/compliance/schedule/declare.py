"""A schedule from what was typed, and from whom: all that an audit at night must find is named in full."""

import getpass
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from opskit import paths
from opskit.compliance.schedule.units import DAILY, MAY_BE_QUIET, RANDOM_DELAY_SECONDS, Schedule
from opskit.errors import Exit, OpskitError

KEPT = ("ANSIBLE_CONFIG", "ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_VAULT_IDENTITY_LIST")
"""Variables without which the inventory would be another; all name files."""


def declare(
    cluster: str,
    inventories: Sequence[Path],
    *,
    on_calendar: str = DAILY,
    random_delay_seconds: int = RANDOM_DELAY_SECONDS,
    deadline_seconds: float = 120.0,
    outputs: Sequence[str] = (),
    arguments: Sequence[str] = (),
    on_failure: str = "",
    quiet_on: Sequence[int] = (),
    user: str | None = None,
) -> Schedule:
    """outputs: KIND=PATH, each; arguments: of `compliance run` beside them; on_failure: a command line, as in a shell.

    user: else who typed sudo, else who runs this. Raises OpskitError (exit 2) for a word that cannot be.
    """
    return Schedule(
        cluster=cluster,
        inventories=tuple(path.absolute() for path in inventories),
        program=_program(),
        user=user or os.environ.get("SUDO_USER") or getpass.getuser(),
        folder=Path.cwd(),
        state=paths.state(),
        cache=paths.cache(),
        environment={name: os.environ[name] for name in KEPT if name in os.environ},
        on_calendar=on_calendar,
        random_delay_seconds=random_delay_seconds,
        deadline_seconds=deadline_seconds,
        outputs=tuple(map(_output, outputs)),
        arguments=tuple(arguments),
        on_failure=_hook(on_failure),
        quiet_on=tuple(map(_quiet, quiet_on)),
    )


def as_root() -> str:
    """The command that was typed, for root; with the folders and the inventory of who typed it."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    values = {"OPSKIT_STATE": str(paths.state()), "OPSKIT_CACHE": str(paths.cache()), **kept}
    given = (f"{name}={value}" for name, value in values.items())
    return shlex.join(("sudo", "env", *given, str(_program()), *sys.argv[1:]))


def _program() -> Path:
    """Beside the Python that runs this: of a virtual environment its own."""
    return Path(sys.executable).with_name("opskit")


def _output(given: str) -> tuple[str, Path]:
    kind, is_pair, path = given.partition("=")
    if not is_pair or not path:
        raise OpskitError(f"{given!r} is not KIND=PATH", where="--output", remedy="For instance html=/srv/www/mq.html.")
    return kind, Path(path).absolute()


def _hook(line: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise OpskitError(f"{line!r} is no command: {error}", where="--on-failure") from error
    if words and not Path(words[0]).is_absolute():
        raise OpskitError(
            f"{words[0]} is no full path", where="--on-failure", remedy="systemd starts a command by its full path."
        )
    return words


def _quiet(code: int) -> Exit:
    if code not in MAY_BE_QUIET:
        raise OpskitError(
            f"exit {code} cannot be quiet: nothing was audited then",
            where="--quiet-on",
            remedy="1, findings, and 3, not all could be judged, can be quiet.",
        )
    return Exit(code)
