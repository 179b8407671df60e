"""The probe's drill against real servers on loopback: two nameservers, one of which is frozen, and a broker."""

import gzip
import json
import os
import queue
import signal
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from real_rocketmq import TOPIC, Server, free_ports, lay_files, server, unpacked

from opskit.artifacts.probe import probe_command
from opskit.verify.history import Op, record_of

SECONDS = 60
FROZEN_SECONDS = 14
PATHS = {"produce", "produce@broker-a", "consume", "route", "bootstrap@producer", "bootstrap@consumer"}
SECOND = 1_000_000_000


@dataclass(frozen=True)
class Lab:
    release: str
    nameservers: tuple[Server, Server]
    lib: Path
    home: Path

    @property
    def addresses(self) -> tuple[str, str]:
        first, second = (f"127.0.0.1:{one.port}" for one in self.nameservers)
        return first, second

    def command(self, name: str, *words: str) -> list[str]:
        words = ("drill", "--nameservers", ";".join(self.addresses), "--topic", TOPIC, "--name", name, *words)
        brokers = () if "--brokers" in words else ("--brokers", "broker-a")
        words = (*words, *brokers, "--group-prefix", f"t{os.getpid()}")
        return probe_command("java", str(self.lib), self.release, words, log_dir=str(self.home / "client-logs"))


