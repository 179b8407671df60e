"""The attach protocol: what an answer means, who is refused beforehand, and a made-up JVM that speaks it badly."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opskit.onhost import processes
from opskit.onhost.errors import FaultError
from opskit.onhost.jvm import agents, attach, inside, process

JAVA = {"major": 17, "version": "17.0.15", "home": "/jdk", "vm": "HotSpot"}
OPTIONS = {"attach_disabled": False, "dynamic_agents": None}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("0\nreturn code: 0\n", None),
        ("0\n0\n", None),
        ("0\n", "it answered 0"),
        ("", "it answered nothing"),
        (
            "0\nDynamic agent loading is not enabled. Use -XX:+EnableDynamicAgentLoading\n",
            "Dynamic agent loading is not enabled. Use -XX:+EnableDynamicAgentLoading",
        ),
        ("-1\nDynamic agent loading is not enabled\n", "Dynamic agent loading is not enabled"),
        ("0\nreturn code: 100\n", "the jar is no agent, or it cannot be read"),
        ("0\nreturn code: 102\n", "the agent itself failed"),
        ("0\nreturn code: -1\n", "return code: -1"),
        ("101\nProtocol version 2 not supported\n", "Protocol version 2 not supported"),
        ("1\nreturn code: 0\n", "return code: 0"),
    ],
)
def test_only_code_and_text_together_say_that_an_agent_was_loaded(answer: str, why: str | None) -> None:
    assert attach.not_loaded(answer) == why


@pytest.mark.parametrize(
    ("java", "options", "untested", "why"),
    [
        ({}, {}, False, None),
        ({"major": 25}, {"dynamic_agents": True}, False, None),
        ({"major": 11}, {"reduced_signals": True}, False, None),
        ({"vm": "OpenJ9"}, {}, True, "OpenJ9 has an attach protocol of its own"),
        ({}, {"attach_disabled": True}, True, "it was started with -XX:+DisableAttachMechanism"),
        ({}, {"dynamic_agents": False}, True, "it was started with -XX:-EnableDynamicAgentLoading"),
        ({"major": None}, {}, True, "its Java release is unknown"),
        ({"major": 8}, {}, True, None),
        ({"major": 8}, {}, False, "attaching to JDK 8 was never tried (--untested-jdk does it all the same)"),
    ],
)
def test_who_is_refused_before_anything_is_sent(
    java: dict[str, Any], options: dict[str, Any], untested: bool, why: str | None
) -> None:
    assert attach.refusal({**JAVA, **java}, {**OPTIONS, **options}, untested) == why


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#Sun Nov 22 19:00:00 UTC 2026\na=b\n", {"a": "b"}),
        ("a\\ b\\:c=d\\=e\\\\f\\n\n", {"a b:c": "d=e\\f\n"}),
        ("a=\\u00e9\\uD83D\\uDE00\n", {"a": "é😀"}),
        ('r={"id"\\: "x"}\n', {"r": '{"id": "x"}'}),
        ("a=\nb\n", {"a": ""}),
    ],
)
def test_properties_as_java_stores_them(text: str, found: dict[str, str]) -> None:
    assert attach.parse_properties(text) == found


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({}, "the agent was loaded and left no report"),
        ({agents.REPORT: "{"}, "the agent was loaded and left no report"),
        ({agents.REPORT: '{"id": "y"}'}, "somebody else"),
        ({agents.REPORT: '{"id": null}'}, "somebody else"),
    ],
)
def test_a_report_that_is_missing_or_anothers_is_none(properties: dict[str, str], why: str) -> None:
    with pytest.raises(attach.AttachError, match=why):
        agents.report_of(properties, "x")


def test_a_report_of_this_call() -> None:
    assert agents.report_of({agents.REPORT: '{"id": "x", "verb": "on"}'}, "x") == {"id": "x", "verb": "on"}


Speak = Callable[[socket.socket], None]
TMP = Path("/tmp")  # noqa: S108 where a JVM has its socket


@contextmanager
def made_up(speak: Speak | None) -> Iterator[dict[str, Any]]:
    """A process with the socket of a JVM, which takes connections and speaks; None: a dead socket is left there."""
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(TMP / f".java_pid{os.getpid()}"))
            if speak:
                listener.listen(1)
            else:
                listener.close()
            os.write(writes, b"x")
            while True:
                if speak is None:
                    time.sleep(60)
                else:
                    speak(listener.accept()[0])
        finally:
            os._exit(0)
    try:
        os.read(reads, 1)
        found = processes.look(pid)
        assert found
        yield {"pid": pid, "start_ticks": found.start_ticks}
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(reads)
        os.close(writes)
        (TMP / f".java_pid{pid}").unlink(missing_ok=True)


def asked(ref: dict[str, Any], seconds: float = 5) -> str:
    with pytest.raises(FaultError) as caught:
        inside.one(lambda target, end: attach.load(target, "/a.jar", "on", end), ref, seconds)
    return str(caught.value)


def silent(channel: socket.socket) -> None:
    time.sleep(60)


def deaf(channel: socket.socket) -> None:
    channel.close()


def half(channel: socket.socket) -> None:
    channel.recv(4096)
    channel.sendall(b"0\nretu")
    time.sleep(60)


def dying(channel: socket.socket) -> None:
    channel.recv(4096)
    os._exit(0)


def polite(channel: socket.socket) -> None:
    heard = channel.recv(4096)
    fine = heard == b"1\0load\0instrument\0false\0/a.jar=on\0"
    channel.sendall(b"0\nreturn code: 0\n" if fine else b"1\nwhat?\n")
    channel.close()


def test_a_jvm_that_answers_has_loaded_the_agent() -> None:
    with made_up(polite) as ref:
        inside.one(lambda target, end: attach.load(target, "/a.jar", "on", end), ref, 5)


@pytest.mark.parametrize(
    ("speak", "why"),
    [
        (silent, "took the command and did not answer in time"),
        (half, "took the command and did not answer in time"),
        (deaf, "closed the connection without an answer"),
        (dying, "ended meanwhile|closed the connection without an answer"),
        (None, "does not catch SIGQUIT"),
    ],
)
def test_a_jvm_that_speaks_badly_is_told_in_time(speak: Speak | None, why: str) -> None:
    with made_up(speak) as ref:
        began = time.monotonic()
        said = asked(ref, seconds=0.5)
        assert any(part in said for part in why.split("|")), said
        assert time.monotonic() - began < 3


def test_words_that_are_too_long_are_not_sent() -> None:
    with made_up(polite) as ref, pytest.raises(FaultError, match="longer than 1024 bytes"):
        inside.one(lambda target, end: attach.load(target, "/" + "a" * 1024, "on", end), ref, 5)


def test_a_child_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "GRACE_SECONDS", 0.1)
    found = processes.look(os.getpid())
    assert found
    ref = {"pid": found.pid, "start_ticks": found.start_ticks}
    (answer,) = inside.each(lambda target, end: time.sleep(60), [ref], 0.2)
    assert "no answer in time" in answer["error"]


def test_more_than_fit_at_once_are_answered_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "AT_ONCE", 2)
    found = processes.look(os.getpid())
    assert found
    refs = [{"pid": found.pid, "start_ticks": found.start_ticks - number % 2} for number in range(5)]
    told = inside.each(lambda target, end: target.pid, refs, 5)
    assert [one.get("ok") for one in told] == [found.pid, None, found.pid, None, found.pid]


def test_a_process_of_another_boot_is_not_the_one() -> None:
    found = processes.look(os.getpid())
    assert found
    ref = {"pid": found.pid, "start_ticks": found.start_ticks}
    assert inside.is_there(ref)
    assert inside.is_there({**ref, "boot_id": processes.boot_id()})
    assert not inside.is_there({**ref, "boot_id": "another"})
    assert not inside.is_there({**ref, "start_ticks": 1})


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("Pid:\t7\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nNSpid:\t7\t1\nSigCgt:\t0000000000000004\n", (2, 6, 1, 4)),
        ("Pid:\t7\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nSigCgt:\t0000000100000000\n", (0, 0, 7, 1 << 32)),
    ],
)
def test_who_a_process_is(status: str, found: tuple[int, int, int, int]) -> None:
    assert process.identity(status) == found
