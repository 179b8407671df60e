"""What a fault may change on this host: taken before it and after its undo, compared by the controller."""

import glob
from typing import Any, Dict, List, NamedTuple

from . import changes, nft, processes, units

TABLES = "opskit_"
DROPINS = "/run/systemd/system/*.d/opskit-drill-*.conf"


class Unit(NamedTuple):
    """active: systemd's ActiveState; restart: its Restart= in force."""

    active: str
    restart: str
    processes: List[processes.Process]


def unit(name: str) -> Unit:
    """A systemd unit and every process of its cgroup."""
    shown = units.properties(name, "ActiveState,Restart,ControlGroup")
    return Unit(shown["ActiveState"], shown.get("Restart", ""), processes.of_cgroup(shown.get("ControlGroup", "")))


def take(names: List[str]) -> Dict[str, Any]:
    """{boot_id, units: {unit: {active, restart, processes: [{pid, start_ticks, state}]}}, tables, dropins, armed}."""
    found = {}
    for name in names:
        seen = unit(name)
        found[name] = {
            "active": seen.active,
            "restart": seen.restart,
            "processes": [process._asdict() for process in seen.processes],
        }
    return {
        "boot_id": processes.boot_id(),
        "units": found,
        "tables": nft.tables(TABLES),
        "dropins": sorted(glob.glob(DROPINS)),
        "armed": changes.armed(),
    }


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    """A snapshot of the request's units."""
    return take(request["units"])