class Drill:
    """A running drill: what it says, and its history."""

    def __init__(self, lab: Lab, name: str, *words: str) -> None:
        self.history = lab.home / f"{name}.jsonl.gz"
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        pipe = subprocess.PIPE
        command = lab.command(name, "--history", str(self.history), *words)
        with (lab.home / f"{name}.err").open("wb") as errors:
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def say(self, command: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def hear(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        while True:
            event = self.events.get(timeout=SECONDS)
            assert "error" not in event, event
            if event["event"] == name:
                return event

    def ops(self) -> list[Op]:
        with gzip.open(self.history, "rt") as lines:
            return [op for line in lines if isinstance(op := record_of(line), Op)]


@contextmanager
def drill(lab: Lab, name: str, *words: str) -> Iterator[Drill]:
    running = Drill(lab, name, *words)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture(scope="module", params=["4.8.0", "5.4.0"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp(request.param)
    jars = unpacked("server", request.param, home)
    with ExitStack() as servers:
        nameservers = []
        for name in ("one", "two"):
            port = free_ports(1)
            (home / name).mkdir()
            lay_files(home / name, port, 0)
            main = "org.apache.rocketmq.namesrv.NamesrvStartup"
            nameservers.append(servers.enter_context(server(home / name, jars, "namesrv", main, port)))
        port = free_ports(4) + 2
        (home / "broker").mkdir()
        lay_files(home / "broker", nameservers[0].port, port)
        running = Lab(request.param, (nameservers[0], nameservers[1]), unpacked("client", request.param, home), home)
        with (home / "broker" / "conf" / "broker.conf").open("a") as conf:
            conf.write(f"namesrvAddr={';'.join(running.addresses)}\n")
        main = "org.apache.rocketmq.broker.BrokerStartup"
        servers.enter_context(server(home / "broker", jars, "broker", main, port))
        yield running


@contextmanager
def frozen(victim: Server) -> Iterator[None]:
    victim.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        victim.process.send_signal(signal.SIGCONT)


def test_a_frozen_nameserver_keeps_its_clients_with_the_setting_off_and_loses_them_with_it_on(lab: Lab) -> None:
    victim = lab.addresses[0]
    with (
        drill(lab, "off", "--bootstrap-interval-ms", "2000", "--set", "clientCloseSocketIfTimeout=false") as off,
        drill(lab, "on", "--bootstrap-interval-ms", "2000", "--set", "clientCloseSocketIfTimeout=true") as on,
    ):
        both = (off, on)
        for one, flag in ((off, False), (on, True)):
            ready = one.hear("ready")
            assert (ready["client"], ready["settings"]["clientCloseSocketIfTimeout"]) == (lab.release, flag)
            assert {client["layout"] for client in ready["clients"]} == {"shared", "separate"}
        for one in both:
            one.say(f"attach {victim}")
        for one in both:
            attached = one.hear("attached")
            assert attached["failed"] == []
            assert [client["nameservers"] for client in attached["clients"]] == [[victim], [victim]]
        time.sleep(2)
        with frozen(lab.nameservers[0]):
            began = time.monotonic_ns()
            time.sleep(FROZEN_SECONDS)
            ended = time.monotonic_ns()
        for one in both:
            one.say("stop-sending")
        for one in both:
            one.hear("quiet")
            one.say("stop")
        records = [one.hear("done")["records"] for one in both]
        assert [one.process.wait(timeout=SECONDS) for one in both] == [0, 0]
    assert records == [len(one.ops()) for one in both]
    for one in both:
        ops = one.ops()
        for client in {op.client for op in ops}:
            mine = [op for op in ops if op.client == client]
            assert {op.path for op in mine if op.outcome == "ok"} == PATHS
            sent = {op.message for op in mine if op.path.startswith("produce") and op.outcome == "ok"}
            assert sent <= {op.message for op in mine if op.path == "consume"}
        settled = [op for op in ops if began < op.start_ns < ended - 4 * SECOND]
        fresh = [op for op in settled if op.path.startswith("bootstrap")]
        assert {op.via for op in fresh} <= set(lab.addresses)
        if one is off:
            assert {op.outcome for op in settled if op.path == "route"} == {"fail"}
            assert all((op.outcome == "ok") == (op.via != victim) for op in fresh)
        else:
            late = [op for op in ops if op.path == "route" and began + 8 * SECOND < op.start_ns < ended]
            assert {op.outcome for op in settled if op.path == "route"} == {"fail", "ok"}
            assert {op.outcome for op in late} == {"ok"}


def test_its_clock_is_that_of_this_host_and_it_ends_with_its_controller(lab: Lab) -> None:
    with drill(lab, "cut", "--paths", "produce,route", "--layouts", "separate") as running:
        running.hear("ready")
        before = time.monotonic_ns()
        running.say("clock 7")
        clock = running.hear("clock")
        assert clock["id"] == 7
        assert before < clock["mono_ns"] < time.monotonic_ns()
        assert running.hear("progress")["paths"]
        assert running.process.stdin
        running.process.stdin.close()
        assert running.hear("done")["records"] == len(running.ops()) > 0
        assert running.process.wait(timeout=SECONDS) == 0


def test_a_killed_probe_leaves_all_but_its_last_second(lab: Lab) -> None:
    with drill(lab, "killed", "--paths", "produce", "--layouts", "shared", "--interval-ms", "20") as running:
        running.hear("ready")
        for _ in range(4):
            progress = running.hear("progress")
        counted = progress["paths"][0]["ok"]
        running.process.kill()
        running.process.wait()
        unpacker = zlib.decompressobj(wbits=31)
        lines = unpacker.decompress(running.history.read_bytes()).decode().splitlines()
    assert all(isinstance(record_of(line), Op) for line in lines)
    assert len(lines) >= counted - 1.5 / 0.02


def test_what_cannot_be_done_is_said_in_one_sentence(lab: Lab) -> None:
    def ended(*words: str) -> tuple[int, str]:
        command = lab.command("refused", "--timeout-seconds", "4", *words)
        # a stdin that stays open: its end would be the word to stop
        reading, writing = os.pipe()
        try:
            done = subprocess.run(command, stdin=reading, capture_output=True, text=True, timeout=SECONDS)
        finally:
            os.close(reading)
            os.close(writing)
        said = done.stdout if done.returncode == 3 else done.stderr
        return done.returncode, said.strip().splitlines()[-1]

    history = str(lab.home / "refused.jsonl.gz")
    code, said = ended("--history", history, "--set", "sendMsgTimeouts=1")
    assert (code, said) == (2, "opskit probe: --set: no producer, consumer or connection of this release has a "
                            "sendMsgTimeouts")  # fmt: skip
    code, said = ended("--history", "/dev/full")
    assert (code, json.loads(said)["error"]) == (
        3,
        "the history /dev/full cannot be written: No space left on device",
    )
    code, said = ended("--history", history, "--brokers", "broker-x", "--paths", "produce,produce@")
    assert code == 3
    assert "no route to topic ProbeTopic with a queue on each of [broker-x" in json.loads(said)["error"]
