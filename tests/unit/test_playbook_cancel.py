"""How a playbook run is asked to end, without one."""

import os
import signal

import pytest

from opskit.reach.playbook import GRACE_SECONDS, STOPS, Cancel, _cancelling


@pytest.mark.parametrize("signum", STOPS)
def test_each_signal_is_kept_for_the_exit_code_and_its_handler_comes_back(signum: signal.Signals) -> None:
    cancel, before = Cancel(), signal.getsignal(signum)
    with _cancelling(cancel):
        assert not cancel()
        signal.raise_signal(signum)
        assert cancel.signum == signum
    assert signal.getsignal(signum) is before


def test_nohup_stays() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _cancelling(Cancel()):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ansible_is_interrupted_once_and_killed_only_after_a_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    now = [100.0]
    monkeypatch.setattr(os, "kill", lambda pid, signum: sent.append((pid, signum)))
    monkeypatch.setattr("opskit.reach.playbook.time.monotonic", lambda: now[0])
    cancel = Cancel()
    cancel.pid, cancel.signum = 7, signal.SIGTERM
    assert not cancel()
    assert not cancel()
    assert sent == [(7, signal.SIGINT)]
    now[0] += GRACE_SECONDS + 1
    assert cancel()


def test_ansible_that_has_just_ended_by_itself_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(pid: int, signum: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", gone)
    cancel = Cancel()
    cancel.pid, cancel.signum = 7, signal.SIGINT
    assert not cancel()


def test_before_the_first_event_there_is_nothing_to_interrupt_so_it_is_killed() -> None:
    cancel = Cancel()
    cancel.signum = signal.SIGINT
    assert cancel()
