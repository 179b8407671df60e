"""One JVM from /proc: who it is, which runtime it has, how it was started. Nothing here touches it.

Raises FileNotFoundError or ProcessLookupError where it has ended, PermissionError where it is another user's.
"""

import os
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import options, roots, runtimes

MOST_OPTION_BYTES = 1 << 20


class Identity(NamedTuple):
    """Effective ids as this host counts them, its pid as it counts itself, the signals it catches as a bit mask."""

    uid: int
    gid: int
    ns_pid: int
    caught: int


def identity(status: str) -> Identity:
    """From /proc/PID/status."""
    fields = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))  # type: Dict[str, str]
    own = (fields.get("NSpid") or fields["Pid"]).split()[-1]
    return Identity(int(fields["Uid"].split()[1]), int(fields["Gid"].split()[1]), int(own), int(fields["SigCgt"], 16))


def text(pid: int, name: str) -> str:
    """A file of /proc/PID."""
    with open(f"{roots.PROC}/{pid}/{name}", errors="replace") as file:
        return file.read()


def runtime(pid: int) -> Optional[Dict[str, object]]:
    """Its Java runtime; None where it is no JVM."""
    with open(f"{roots.PROC}/{pid}/maps", "rb") as file:
        library = runtimes.library(file.read())
    return runtimes.facts(pid, roots.own_path(pid, library)) if library else None


def started(pid: int, major: object) -> Tuple[options.Launch, Dict[str, object]]:
    """How it was started, and what may be told of it."""
    given = dict(word.split("=", 1) for word in _words(pid, "environ") if word.split("=")[0] in options.VARIABLES)
    base = roots.own_path(pid, os.readlink(f"{roots.PROC}/{pid}/cwd"))

    def read(path: str) -> Optional[str]:
        try:
            return roots.read(pid, os.path.join(base, path), MOST_OPTION_BYTES).decode(errors="replace")
        except OSError:
            return None

    found = options.launch(_words(pid, "cmdline"), given, major if isinstance(major, int) else None, read)
    return found, options.facts(found, given)


def shares(pid: int, space: str) -> bool:
    """Whether its namespace is ours; space: mnt, pid, net."""
    return os.readlink(f"{roots.PROC}/{pid}/ns/{space}") == os.readlink(f"{roots.PROC}/self/ns/{space}")


def _words(pid: int, name: str) -> List[str]:
    return text(pid, name).split("\0")[:-1]
