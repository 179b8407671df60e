"""Processes of a unit and whether they are stopped, from a made-up /proc."""

import signal

import pytest
from processes_fake import CGROUP, FakeProc, proc

from opskit.onhost import processes

__all__ = ["proc"]


@pytest.mark.parametrize(
    ("threads", "state"),
    [("S", "S"), ("T", "T"), ("TTT", "T"), ("TTS", "S"), ("TTD", "D"), ("tt", "t"), ("ZT", "T"), ("ZS", "S")],
)
def test_a_process_is_stopped_where_every_thread_of_it_is(proc: FakeProc, threads: str, state: str) -> None:
    proc.add(12, threads)
    assert processes.look(12) == (12, 120, state)


@pytest.mark.parametrize("threads", ["Z", "X"])
def test_a_dead_process_is_none(proc: FakeProc, threads: str) -> None:
    proc.add(12, threads)
    assert processes.look(12) is None
    assert processes.look(13) is None


@pytest.mark.parametrize(
    ("cgroup", "found"),
    [
        (f"0::{CGROUP}", True),
        (f"0::{CGROUP}/child", True),
        (f"12:cpu,cpuacct:/\n1:name=systemd:{CGROUP}\n0::/", True),
        (f"4:memory:{CGROUP}\n1:name=systemd:/user.slice\n0::/", False),
        (f"0::{CGROUP}2", False),
        ("0::/system.slice", False),
        ("", False),
    ],
)
def test_the_cgroup_of_a_unit_and_those_below_it(proc: FakeProc, cgroup: str, found: bool) -> None:
    proc.add(12, cgroup=cgroup)
    assert [process.pid for process in processes.of_cgroup(CGROUP)] == ([12] if found else [])


@pytest.mark.parametrize("cgroup", ["", "/"])
def test_no_cgroup_and_the_root_hold_no_unit(proc: FakeProc, cgroup: str) -> None:
    proc.add(12)
    assert processes.of_cgroup(cgroup) == []


def test_a_signal_reaches_only_the_process_that_was_meant(proc: FakeProc) -> None:
    proc.add(12)
    assert processes.send(12, 120, signal.SIGCONT)
    assert not processes.send(12, 119, signal.SIGCONT)
    assert not processes.send(13, 130, signal.SIGCONT)
    assert proc.signalled == [(12, signal.SIGCONT)]
