"""Faults before they are injected: what is refused, and what a person would type."""

import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from processes_fake import REQUEST, FakeProc, armed, host, proc

from opskit.onhost import blackhole, changes, faults, nft, units
from opskit.onhost.errors import FaultError

__all__ = ["host", "proc"]
RULESET = """\
table inet opskit_drill_20261122_ab12 {
  chain input {
    type filter hook input priority -10; policy accept;
    iifname "lo" accept
    tcp dport 2222 accept
    tcp dport { 10909, 10911 } counter drop
    tcp sport { 9876 } counter drop
  }
  chain output {
    type filter hook output priority -10; policy accept;
    oifname "lo" accept
    tcp sport 2222 accept
    tcp sport { 10909, 10911 } counter drop
    tcp dport { 9876 } counter drop
  }
}
"""
ARM = "systemd-run --quiet --collect --unit=opskit-undo-20261122-ab12 --on-active=90 "
ARM += "--timer-property=AccuracySec=100ms sh -c "
DROPIN = "/run/systemd/system/a.service.d/opskit-drill-20261122-ab12.conf"
COMMANDS = {
    "freeze": (
        ["systemctl kill --signal=SIGSTOP a.service"],
        ["systemctl kill --signal=SIGCONT a.service"],
    ),
    "blackhole": (
        [f"nft -f - <<'END'\n{RULESET}END"],
        ["nft delete table inet opskit_drill_20261122_ab12"],
    ),
    "kill": (
        [
            "mkdir -p /run/systemd/system/a.service.d && "
            f"printf '[Service]\\nRestart=no\\nRestartForceExitStatus=\\nTimeoutStopSec=1\\n' > {DROPIN}",
            "systemctl daemon-reload",
            "systemctl kill --signal=SIGKILL a.service",
        ],
        [
            "systemctl reset-failed a.service",
            "systemctl start a.service",
            f"rm -f {DROPIN}",
            "systemctl daemon-reload",
        ],
    ),
}


@pytest.mark.parametrize("kind", faults.KINDS)
def test_the_commands_are_those_that_a_person_would_type(kind: str) -> None:
    inject, undo = COMMANDS[kind]
    quoted = f"'{' && '.join(undo)}'"
    assert faults.commands({**REQUEST, "kind": kind}) == {"arm": [ARM + quoted], "inject": inject, "undo": undo}


@pytest.mark.parametrize("kind", faults.KINDS)
def test_the_plan_holds_how_to_undo_it_by_hand(kind: str, host: FakeProc) -> None:
    fault = faults.plan({**REQUEST, "kind": kind})
    assert (fault["by_hand"], fault["boot_id"]) == (COMMANDS[kind][1], "boot-1")


def test_a_server_that_dials_nobody_is_dropped_at_its_own_ports_only() -> None:
    text = blackhole.typed({**REQUEST, "dials": []})[0][0]
    assert text.count("drop") == 2


REFUSALS: list[tuple[str, dict[str, Any], Callable[[FakeProc, pytest.MonkeyPatch], object], str]] = [
    ("no such fault", {"kind": "melt"}, lambda host, _: None, "'melt' is no fault: freeze, blackhole, kill"),
    ("an id that leads elsewhere", {"id": "../x"}, lambda host, _: None, "'../x' cannot name a change on a host"),
    ("an undo that is due before", {"undo_seconds": 0}, lambda host, _: None, "the undo must come after the fault"),
    ("no unit", {"units": []}, lambda host, _: None, "no unit to make fail was named"),
    ("no service", {"units": ["-.mount"]}, lambda host, _: None, "'-.mount' is no systemd service"),
    ("no ports", {"kind": "blackhole", "serves": [], "dials": []}, lambda host, _: None, "needs the ports"),
    ("no root", {}, lambda host, patch: patch.setattr(os, "geteuid", lambda: 1000), "set ansible_become: true"),
    (
        "no nft",
        {"kind": "blackhole"},
        lambda host, patch: patch.setattr(nft, "available", lambda: False),
        "nft is not installed here, and a blackhole needs it: install nftables",
    ),
    (
        "a unit that is down",
        {},
        lambda host, patch: patch.setattr(units, "properties", lambda *_: {"ActiveState": "failed"}),
        "a.service is failed, and only what runs can be made to fail",
    ),
    (
        "a unit without a process",
        {},
        lambda host, _: host.add(12, "Z"),
        "a.service is active, and only what runs can be made to fail",
    ),
    (
        "a process that somebody stopped",
        {},
        lambda host, _: host.add(12, "T"),
        "process 12 of a.service is stopped already: kill -CONT 12 lets it go on",
    ),
    (
        "itself",
        {},
        lambda host, _: host.add(os.getpid()),
        "a.service is what this very program runs in",
    ),
    (
        "another drill's fault",
        {"id": "other"},
        lambda host, _: armed(),
        "the freeze of 20261122-ab12 is armed on this host: wait until it is over, or undo it",
    ),
    (
        "a drain",
        {},
        lambda host, _: changes.arm("d1", "drain", "10.0.0.1:10911", {}, 24),
        "the drain of d1 is armed on this host: wait until it is over, or undo it",
    ),
]


@pytest.mark.parametrize(
    ("request_", "prepare", "sentence"), [row[1:] for row in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_what_is_refused(
    request_: dict[str, Any],
    prepare: Callable[[FakeProc, pytest.MonkeyPatch], object],
    sentence: str,
    host: FakeProc,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare(host, monkeypatch)
    with pytest.raises(FaultError, match=re.escape(sentence)):
        faults.plan({**REQUEST, **request_})
    assert host.signalled == []


def test_a_fault_of_an_earlier_boot_is_closed_and_not_in_the_way(host: FakeProc) -> None:
    armed(boot="boot-0")
    assert faults.plan({**REQUEST, "id": "next"})["id"] == "next"
    assert (changes.armed(), host.signalled) == ([], [])
