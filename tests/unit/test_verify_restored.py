"""What a fault left behind, as a table: a host before, what is different after it, and the sentences."""

from typing import Any

import pytest

from opskit.verify.restored import differences

BEFORE: dict[str, Any] = {
    "boot_id": "boot-1",
    "units": {
        "broker.service": {
            "active": "active",
            "restart": "on-failure",
            "processes": [{"pid": 12, "start_ticks": 120, "state": "S"}, {"pid": 13, "start_ticks": 130, "state": "S"}],
        }
    },
    "tables": ["opskit_fence"],
    "dropins": [],
    "armed": ["drain-1"],
}
OTHER = [{"pid": 20, "start_ticks": 200, "state": "S"}]
REUSED = [{"pid": 12, "start_ticks": 999, "state": "S"}, {"pid": 13, "start_ticks": 130, "state": "R"}]
STOPPED = [{"pid": 12, "start_ticks": 120, "state": "T"}, {"pid": 13, "start_ticks": 130, "state": "S"}]
GONE = ("process 12 of broker.service is gone", "process 13 of broker.service is gone")
DROPIN = "/run/systemd/system/broker.service.d/opskit-drill-1.conf"

CASES: list[tuple[str, str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ("nothing", "freeze", {}, {}, ()),
    ("still stopped", "freeze", {}, {"processes": STOPPED}, ("process 12 of broker.service is still stopped",)),
    ("another process", "freeze", {}, {"processes": OTHER}, GONE),
    ("another process after a blackhole", "blackhole", {}, {"processes": OTHER}, GONE),
    ("another process after a kill", "kill", {}, {"processes": OTHER}, ()),
    ("a pid used again", "freeze", {}, {"processes": REUSED}, GONE[:1]),
    ("a new child", "freeze", {}, {"processes": BEFORE["units"]["broker.service"]["processes"] + OTHER}, ()),
    ("down", "kill", {}, {"active": "failed"}, ("broker.service was active and is failed",)),
    ("not restarted any more", "kill", {}, {"restart": "no"},
     ("broker.service had Restart=on-failure and has Restart=no",)),
    ("its table", "blackhole", {"tables": ["opskit_drill_1", "opskit_fence"]}, {},
     ("the nftables table opskit_drill_1 is left",)),
    ("its drop-in", "kill", {"dropins": [DROPIN]}, {}, (f"the drop-in {DROPIN} is left",)),
    ("its undo", "freeze", {"armed": ["drain-1", "drill-1"]}, {}, ("the undo of drill-1 is still armed",)),
    ("what was there before is over", "freeze", {"tables": [], "armed": []}, {}, ()),
    ("a reboot", "freeze", {"boot_id": "boot-2"}, {"processes": OTHER}, ("the host was rebooted",)),
    ("a unit that is not told of", "freeze", {"units": {}}, {}, ("nothing is known of broker.service",)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "host", "unit", "sentences"), [row[1:] for row in CASES], ids=[r[0] for r in CASES])
def test_differences(kind: str, host: dict[str, Any], unit: dict[str, Any], sentences: tuple[str, ...]) -> None:
    broker = {**BEFORE["units"]["broker.service"], **unit}
    assert differences(BEFORE, {**BEFORE, "units": {"broker.service": broker}, **host}, kind) == sentences
