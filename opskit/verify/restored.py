"""Whether a victim is what it was before the fault: two snapshots of `opskit.onhost.snapshots`, compared. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from opskit.inventory.cluster import Frozen

STOPPED = "T"


class Process(Frozen):
    """start_ticks: of its start since boot, which tells a pid that is used again."""

    pid: int
    start_ticks: int
    state: str


class Unit(Frozen):
    active: str
    restart: str
    processes: tuple[Process, ...]


class Snapshot(Frozen):
    """tables, dropins, armed: what opskit has in nftables, in systemd's runtime folder, and in its records."""

    boot_id: str
    units: dict[str, Unit]
    tables: tuple[str, ...]
    dropins: tuple[str, ...]
    armed: tuple[str, ...]


def differences(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """What the fault left behind, a sentence each; none where the host is what it was.

    kind: of the fault; after a kill other processes are what is expected.
    """
    was, now = Snapshot.model_validate(before), Snapshot.model_validate(after)
    return (*_units(was, now, kind), *_left(was, now))


def _units(was: Snapshot, now: Snapshot, kind: str) -> Iterator[str]:
    rebooted = was.boot_id != now.boot_id
    if rebooted:
        yield "the host was rebooted"
    for name, unit in was.units.items():
        found = now.units.get(name)
        if found is None:
            yield f"nothing is known of {name}"
            continue
        if found.active != unit.active:
            yield f"{name} was {unit.active} and is {found.active}"
        if found.restart != unit.restart:
            yield f"{name} had Restart={unit.restart} and has Restart={found.restart}"
        there = {(process.pid, process.start_ticks) for process in found.processes}
        if not rebooted and kind != "kill":
            for process in unit.processes:
                if (process.pid, process.start_ticks) not in there:
                    yield f"process {process.pid} of {name} is gone"
        for process in found.processes:
            if process.state == STOPPED:
                yield f"process {process.pid} of {name} is still stopped"


def _left(was: Snapshot, now: Snapshot) -> Iterator[str]:
    for sentence, before, after in (
        ("the nftables table {} is left", was.tables, now.tables),
        ("the drop-in {} is left", was.dropins, now.dropins),
        ("the undo of {} is still armed", was.armed, now.armed),
    ):
        yield from (sentence.format(name) for name in after if name not in before)
