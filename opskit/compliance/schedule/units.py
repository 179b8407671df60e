"""The systemd units that audit a cluster on a schedule: rendered, never remediating; pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment

from opskit.errors import Exit, OpskitError
from opskit.paths import assets
from opskit.render.environment import environment

PREFIX = "opskit-compliance"
DAILY = "*-*-* 06:00:00"
"""Early enough that the first who comes in reads it."""
RANDOM_DELAY_SECONDS = 900
MARGIN_SECONDS = 300
"""For what an audit does before and after it asks."""
MAY_BE_QUIET = (Exit.FAILS, Exit.UNJUDGED)
"""All others mean that nothing was audited, and are never quiet."""
HIDDEN = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - nothing is written there
"""The unit has its own (PrivateTmp)."""
SAFE = re.compile(r"[A-Za-z0-9:_.-]")
PLAIN_WORD = re.compile(r"[A-Za-z0-9_@/.,:=+-]+")


@dataclass(frozen=True)
class Schedule:
    """One cluster's. All paths absolute.

    program: opskit itself; user: whose SSH key and known_hosts are used; folder: in which it runs; environment: beside
    OPSKIT_STATE and OPSKIT_CACHE; outputs: (kind, path) of --output; arguments: of `compliance run`, as typed.
    on_failure: what to start when it fails, empty for nothing; quiet_on: exit codes that do not count as a failure.
    """

    cluster: str
    inventories: tuple[Path, ...]
    program: Path
    user: str
    folder: Path
    state: Path
    cache: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    on_calendar: str = DAILY
    random_delay_seconds: int = RANDOM_DELAY_SECONDS
    deadline_seconds: float = 120.0
    outputs: tuple[tuple[str, Path], ...] = ()
    arguments: tuple[str, ...] = ()
    on_failure: tuple[str, ...] = ()
    quiet_on: tuple[Exit, ...] = ()


def check(schedule: Schedule) -> None:
    """Raises OpskitError (exit 2) for what systemd would take and the audit could not live with."""
    named = (*schedule.inventories, schedule.program, schedule.folder, schedule.state, schedule.cache)
    for path in (*named, *(path for _, path in schedule.outputs)):
        if any(path.is_relative_to(hidden) for hidden in HIDDEN):
            raise OpskitError(
                "a scheduled audit has a /tmp of its own and would not find it",
                where=str(path),
                remedy="Keep it elsewhere, for instance below /etc/opskit and /var/lib/opskit.",
            )
    texts = (*_command(schedule), *schedule.on_failure, *map(str, named), *schedule.environment.values())
    for text in (schedule.cluster, schedule.user, schedule.on_calendar, *texts):
        # a backslash at a line's end joins the next line to it
        if not text.isprintable() or text.endswith("\\"):
            raise OpskitError(
                f"{text!r} cannot stand in a unit", where="schedule", remedy="Name it without control characters."
            )


def units(schedule: Schedule) -> dict[str, str]:
    """Name → text of the files for systemd's folder."""
    names = Names(schedule.cluster)
    hook = names.hook if schedule.on_failure else ""
    values = {
        "header": header(schedule.cluster),
        "cluster": schedule.cluster,
        "name": names.stem,
        "docs": assets() / "docs" / "compliance-schedule.md",
        "user": schedule.user,
        "folder": schedule.folder,
        "environment": _environment_of(schedule),
        "command": _command(schedule),
        "hook": hook,
        "on_failure": schedule.on_failure,
        "quiet": [int(code) for code in schedule.quiet_on],
        "timeout_seconds": round(schedule.deadline_seconds + MARGIN_SECONDS),
        "writable": writable(schedule),
        "cache": schedule.cache,
        "runs": schedule.state / "runs" / schedule.cluster,
        "on_calendar": schedule.on_calendar,
        "random_delay_seconds": schedule.random_delay_seconds,
    }
    templates = {names.service: "compliance.service.j2", names.timer: "compliance.timer.j2"}
    if hook:
        templates[hook] = "compliance-failed.service.j2"
    return {name: _templates().get_template(template).render(values) for name, template in templates.items()}


@dataclass(frozen=True)
class Names:
    """Of one cluster's units. No cluster's name makes two of them the same: the hook's has an @, which is escaped."""

    cluster: str

    @property
    def stem(self) -> str:
        return f"{PREFIX}-{escape(self.cluster)}"

    @property
    def service(self) -> str:
        return f"{self.stem}.service"

    @property
    def timer(self) -> str:
        return f"{self.stem}.timer"

    @property
    def hook(self) -> str:
        return f"{PREFIX}-failed@{escape(self.cluster)}.service"


def header(cluster: str) -> str:
    """The first line, by which opskit knows its own files again."""
    return f"# Made by `opskit compliance schedule install` for cluster {cluster}; `remove` takes it away."


def writable(schedule: Schedule) -> tuple[Path, ...]:
    """The folders that the audit writes to; systemd starts nothing where one is missing."""
    return tuple(dict.fromkeys((schedule.state, *(path.parent for _, path in schedule.outputs))))


def escape(name: str) -> str:
    """As systemd-escape does, but a dash stays: it means something only in names that stand for a path."""
    kept = (one if SAFE.fullmatch(one) else "".join(f"\\x{byte:02x}" for byte in one.encode()) for one in name)
    escaped = "".join(kept)
    return f"\\x2e{escaped[1:]}" if escaped.startswith(".") else escaped


def _command(schedule: Schedule) -> tuple[str, ...]:
    inventories = (part for path in schedule.inventories for part in ("-i", str(path)))
    outputs = (part for kind, path in schedule.outputs for part in ("--output", f"{kind}={path}"))
    return (str(schedule.program), *inventories, "compliance", "run", *schedule.arguments, *outputs)


def _environment_of(schedule: Schedule) -> dict[str, str]:
    return {
        **schedule.environment,
        "OPSKIT_STATE": str(schedule.state),
        "OPSKIT_CACHE": str(schedule.cache),
        # Ansible's loader makes a folder for itself as it is imported, else below the home, which is read-only
        "ANSIBLE_LOCAL_TEMP": "/tmp",  # noqa: S108 - the unit's own
    }


@cache
def _templates() -> Environment:
    return environment({"plain": _plain, "word": _word, "command": _exec})


def _plain(value: object) -> str:
    """A value that systemd takes as it is, but for specifiers."""
    return str(value).replace("%", "%%")


def _word(value: object) -> str:
    """One word of a list of words."""
    text = _plain(value)
    return text if PLAIN_WORD.fullmatch(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _exec(words: Sequence[str]) -> str:
    """A command line, whose words also know variables."""
    return " ".join(_word(word.replace("$", "$$")) for word in words)
