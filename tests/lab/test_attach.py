"""An agent brought into real JVMs by the attach protocol in Python: what works, and that nothing harms a process."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from runtimes import MAJORS, TMP, Running, built, running

from opskit.onhost import processes
from opskit.onhost.jvm import agents, attach, inside

AGENT = """
package tiny;

public class Agent {
    public static void agentmain(String options) throws Exception {
        String verb = options.split(",")[0];
        if (verb.equals("fail")) throw new IllegalStateException("as asked");
        if (verb.equals("slow")) Thread.sleep(3000);
        if (verb.equals("exit")) Runtime.getRuntime().halt(3);
        if (verb.equals("later")) new Thread(() -> later()).start();
        String id = options.substring(options.indexOf("id=") + 3);
        System.setProperty("opskit.agent.report", "{\\"id\\": \\"" + id + "\\", \\"verb\\": \\"" + verb + "\\"}");
    }

    private static void later() {
        try {
            Thread.sleep(1000);
            System.setProperty("tiny.later", Later.word());
        } catch (Throwable thrown) {
            System.setProperty("tiny.later", thrown.toString());
        }
    }
}

class Later {
    static String word() { return "loaded \\u00e9=:\\ud83d\\ude00"; }
}
"""
SECONDS = 20.0
OTHER = 12345
"""A user that is nobody on this machine."""
AS_OTHER = ("setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups")
IN_ITS_ROOT = 'mount -t tmpfs -o mode=1777 tmpfs /tmp; mount -o remount,bind,ro /; cd /sys; exec "$@"'
Figure = Callable[[str], None]


@pytest.fixture(scope="module")
def classes() -> Iterator[Path]:
    with built() as folder:
        yield folder


@pytest.fixture(scope="module")
def agent() -> Iterator[bytes]:
    """Its classes lie nowhere else, least of all on a class path."""
    with built({"Agent.java": AGENT}) as folder:
        manifest = folder / "manifest.txt"
        manifest.write_text("Agent-Class: tiny.Agent\n")
        jar = ["jar", "cfm", str(folder / "agent.jar"), str(manifest), "-C", str(folder), "tiny"]
        subprocess.run(jar, check=True, timeout=60)
        yield (folder / "agent.jar").read_bytes()


def refusal(jvm: Running, agent: bytes, verb: str = "on", seconds: float = SECONDS) -> str:
    with pytest.raises(attach.AttachError) as caught:
        agents.ask(jvm.ref, agent, verb, seconds)
    return str(caught.value)


def stop(jvm: Running) -> None:
    """SIGSTOP, and wait until it has taken every thread; whoever calls this lets it go on."""
    os.kill(jvm.pid, signal.SIGSTOP)
    while True:
        found = processes.look(jvm.pid)
        if found and found.state == processes.STOPPED:
            return
        time.sleep(0.01)


def left_in_tmp(pid: int) -> list[str]:
    """What lies in its /tmp of ours for it; it may share the folder with JVMs of tests beside this one."""
    names = [path.name for path in Path(f"/proc/{pid}/root/tmp").iterdir()]
    own = [f".attach_pid{pid}", ".attach_pid1", ".attach_pid2"]
    return [name for name in names if name.endswith(f"-{pid}.jar") or name in own]


@pytest.mark.parametrize("major", MAJORS)
def test_the_agent_reports_from_a_running_jvm_and_nothing_is_left(
    classes: Path, agent: bytes, major: int, figure: Figure
) -> None:
    with running(classes, major=major) as jvm:
        began = time.monotonic()
        assert agents.ask(jvm.ref, agent, "on,mode=nameserver", SECONDS)["verb"] == "on"
        figure(f"attach, load and report on JDK {major}: {time.monotonic() - began:.2f} s")
        # one more of its classes comes out of the jar a second later, when it is deleted
        assert agents.ask(jvm.ref, agent, "later", SECONDS)["verb"] == "later"
        time.sleep(1.5)
        told = inside.one(attach.read_properties, jvm.ref, SECONDS)
        assert told["tiny.later"] == "loaded é=:😀"
        assert told["java.specification.version"] == str(major)
        for _ in range(3):
            assert agents.ask(jvm.ref, agent, "off", SECONDS)["verb"] == "off"
        jars = [link for link in map(os.readlink, Path(f"/proc/{jvm.pid}/fd").iterdir()) if "opskit-agent" in link]
        assert len(jars) == 1, jars
        assert left_in_tmp(jvm.pid) == []
        assert jvm.goes_on()
        assert "Full thread dump" not in jvm.said


@pytest.mark.parametrize(
    ("way", "command"),
    [
        ("another user", AS_OTHER),
        (
            "its own mounts and pids, a read-only root, /sys as its folder",
            ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", IN_ITS_ROOT, "sh", *AS_OTHER),
        ),
        (
            "a user namespace of an ordinary user",
            (*AS_OTHER, "unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"),
        ),
    ],
)
def test_another_user_in_namespaces_of_its_own(
    classes: Path, agent: bytes, way: str, command: tuple[str, ...], figure: Figure
) -> None:
    with running(classes, inside=command) as jvm:
        began = time.monotonic()
        assert agents.ask(jvm.ref, agent, "on", SECONDS)["verb"] == "on"
        figure(f"{way}: {time.monotonic() - began:.2f} s")
        assert Path(f"/proc/{jvm.pid}").stat().st_uid == OTHER
        assert left_in_tmp(jvm.pid) == []
        assert jvm.goes_on()


@pytest.mark.parametrize(
    ("option", "major", "why"),
    [
        ("-XX:+DisableAttachMechanism", 17, "it was started with -XX:+DisableAttachMechanism"),
        ("-XX:-EnableDynamicAgentLoading", 17, "it was started with -XX:-EnableDynamicAgentLoading"),
        ("-XX:-EnableDynamicAgentLoading", 21, "it was started with -XX:-EnableDynamicAgentLoading"),
    ],
)
def test_what_was_switched_off_at_start_is_refused_before_anything_is_sent(
    classes: Path, agent: bytes, option: str, major: int, why: str
) -> None:
    with running(classes, option, major=major) as jvm:
        assert refusal(jvm, agent) == why
        assert jvm.goes_on()
        assert "Full thread dump" not in jvm.said


@pytest.mark.parametrize(
    ("option", "major", "why"),
    [
        ("-XX:+DisableAttachMechanism", 17, "opened no attach socket in time; it was sent SIGQUIT, and may print"),
        ("-XX:-EnableDynamicAgentLoading", 17, "did not load the agent: "),
        ("-XX:-EnableDynamicAgentLoading", 21, "did not load the agent: Dynamic agent loading is not enabled"),
    ],
)
def test_what_was_switched_off_unseen_ends_in_time(
    classes: Path, agent: bytes, monkeypatch: pytest.MonkeyPatch, option: str, major: int, why: str
) -> None:
    monkeypatch.setattr(attach, "refused", lambda *_, **__: None)
    with running(classes, option, major=major) as jvm:
        began = time.monotonic()
        assert why in refusal(jvm, agent, seconds=2)
        assert time.monotonic() - began < 5
        assert left_in_tmp(jvm.pid) == []
        assert jvm.goes_on()


def test_reduced_signals_need_none(classes: Path, agent: bytes) -> None:
    with running(classes, "-Xrs") as jvm:
        assert agents.ask(jvm.ref, agent, "on", SECONDS)["verb"] == "on"
        assert jvm.goes_on()


def test_a_jvm_that_sigquit_would_kill_gets_none(classes: Path, agent: bytes) -> None:
    with running(classes, "-Xrs") as jvm:
        (TMP / f".java_pid{jvm.pid}").unlink()
        assert "does not catch SIGQUIT" in refusal(jvm, agent)
        assert jvm.goes_on()


def test_a_stopped_jvm_is_refused_and_gets_no_signal(classes: Path, agent: bytes) -> None:
    with running(classes) as jvm:
        stop(jvm)
        began = time.monotonic()
        try:
            assert refusal(jvm, agent) == f"process {jvm.pid} is stopped (state T); nothing was sent to it"
        finally:
            os.kill(jvm.pid, signal.SIGCONT)
        assert time.monotonic() - began < 5
        assert jvm.goes_on()
        assert "Full thread dump" not in jvm.said


@pytest.mark.parametrize("asked_before", [True, False])
def test_one_that_is_stopped_meanwhile_ends_in_time_and_goes_on(
    classes: Path, agent: bytes, monkeypatch: pytest.MonkeyPatch, asked_before: bool
) -> None:
    """With its socket there already, and without: then SIGQUIT waits for it, and costs one thread dump."""
    monkeypatch.setattr(inside, "stopped", lambda pid: None)
    with running(classes) as jvm:
        if asked_before:
            agents.ask(jvm.ref, agent, "on", SECONDS)
        stop(jvm)
        try:
            began = time.monotonic()
            said = refusal(jvm, agent, seconds=1)
            assert time.monotonic() - began < 4
        finally:
            os.kill(jvm.pid, signal.SIGCONT)
        assert ("did not answer in time" if asked_before else "opened no attach socket in time") in said
        assert left_in_tmp(jvm.pid) == []
        assert jvm.goes_on()


def test_one_that_ends_half_way_is_told(classes: Path, agent: bytes) -> None:
    with running(classes) as jvm:
        assert refusal(jvm, agent, "exit") in (
            f"process {jvm.pid} ended meanwhile",
            f"process {jvm.pid} closed the connection without an answer",
        )
        assert not agents.is_there(jvm.ref)
        assert refusal(jvm, agent) == f"process {jvm.pid} has ended"


def test_an_agent_that_is_slow_or_fails_is_told_and_the_next_call_is_answered(classes: Path, agent: bytes) -> None:
    with running(classes) as jvm:
        assert refusal(jvm, agent, "slow", seconds=1) == (
            f"process {jvm.pid} took the command and did not answer in time"
        )
        assert refusal(jvm, agent, "fail") == f"process {jvm.pid} did not load the agent: the agent itself failed"
        assert refusal(jvm, b"no jar") == (
            f"process {jvm.pid} did not load the agent: the jar is no agent, or it cannot be read"
        )
        assert agents.ask(jvm.ref, agent, "on", SECONDS)["verb"] == "on"
        assert left_in_tmp(jvm.pid) == []
        assert jvm.goes_on()


def test_a_pid_that_is_anothers_by_now_is_left_alone(classes: Path, agent: bytes) -> None:
    with running(classes) as jvm:
        with pytest.raises(attach.AttachError, match="has ended; its pid may be another's by now"):
            agents.ask({**jvm.ref, "start_ticks": jvm.start_ticks - 1}, agent, "on", SECONDS)
        assert jvm.goes_on()
        assert not (TMP / f".java_pid{jvm.pid}").exists()


def test_many_are_asked_at_once_and_one_that_hangs_holds_up_none(classes: Path, agent: bytes, figure: Figure) -> None:
    with ExitStack() as stack:
        jvms = [stack.enter_context(running(classes)) for _ in range(4)]
        began = time.monotonic()
        found = agents.ask_all([jvm.ref for jvm in jvms[:2]], agent, "slow", SECONDS)
        assert [one["report"]["verb"] for one in found] == ["slow", "slow"]
        assert time.monotonic() - began < 6
        stop(jvms[1])
        try:
            began = time.monotonic()
            told = agents.ask_all([jvm.ref for jvm in jvms], agent, "on", SECONDS)
            figure(f"three JVMs and a stopped one, asked at once: {time.monotonic() - began:.2f} s")
        finally:
            os.kill(jvms[1].pid, signal.SIGCONT)
        assert ["report" in one for one in told] == [True, False, True, True], told
        assert all(jvm.goes_on() for jvm in jvms)
