"""The agent in real clients: what it switches, what it leaves alone, what it costs, and that clients then move."""

import json
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, until
from real_rocketmq import Server, cluster, free_ports, lay_files, server, unpacked
from runtimes import MACHINES_OWN, MAJORS, java

from opskit.artifacts.own_jars import agent_jar
from opskit.onhost import processes
from opskit.onhost.jvm import agents

OPENED = ("-XX:+IgnoreUnrecognizedVMOptions", "--add-opens=java.base/java.nio=ALL-UNNAMED")
SECONDS = 30.0
STUCK_SECONDS = 25
Figure = Callable[[str], None]


@dataclass(frozen=True)
class Asker:
    """A client JVM with one route query a second for each of its producers; see java/agent/src/lab."""

    process: subprocess.Popen[Any]
    output: Path

    def load(self, options: str, jar: bytes | None = None) -> dict[str, Any]:
        """Bring the agent in, and its report."""
        found = processes.look(self.process.pid)
        assert found
        ref = {"pid": found.pid, "start_ticks": found.start_ticks, "boot_id": processes.boot_id()}
        return agents.ask(ref, jar or agent_jar(print).path.read_bytes(), options, SECONDS)

    def say(self, command: str, answer: str) -> str:
        """Give a command; the first line from then on that holds the answer."""
        seen = len(self.lines())
        assert self.process.stdin
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        found: list[str] = []
        until(SECONDS, lambda: found.extend(line for line in self.lines()[seen:] if answer in line) or found, command)
        return found[0]

    def lines(self) -> list[str]:
        return [line for line in self.output.read_text().splitlines() if re.match(r"\d+\.\d+ ", line)]

    def outcomes(self, name: str, since: int = 0) -> list[str]:
        return [line.split()[2] for line in self.lines()[since:] if line.split()[1] == name]


@dataclass(frozen=True)
class Site:
    """Two nameservers on loopback; classes: the compiled Asker."""

    nameservers: tuple[Server, Server]
    classes: Path
    libs: dict[str, Path]

    @property
    def addresses(self) -> list[str]:
        return [f"127.0.0.1:{one.port}" for one in self.nameservers]

    @contextmanager
    def asker(
        self, *names: str, major: int = MACHINES_OWN, release: str = "4.8.0", options: tuple[str, ...] = ()
    ) -> Iterator[Asker]:
        """A client JVM whose queries have begun; killed at the end."""
        folder = Path(tempfile.mkdtemp(dir=self.classes))
        command = [java(major), "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *OPENED, *options]
        command += [f"-Drocketmq.client.logRoot={folder}", f"-Duser.home={folder}"]
        command += ["-cp", f"{self.classes}:{self.libs[release]}/*", "Asker", ";".join(self.addresses), *names]
        output = folder / "said"
        with output.open("wb") as said:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said, text=True, cwd=folder)
        running = Asker(process, output)
        try:
            until(SECONDS, lambda: all("ok" in running.outcomes(name) for name in names), f"the start ({output})")
            yield running
        finally:
            process.kill()
            process.communicate()

    @contextmanager
    def hung(self, address: str) -> Iterator[None]:
        """This nameserver hangs while the body runs, and never longer."""
        (one,) = [one for one in self.nameservers if address == f"127.0.0.1:{one.port}"]
        one.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            one.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("agent")
    libs = {release: unpacked("client", release, root) for release in ("4.8.0", "4.9.7", "5.4.0")}
    source = ROOT / "java" / "agent" / "src" / "lab" / "java" / "Asker.java"
    compiler = ["javac", "-nowarn", "--release", "8", "-Xlint:-options", "-cp", f"{libs['4.8.0']}/*", "-d", str(root)]
    subprocess.run([*compiler, str(source)], check=True, timeout=120)
    lib = unpacked("server", "4.8.0", root)
    with nameserver(root / "one", lib) as one, nameserver(root / "two", lib) as two:
        yield Site((one, two), root, libs)


@contextmanager
def nameserver(home: Path, lib: Path) -> Iterator[Server]:
    home.mkdir()
    port = free_ports(1)
    lay_files(home, port, 1)
    with server(home, lib, "namesrv", "org.apache.rocketmq.namesrv.NamesrvStartup", port) as running:
        yield running


