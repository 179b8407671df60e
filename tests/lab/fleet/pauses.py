"""What a JVM logs of its safepoints: in each of them all of its threads stand. Pure."""

import re
from typing import NamedTuple

_LINE = re.compile(r'^\[(\d+)ms\]\s*Safepoint "(\w+)",.* Total:\s*(\d+) ns', re.MULTILINE)
"""-Xlog:safepoint with the decoration timemillis, 17 and later."""
REDEFINES = "RedefineClasses"
"""What changes the code of a class that is loaded."""


class Pause(NamedTuple):
    """at_ms: its end; ms: until all threads stood, and how long they did."""

    at_ms: int
    why: str
    ms: float


def pauses(log: str) -> list[Pause]:
    return [Pause(int(at), why, int(total) / 1e6) for at, why, total in _LINE.findall(log)]


class Work(NamedTuple):
    """Of a thread since its start: on a core, and waiting for one."""

    pid: int
    ran_ms: float
    waited_ms: float


def works(listed: str) -> list[Work]:
    """Rows of a pid and the thread's /proc/PID/task/TID/schedstat: nanoseconds on a core, waiting, time slices."""
    rows = [list(map(int, row.split())) for row in listed.splitlines()]
    return [Work(pid, ran / 1e6, waited / 1e6) for pid, ran, waited, _ in rows]
