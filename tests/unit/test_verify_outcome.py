"""What the history alone does not show: an undo that is not confirmed, a cluster that is sick, probes that are lost."""

import asyncio
import gzip
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from clusters import host

from opskit.change.stopping import until_stopped
from opskit.finding import Finding
from opskit.status.result import StatusReport
from opskit.verify.drill import Recording
from opskit.verify.history import Op, line_of
from opskit.verify.outcome import amended
from opskit.verify.probes import operations
from opskit.verify.result import Judgement, Verdict
from opskit.verify.scenario import Target
from opskit.verify.undone import left
from opskit.verify.victims import Victim

SNAPSHOT = {
    "boot_id": "b",
    "units": {"u": {"active": "active", "restart": "always", "processes": []}},
    "tables": (),
    "dropins": (),
    "armed": (),
}


def status(*sentences: str) -> StatusReport:
    findings = tuple(
        Finding(rule="r", severity="error", subject="ns1", sentence=sentence, remedy="") for sentence in sentences
    )
    return StatusReport(
        cluster="c",
        at=datetime.now(UTC),
        judgement="fails" if findings else "holds",
        nameservers=(),
        brokers=(),
        topics_on_one_master={},
        findings=findings,
    )


@pytest.mark.parametrize(
    ("judged", "sick", "stopped", "expected", "told"),
    [
        ("holds", False, "", "holds", ("kept",)),
        ("holds", True, "", "fails", ("the cluster is not healthy again after the undo: ns1: does not answer",)),
        ("holds", False, "budget", "unjudged", ("the fault was undone before its time: budget",)),
        ("holds", True, "budget", "fails", None),
        ("fails", False, "budget", "fails", None),
        ("fails", True, "", "fails", None),
        ("unjudged", True, "", "unjudged", None),
    ],
)
def test_a_sick_cluster_fails_and_a_fault_that_ended_early_does_not_hold(
    judged: Judgement, sick: bool, stopped: str, expected: Judgement, told: tuple[str, ...] | None
) -> None:
    recording = Recording(after=status(*(["does not answer"] if sick else [])), stopped=stopped)
    verdict = amended(Verdict(judgement=judged, reasons=("kept",), undo="restored"), recording, beyond=True)
    assert verdict.judgement == expected
    assert verdict.in_this_run_only == (expected == "holds")
    if told:
        assert verdict.reasons == told


@pytest.fixture
def victim() -> Victim:
    return Victim(Target(host("ns1", "10.0.0.1"), ()), {"kind": "freeze"})


async def test_an_undo_that_nobody_confirmed_is_told_with_what_to_type(victim: Victim) -> None:
    assert left([victim]) == (), "nothing was armed where no snapshot was shown"
    victim.before, victim.by_hand, victim.error = SNAPSHOT, ("systemctl kill --signal=SIGCONT u",), "out of reach"
    (sentence,) = left([victim])
    assert "NOT CONFIRMED: out of reach" in sentence
    assert "systemctl kill --signal=SIGCONT u" in sentence
    victim.after = SNAPSHOT
    victim.restored.set()
    assert left([victim]) == ()
    victim.after = SNAPSHOT | {"tables": ("opskit_drill_x",)}
    assert left([victim]) == ("ns1: the nftables table opskit_drill_x is left.",)


OP = Op("c", "route", 0, 1, 2, 3, "ok")


@pytest.mark.parametrize(
    ("damage", "read", "whole"),
    [
        (lambda data: data, 2, True),
        (lambda data: data[:-9], 2, False),
        (lambda data: data[:40] + b"\0" * 40, 0, False),
        (lambda data: b"\0" * 40, 0, False),
        (lambda data: b"", 0, False),
    ],
    ids=["whole", "cut off", "damaged", "zeros", "empty"],
)
def test_what_can_be_read_of_a_probes_history_is_read(tmp_path: Path, damage: Any, read: int, whole: bool) -> None:
    path = tmp_path / "history.jsonl.gz"
    path.write_bytes(damage(gzip.compress(f"{line_of(OP)}\n{line_of(OP)}\n".encode())))
    assert operations(path) == ([OP] * read, whole)


@pytest.mark.parametrize(
    ("signum", "ends"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit), (signal.SIGHUP, SystemExit)]
)
def test_a_signal_lets_the_undo_finish_a_second_one_too_and_the_handlers_come_back(signum: int, ends: Any) -> None:
    undone = []

    async def drill() -> None:
        try:
            os.kill(os.getpid(), signum)
            await asyncio.sleep(10)
        finally:
            os.kill(os.getpid(), signum)
            await asyncio.sleep(0.05)
            undone.append(True)

    before = signal.getsignal(signum)
    with pytest.raises(ends):
        until_stopped(drill())
    assert undone
    assert signal.getsignal(signum) is before