@contextmanager
def silent_broker() -> Iterator[tuple[str, list[socket.socket]]]:
    """A port that accepts and never answers, as a hung broker's; its address, and the connections it was given."""
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    accepted.append(listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", accepted
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for one in accepted:
                one.close()


def values(report: dict[str, Any], key: str = "value") -> dict[str, Any]:
    """One entry of each client, by the name of its instance."""
    return {one["client_id"].partition("@")[2]: one[key] for one in report["instances"]}


def broker_connections(asker: Asker, address: str, accepted: list[socket.socket]) -> int:
    """How many connections three questions that time out have taken."""
    before = len(accepted)
    for _ in range(3):
        assert asker.say(f"broker {address}", " broker ").endswith("RemotingTimeoutException")
    return len(accepted) - before


@pytest.mark.parametrize("major", sorted(MAJORS))
def test_every_verb_and_mode_does_what_it_says_in_any_order(site: Site, major: int, figure: Figure) -> None:
    with site.asker("a", "shared", major=major) as asker:
        began = time.monotonic()
        report = asker.load("report")
        figure(f"Java {major}: the first report took {time.monotonic() - began:.2f} s")
        assert (report["verb"], report["mode"], report["new_instances"], report["errors"]) == (
            "report",
            None,
            False,
            [],
        )
        assert (
            values(report) == values(report, "every") == values(report, "constructed") == {"a": False, "shared": False}
        )
        assert values(report, "shared") == {"a": False, "shared": True}
        assert values(report, "producers") == {"a": ["a-producers"], "shared": ["shared-producers"]}
        assert values(report, "consumers") == {"a": [], "shared": ["shared-consumers"]}
        assert values(report, "latency_fault") == {"a": False, "shared": False}
        for one in report["instances"]:
            assert (one["release"], one["package"]) == ("4.8.0", "org.apache.rocketmq")
            assert sorted(one["nameservers"]) == sorted(site.addresses)
            assert one["nameserver"] in site.addresses

        for mode in ("nameserver", "nameserver", "every", "every", "nameserver"):
            asker.load(f"on,mode={mode}")
            new = asker.say(f"new {mode}-{len(asker.lines())}", "started").split()[-1]
            report = asker.load("report")
            assert (report["mode"], report["new_instances"], report["errors"]) == (mode, True, [])
            assert new in values(report)
            assert set(values(report).values()) == {True}
            assert set(values(report, "every").values()) == {mode == "every"}
            assert set(values(report, "constructed").values()) == {False}

        for _ in range(2):
            report = asker.load("off")
            assert (report["mode"], report["new_instances"], report["errors"]) == (None, False, [])
            assert set(values(report).values()) == set(values(report, "every").values()) == {False}
        assert set(asker.outcomes("a")) == {"ok"}


@pytest.mark.parametrize("options", ["on", "on,mode=every"])
@pytest.mark.parametrize("major", sorted(MAJORS))
def test_at_start_it_covers_the_clients_that_come(site: Site, major: int, options: str) -> None:
    with site.asker("a", major=major, options=(f"-javaagent:{agent_jar(print).path}={options}",)) as asker:
        report = asker.load("report")
        assert (values(report), report["new_instances"], report["errors"]) == ({"a": True}, True, [])
        assert values(report, "every") == {"a": "every" in options}
        assert values(report, "constructed") == {"a": False}
        report = asker.load("off")
        assert (values(report), report["new_instances"], report["errors"]) == ({"a": False}, False, [])


@pytest.mark.parametrize(("mode", "connections"), [(None, 1), ("nameserver", 1), ("every", 3)])
def test_only_mode_every_closes_the_channel_of_a_broker_that_times_out(
    site: Site, mode: str | None, connections: int
) -> None:
    with site.asker("a") as asker, silent_broker() as (address, accepted):
        if mode:
            asker.load(f"on,mode={mode}")
        assert broker_connections(asker, address, accepted) == connections


@pytest.mark.parametrize("mode", ["nameserver", "every"])
def test_a_client_moves_after_one_timeout_and_is_not_stuck_any_more(site: Site, mode: str, figure: Figure) -> None:
    option = (f"-javaagent:{agent_jar(print).path}=on,mode={mode}",)
    with site.asker("a", options=option) as asker:
        attached = values(asker.load("report"), "nameserver")["a"]
        with site.hung(attached):
            mark = len(asker.lines())
            took = until(SECONDS, lambda: "ok" in asker.outcomes("a", mark)[1:], "an answer in the hang")
            time.sleep(5)
            outcomes = asker.outcomes("a", mark)
        figure(
            f"at start, mode {mode}: moved {took:.1f} s after the hang began; {outcomes.count('ok')} queries answered"
        )
        failed = [outcome for outcome in outcomes if outcome != "ok"]
        assert len(failed) == 1, outcomes
        assert values(asker.load("report"), "nameserver")["a"] != attached


@pytest.mark.parametrize("mode", ["nameserver", "every"])
def test_a_client_stays_stuck_until_the_agent_is_brought_in(site: Site, mode: str, figure: Figure) -> None:
    with site.asker("a") as asker, site.hung(values(asker.load("report"), "nameserver")["a"]):
        mark = len(asker.lines())
        time.sleep(STUCK_SECONDS)
        alone = asker.outcomes("a", mark)[1:]
        assert set(alone) == {"RemotingTimeoutException"}
        mark, began = len(asker.lines()), time.monotonic()
        asker.load(f"on,mode={mode}")
        loaded = time.monotonic() - began
        until(SECONDS, lambda: "ok" in asker.outcomes("a", mark), "an answer")
        moved = time.monotonic() - began
        time.sleep(3)
        assert set(asker.outcomes("a", mark)[2:]) == {"ok"}
    figure(
        f"mode {mode}: {len(alone)} queries failed in {STUCK_SECONDS} s; loaded in {loaded:.2f} s, "
        f"answered {moved:.2f} s after that began"
    )
    assert moved < 5


def test_latency_fault_is_set_and_put_back(site: Site) -> None:
    with site.asker("a", "shared") as asker:
        report = asker.load("on,latency-fault=on")
        assert values(report, "latency_fault") == {"a": True, "shared": True}
        assert values(asker.load("on"), "latency_fault") == {"a": True, "shared": True}
        assert values(asker.load("on,latency-fault=off"), "latency_fault") == {"a": False, "shared": False}
        asker.load("on,latency-fault=on")
        assert values(asker.load("off"), "latency_fault") == {"a": False, "shared": False}


PROPERTY = "-Dcom.rocketmq.remoting.client.closeSocketIfTimeout=false"


@pytest.mark.parametrize("release", ["4.9.7", "5.4.0"])
def test_a_later_release_is_left_as_its_property_says_unless_every_channel_is_asked_for(
    site: Site, release: str
) -> None:
    with site.asker("a", release=release) as asker:
        report = asker.load("on")
        assert (values(report), values(report, "every"), report["errors"]) == ({"a": True}, {"a": True}, [])
        assert report["instances"][0]["release"] == release
    with site.asker("a", release=release, options=(PROPERTY,)) as asker:
        report = asker.load("on")
        assert (values(report), report["new_instances"]) == ({"a": False}, False)
        assert "only mode=every changes that" in report["errors"][0]
        report = asker.load("on,mode=every")
        assert (values(report), report["new_instances"], report["errors"]) == ({"a": True}, True, [])
        asker.say("new b", "started")
        assert values(asker.load("report"), "constructed") == {"a": False, "b": False}
        report = asker.load("off")
        assert (values(report), report["new_instances"]) == ({"a": False, "b": False}, False)


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The agent of other sources, so with other class names."""
    home = tmp_path_factory.mktemp("newer") / "agent"
    subprocess.run(["cp", "-r", str(ROOT / "java" / "agent"), str(home)], check=True)
    changed = home / "src" / "main" / "java" / "opskit" / "timeout" / "Mode.java"
    changed.write_text(changed.read_text() + "// newer\n")
    subprocess.run(["mvn", "-q", "-B", "clean", "package"], cwd=home, check=True, timeout=300)
    return (home / "target" / "agent.jar").read_bytes()


@pytest.mark.parametrize("mode", ["nameserver", "every"])
def test_a_newer_agent_takes_over_from_an_older_one_and_the_other_way_round(
    site: Site, newer: bytes, mode: str
) -> None:
    with site.asker("a") as asker:
        older = asker.load(f"on,mode={mode}")
        asker.say("new b", "started")
        seen = asker.load("report", newer)
        assert seen["agent"] != older["agent"]
        expected = {"a": True, "b": True}
        assert (seen["mode"], values(seen), values(seen, "every") == expected) == (mode, expected, mode == "every")
        assert values(seen, "constructed") == {"a": False, "b": False}
        taken = asker.load(f"on,mode={mode}", newer)
        assert (values(taken), taken["new_instances"], taken["errors"]) == (expected, True, [])
        asker.say("new c", "started")
        off = asker.load("off", newer)
        assert (set(values(off).values()), off["new_instances"], off["errors"]) == ({False}, False, [])
        asker.say("new d", "started")
        assert values(asker.load("report"))["d"] is False
        back = asker.load("on,mode=every")
        assert (set(values(back, "every").values()), back["errors"]) == ({True}, [])
        off = asker.load("off", newer)
        assert set(values(off).values()) == set(values(off, "constructed").values()) == {False}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("onn", "must begin with on, off or report, not 'onn'"),
        ("on,mode=all", "does not know the option 'mode=all'"),
        ("on,quiet", "does not know the option 'quiet'"),
    ],
)
def test_options_that_it_does_not_know_change_nothing(site: Site, options: str, said: str) -> None:
    with site.asker("a") as asker:
        report = asker.load(options)
        assert said in report["errors"][0]
        assert report["instances"] == []
        assert values(asker.load("report")) == {"a": False}


def test_wrong_options_at_start_do_not_keep_the_application_from_starting(site: Site) -> None:
    with site.asker("a", options=(f"-javaagent:{agent_jar(print).path}=onn",)) as asker:
        assert values(asker.load("report")) == {"a": False}


def test_a_broker_is_left_alone(tmp_path: Path) -> None:
    with cluster("4.8.0", tmp_path) as running:
        broker = Asker(running.broker.process, tmp_path / "broker.out")
        report = broker.load("on")
        assert "set clientCloseSocketIfTimeout in broker.conf" in report["errors"][0]
        assert report["mode"] is None


def test_jcmd_brings_it_in_too(site: Site) -> None:
    with site.asker("a") as asker:
        pid, jar = str(asker.process.pid), str(agent_jar(print).path)
        done = subprocess.run(["jcmd", pid, "JVMTI.agent_load", jar, '"on,id=x y"'], capture_output=True, text=True)
        assert "return code: 0" in done.stdout
        properties = subprocess.run(["jcmd", pid, "VM.system_properties"], capture_output=True, text=True).stdout
        (line,) = [line for line in properties.splitlines() if line.startswith("opskit.agent.report=")]
        report = json.loads(line.partition("=")[2].replace("\\:", ":").replace("\\\\", "\\"))
        assert (report["id"], report["mode"], values(report)) == ("x y", "nameserver", {"a": True})


@pytest.mark.parametrize("mode", ["nameserver", "every"])
def test_what_a_live_switch_costs_the_application(site: Site, mode: str, figure: Figure) -> None:
    log = site.classes / f"safepoint-{mode}.log"
    with site.asker("a", "shared", options=(f"-Xlog:safepoint*:file={log}",)) as asker:
        for options in ("report", f"on,mode={mode}", f"on,mode={mode}", "report", "off"):
            seen = len(log.read_text().splitlines())
            began = time.monotonic()
            asker.load(options)
            took = time.monotonic() - began
            time.sleep(0.3)
            found = re.findall(r'Safepoint "(\w+)".* Total: +(\d+) ns', "\n".join(log.read_text().splitlines()[seen:]))
            pauses = [(name, int(nanos) / 1e6) for name, nanos in found]
            words = ", ".join(f"{name} {millis:.1f} ms" for name, millis in pauses) or "none"
            figure(f"{options}: {took:.2f} s in all; safepoints: {words}")
            redefinitions = [millis for name, millis in pauses if "Redefine" in name]
            assert len(redefinitions) <= (0 if options == "report" else 1)
            assert all(millis < 200 for millis in redefinitions)


def test_what_it_costs_at_start(site: Site, figure: Figure) -> None:
    """A JVM that has nothing else to do, with and without the agent; medians of five."""
    agent = f"-javaagent:{agent_jar(print).path}=on"

    def seconds(*options: str) -> float:
        began = time.monotonic()
        subprocess.run([java(MACHINES_OWN), *options, "-version"], check=True, capture_output=True)
        return time.monotonic() - began

    bare = statistics.median(seconds() for _ in range(5))
    with_agent = statistics.median(seconds(agent) for _ in range(5))
    figure(f"a bare JVM's start: {1000 * bare:.0f} ms, with the agent {1000 * with_agent:.0f} ms")
    assert with_agent - bare < 1
