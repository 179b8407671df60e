"""One contender, run once: how long it took, what it cost, whether it did its work."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import hosts


@dataclass(frozen=True)
class Contender:
    """missed: what of its work it did not do, told its exit code and its output; "" where all was done."""

    name: str
    command: Sequence[str]
    missed: Callable[[int, str], str]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True)
class Measured:
    """One run. processor_seconds, peak_bytes: of the contender; host_seconds: of processors, for its sessions."""

    contender: str
    hosts: int
    seconds: float
    processor_seconds: float
    host_seconds: float
    peak_bytes: int
    missed: str


def measure(contender: Contender, many: int) -> Measured:
    """Run it to its end; its output goes to a file, since what it leaves behind may hold a pipe open."""
    output = contender.folder / "output"
    before = hosts.settle()
    with output.open("wb") as file:
        began = time.monotonic()
        process = subprocess.Popen(
            contender.command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **contender.environment},
            cwd=contender.folder,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    hosts.stop_masters(contender.folder)
    return Measured(
        contender=contender.name,
        hosts=many,
        seconds=round(seconds, 2),
        processor_seconds=round(used.ru_utime + used.ru_stime, 2),
        host_seconds=round(hosts.settle() - before, 2),
        peak_bytes=used.ru_maxrss * 1024,
        missed=" ".join(contender.missed(process.returncode, output.read_text(errors="replace")).split()),
    )
