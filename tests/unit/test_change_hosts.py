"""The cluster lock over many hosts: taken on all or on none, taken over only from a run that is known to be gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from opskit.change import hosts, process
from opskit.change.process import Process, current, is_gone
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Endpoint
from opskit.reach.sweep import HostResult
from opskit.runs.folder import Run

ENDPOINTS = [Endpoint(host=name, address=name) for name in ("a", "b", "c")]
GONE = current().model_copy(update={"started": 1}).model_dump()
ELSEWHERE = {**GONE, "machine": "another"}


def run(identity: str) -> Run:
    return Run(identity, Path("unused"), "deploy", "me@here")


class FakeHosts:
    """Hosts with a lock each, as `opskit.onhost.locks` keeps it. silent: hosts whose answers to a lock are lost."""

    def __init__(self) -> None:
        self.locks: dict[str, dict[str, Any]] = {}
        self.silent: set[str] = set()

    def sweep(
        self, requests: Mapping[str, Any], endpoints: Sequence[Endpoint], timeout_seconds: float
    ) -> dict[str, HostResult]:
        return {endpoint.host: self._answer(endpoint.host, requests[endpoint.host]) for endpoint in endpoints}

    def _answer(self, host: str, request: dict[str, Any]) -> HostResult:
        held = self.locks.get(host)
        if request["op"] == "unlock":
            if held and held["owner"] == request["owner"]:
                del self.locks[host]
            return HostResult(host, "ok", {})
        if held and held["owner"] not in (request["owner"], *request["replace"]):
            return HostResult(host, "ok", {"held": held})
        self.locks[host] = {**request, "until": 0}
        return (
            HostResult(host, "timeout", error="no answer")
            if host in self.silent
            else HostResult(host, "ok", {"held": None})
        )

    def hold(self, host: str, owner: str, holder: dict[str, Any]) -> None:
        self.locks[host] = {"owner": owner, "verb": "deploy", "by": "you@there", "process": holder, "until": 1e9}

    def owners(self) -> dict[str, str]:
        return {host: lock["owner"] for host, lock in self.locks.items()}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeHosts:
    fake = FakeHosts()
    monkeypatch.setattr(hosts, "sweep", fake.sweep)
    return fake


def test_the_lock_is_held_while_the_body_runs(fake: FakeHosts) -> None:
    with hosts.locked(run("mine"), ENDPOINTS, 60):
        assert fake.owners() == {"a": "mine", "b": "mine", "c": "mine"}
    assert fake.locks == {}


def test_another_s_lock_names_its_holder_and_its_end_and_leaves_no_lock_of_ours(fake: FakeHosts) -> None:
    fake.hold("b", "theirs", ELSEWHERE)
    with pytest.raises(OpskitError) as refused, hosts.locked(run("mine"), ENDPOINTS, 60):
        pytest.fail("it was locked")
    assert refused.value.code == Exit.UNJUDGED
    assert str(refused.value).splitlines() == [
        "b: the cluster is locked by deploy of you@there (run theirs)",
        "  Wait until that run ends; its lock frees itself at 2001-09-09 01:46 UTC at the latest.",
    ]
    assert fake.owners() == {"b": "theirs"}


def test_the_locks_of_several_runs_that_are_gone_are_taken_over_at_once(fake: FakeHosts) -> None:
    fake.hold("a", "dead-1", GONE)
    fake.hold("c", "dead-2", GONE)
    with hosts.locked(run("mine"), ENDPOINTS, 60):
        assert fake.owners() == {"a": "mine", "b": "mine", "c": "mine"}


def test_one_living_holder_is_enough_to_refuse_and_is_the_one_that_is_named(fake: FakeHosts) -> None:
    fake.hold("a", "dead", GONE)
    fake.hold("c", "living", current().model_dump())
    with pytest.raises(OpskitError, match="run living"), hosts.locked(run("mine"), ENDPOINTS, 60):
        pytest.fail("it was locked")
    assert fake.owners() == {"a": "dead", "c": "living"}


def test_a_lock_whose_answer_was_lost_is_given_back(fake: FakeHosts) -> None:
    fake.silent = {"b"}
    with pytest.raises(OpskitError, match="could not be taken: no answer"), hosts.locked(run("mine"), ENDPOINTS, 60):
        pytest.fail("it was locked")
    assert fake.locks == {}


def test_a_body_that_fails_gives_the_lock_back(fake: FakeHosts) -> None:
    with pytest.raises(KeyboardInterrupt), hosts.locked(run("mine"), ENDPOINTS, 60):
        raise KeyboardInterrupt
    assert fake.locks == {}


def test_a_second_ctrl_c_does_not_cut_the_undo_short(fake: FakeHosts, monkeypatch: pytest.MonkeyPatch) -> None:
    def impatient(
        requests: Mapping[str, Any], endpoints: Sequence[Endpoint], timeout_seconds: float
    ) -> dict[str, HostResult]:
        assert timeout_seconds <= 30
        os.kill(os.getpid(), signal.SIGINT)
        return {endpoint.host: HostResult(endpoint.host, "ok", requests[endpoint.host]) for endpoint in endpoints}

    monkeypatch.setattr(hosts, "sweep", impatient)
    assert {result.value["op"] for result in hosts.undo_all(ENDPOINTS).values()} == {"undo-all"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_only_a_process_of_this_machine_that_has_ended_is_gone() -> None:
    me = current()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    childs = me.model_copy(update={"pid": child.pid, "started": process._started(child.pid)})
    assert not is_gone(me)
    assert not is_gone(childs)
    assert not is_gone(Process(machine="another", pid=child.pid, started=1))
    assert is_gone(me.model_copy(update={"started": 1})), "another process got its PID"
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(childs), "a zombie that nobody has waited for"
    child.wait()
    assert is_gone(childs)
