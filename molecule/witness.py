"""A second reading of a drill: what its probes wrote down, and what was seen beside. Shares no code with opskit.

Instants are seconds of CLOCK_MONOTONIC, which all hosts of a lab share with the machine that runs the tests.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import zstandard


@dataclass(frozen=True)
class Operation:
    """One operation of a client, as its probe wrote it down; a consume is a message that arrived."""

    client: str
    path: str
    begin: float
    end: float
    ok: bool
    message: int | None


@dataclass(frozen=True)
class Standstill:
    """All Java processes of a host were seen stopped, from the first look to the last; so many of them."""

    begin: float
    end: float
    processes: int

    @property
    def seconds(self) -> float:
        return self.end - self.begin


class View(NamedTuple):
    """A nameserver's word: broker's name → id → address; None where it did not answer."""

    at: float
    nameserver: str
    brokers: dict[str, dict[str, str]] | None


class Drill:
    """What a side effect kept of one drill: told.json, a file for each host that was watched, brokers.jsonl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        told = json.loads((folder / "told.json").read_text())
        self.exit: int = told["exit"]
        self.result: dict[str, Any] = told["result"]

    @cached_property
    def victims(self) -> dict[str, Standstill]:
        """Host → its standstill, of the hosts that were seen to stand still."""
        each = {seen.stem: standstill(seen.read_text()) for seen in self.folder.glob("*.txt")}
        return {host: still for host, still in each.items() if still}

    @property
    def fault(self) -> Standstill:
        """Of the one victim."""
        (fault,) = self.victims.values()
        return fault

    @cached_property
    def views(self) -> tuple[View, ...]:
        """What the nameservers said of the brokers, before, during and after."""
        lines = [json.loads(line) for line in (self.folder / "brokers.jsonl").read_text().splitlines()]
        return tuple(View(one["at"], one["nameserver"], one["brokers"]) for one in lines)

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(_read(Path(self.result["folder"]) / "history.jsonl.zst"))

    @property
    def clients(self) -> set[str]:
        return {each.client for each in self.operations if each.path == "produce"}

    def of(self, client: str, path: str) -> list[Operation]:
        return [each for each in self.operations if (each.client, each.path) == (client, path)]

    def during(self, path: str) -> list[Operation]:
        """What began and ended within the fault, whoever did it."""
        own = [each for each in self.operations if each.path == path]
        return [each for each in own if self.fault.begin <= each.begin and each.end <= self.fault.end]

    def waited(self, path: str) -> dict[str, float]:
        """Client → longest time between two of its operations that succeeded, around the fault."""
        return {client: silence(self.of(client, path), self.fault) for client in self.clients}

    def failed_for(self, path: str) -> dict[str, float]:
        """Client → seconds from the beginning of the fault until the last failure of what began before its end."""
        return {client: trouble(self.of(client, path), self.fault) for client in self.clients}

    def first_success(self, client: str, path: str) -> float | None:
        """Seconds from the beginning of the fault until what began after it first succeeded, before its end."""
        ends = [one.end for one in self.of(client, path) if one.ok and one.begin > self.fault.begin]
        return min((end - self.fault.begin for end in ends if end < self.fault.end), default=None)

    def lost(self) -> set[tuple[str, int | None]]:
        """Messages that a broker acknowledged to one of the long-lived producers, and that never arrived."""
        sent = {(one.client, one.message) for one in self.operations if one.path.startswith("produce") and one.ok}
        return sent - {(one.client, one.message) for one in self.operations if one.path == "consume"}

    @property
    def acknowledged(self) -> int:
        return sum(one.path.startswith("produce") and one.ok for one in self.operations)

    def recovery(self, path: str) -> dict[str, float | None]:
        """Client → the seconds that opskit says it took to recover from the fault."""
        told = [one for one in self.result["windows"] if (one["path"], one["event"]) == (path, "fault")]
        return {one["client"]: one["seconds"] for one in told}


def standstill(seen: str) -> Standstill | None:
    """Of lines that watch.py wrote: an instant in nanoseconds, and a letter for each process."""
    looks = [(int(at) / 1e9, states) for at, states in (line.split() for line in seen.splitlines())]
    still = [(at, states) for at, states in looks if set(states) == {"T"}]
    return Standstill(still[0][0], still[-1][0], len(still[0][1])) if still else None


def silence(operations: list[Operation], fault: Standstill) -> float:
    """The longest time between two successes that overlaps the fault; the ends of the drill bound it."""
    ends = [min(one.begin for one in operations), max(one.end for one in operations)]
    instants = sorted([*ends, *(one.end for one in operations if one.ok)])
    return max(b - a for a, b in pairwise(instants) if b > fault.begin and a < fault.end)


def trouble(operations: list[Operation], fault: Standstill) -> float:
    """From the beginning of the fault to the last failure of what began before its end; 0 where nothing failed."""
    failed = [one.end for one in operations if not one.ok and one.end > fault.begin and one.begin < fault.end]
    return max(failed, default=fault.begin) - fault.begin


def _read(history: Path) -> Iterator[Operation]:
    with history.open("rb") as packed:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed)):
            record = json.loads(line)
            if record["kind"] == "op":
                yield Operation(
                    record["client"],
                    record["path"],
                    record["start_ns"] / 1e9,
                    record["end_ns"] / 1e9,
                    record["outcome"] == "ok",
                    record.get("message"),
                )
