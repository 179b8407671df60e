"""Processes of a cgroup, from /proc: which they are, and whether they are stopped."""

import os
from typing import List, NamedTuple, Optional, Tuple

PROC = "/proc"
STOPPED = "T"
"""State of a process after SIGSTOP; a traced one is in "t"."""
_DEAD = ("Z", "X")


class Process(NamedTuple):
    """start_ticks: of its start since boot (/proc/PID/stat, field 22): with it a pid that is used again is told apart.

    state: "T" where every thread of it is stopped.
    """

    pid: int
    start_ticks: int
    state: str


def boot_id() -> str:
    """Of this boot: ticks are counted from its start."""
    with open(os.path.join(PROC, "sys/kernel/random/boot_id")) as file:
        return file.read().strip()


def of_cgroup(path: str) -> List[Process]:
    """Every living process in a cgroup of systemd's hierarchy (v2, or v1's name=systemd) and in those below it."""
    found = []
    for pid in sorted(int(name) for name in os.listdir(PROC) if name.isdigit()):
        if path.strip("/") and _within(_read(pid, "cgroup"), path):
            process = look(pid)
            if process:
                found.append(process)
    return found


def look(pid: int) -> Optional[Process]:
    """The process as it is now; None where it is gone, or dead and only waits for its parent."""
    ticks = _stat(_read(pid, "stat"))[1]
    try:
        tasks = os.listdir(os.path.join(PROC, str(pid), "task"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    states = [_stat(_read(pid, os.path.join("task", task, "stat")))[0] for task in tasks]
    alive = [state for state in states if state not in _DEAD]
    if not alive:
        return None
    return Process(pid, ticks, next((state for state in alive if state != STOPPED), STOPPED))


def send(pid: int, start_ticks: int, signum: int) -> bool:
    """Send a signal to this very process; False where it is gone, whoever has its pid now."""
    process = look(pid)
    if process is None or process.start_ticks != start_ticks:
        return False
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def _within(text: str, path: str) -> bool:
    for line in text.splitlines():
        _, hierarchy, found = line.split(":", 2)
        if hierarchy in ("", "name=systemd") and (found + "/").startswith(path + "/"):
            return True
    return False


def _stat(text: str) -> Tuple[str, int]:
    """State and start; a name in parentheses comes before them, and may hold anything."""
    if not text:
        return _DEAD[0], 0
    fields = text[text.rindex(")") + 2 :].split()
    return fields[0], int(fields[19])


def _read(pid: int, name: str) -> str:
    try:
        with open(os.path.join(PROC, str(pid), name)) as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it ended in between
