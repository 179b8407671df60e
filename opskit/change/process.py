"""One process of one machine, named so that another run can tell whether it is gone."""

import os
from pathlib import Path

from opskit.inventory.cluster import Frozen


class Process(Frozen):
    """machine: boot and PID namespace, since host names repeat; started: clock ticks after boot, since PIDs repeat."""

    machine: str
    pid: int
    started: int


def current() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(machine=_machine(), pid=pid, started=_started(pid) or 0)


def is_gone(process: Process) -> bool:
    """Whether it has ended; False where that cannot be told: it ran on another machine, or before a reboot."""
    return process.machine == _machine() and _started(process.pid) != process.started


def _machine() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def _started(pid: int) -> int | None:
    """None where there is no such process, or only a zombie that nobody has waited for."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(fields[18])
