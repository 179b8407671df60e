"""When a unit must restart: judged from what runs, not from a notification."""

import pytest

from opskit.onhost import units

RUNNING = {"loaded": True, "active": "active", "sub": "running", "pid": 7, "started_ns": 1_000}
OLD, NEW = {"mtime_ns": 900}, {"mtime_ns": 1_100}

CASES = [
    ("a process younger than its files stays", RUNNING, [OLD, OLD], ""),
    ("a process older than one file restarts", RUNNING, [OLD, NEW], "its process is older than its files"),
    ("a missing file restarts", RUNNING, [None], "its process is older than its files"),
    (
        "a unit that is not there",
        {**RUNNING, "loaded": False, "active": "inactive", "pid": 0},
        [],
        "it is not running",
    ),
    ("a stopped unit", {**RUNNING, "active": "inactive", "pid": 0, "started_ns": None}, [OLD], "it is not running"),
    ("a failed unit", {**RUNNING, "active": "failed", "pid": 0, "started_ns": None}, [OLD], "it failed"),
]


@pytest.mark.parametrize(("unit", "files", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_restart_reason(unit: dict[str, object], files: list[dict[str, int] | None], reason: str) -> None:
    assert units.restart_reason(unit, files) == reason
