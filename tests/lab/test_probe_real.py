"""The probe against real servers: opskit's own bundles, one nameserver and one broker on loopback."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from real_rocketmq import TOPIC, Cluster, cluster, unpacked

from opskit.artifacts.probe import probe_command, smoke_result, traffic_ledger
from opskit.errors import Exit, OpskitError

SECONDS = 60


@dataclass(frozen=True)
class Lab:
    release: str
    cluster: Cluster
    lib: Path
    logs: Path

    def command(self, *words: str) -> list[str]:
        words = (words[0], "--nameservers", self.cluster.nameservers, *words[1:])
        return probe_command("java", str(self.lib), self.release, words, log_dir=str(self.logs))

    def run(self, *words: str, keys: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        environment = os.environ | (keys or {})
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=SECONDS, env=environment)


@pytest.fixture(scope="module", params=["4.8.0", "5.4.0"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp(request.param)
    lib = unpacked("client", request.param, home)
    with cluster(request.param, home) as running:
        yield Lab(request.param, running, lib, home / "client-logs")


def test_a_thousand_messages_come_back_and_stdout_holds_one_json_line(lab: Lab) -> None:
    done = lab.run("smoke", "--topic", TOPIC, "--messages", "1000", "--timeout-seconds", "30")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    result = smoke_result(done.stdout, "loopback")
    assert (result.sent, result.acknowledged, result.received) == (1000, 1000, 1000)
    assert (result.failed, result.duplicates, result.lost) == (0, 0, 0)
    assert (result.client, result.brokers) == (lab.release, ("broker-a",))
    assert (lab.logs / "rocketmq_client.log").stat().st_size > 0


def test_traffic_ends_with_its_ledger_when_stdin_closes(lab: Lab) -> None:
    with _traffic(lab) as process:
        _await_progress(process)
        stdout, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, stderr
    ledger = traffic_ledger(stdout, "loopback")
    assert ledger.attempted == ledger.acknowledged == ledger.received >= 50
    assert (ledger.failed, ledger.indeterminate, ledger.lost, ledger.unexpected) == (0, 0, 0, 0)


def test_traffic_ends_with_its_ledger_on_sigterm(lab: Lab) -> None:
    with _traffic(lab) as process:
        _await_progress(process)
        process.send_signal(signal.SIGTERM)
        assert process.stdout and process.stdin
        lines = process.stdout.read().splitlines()
        assert process.wait(timeout=SECONDS) == 0
    assert json.loads(lines[-1])["event"] == "ledger"
    assert traffic_ledger(lines[-1], "loopback").lost == 0


def test_a_topic_without_a_route_is_not_judged(lab: Lab) -> None:
    done = lab.run("smoke", "--topic", "NoSuchTopic", "--timeout-seconds", "2")
    assert done.returncode == 3
    with pytest.raises(OpskitError, match="no route to topic NoSuchTopic") as caught:
        smoke_result(done.stdout, "loopback")
    assert caught.value.code is Exit.UNJUDGED


def test_a_wrong_option_is_named(lab: Lab) -> None:
    done = lab.run("smoke", "--topics", TOPIC)
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown option --topics" in done.stderr


def test_keys_from_the_environment_sign_what_a_broker_with_acl_asks_for(tmp_path: Path) -> None:
    lib = unpacked("client", "4.8.0", tmp_path)
    keys = {"OPSKIT_ACCESS_KEY": "opskit-key", "OPSKIT_SECRET_KEY": "hush-hush-hush"}
    with cluster("4.8.0", tmp_path, keys=("opskit-key", "hush-hush-hush")) as running:
        lab = Lab("4.8.0", running, lib, tmp_path / "client-logs")
        words = ("smoke", "--topic", TOPIC, "--messages", "100", "--timeout-seconds")
        signed, unsigned = lab.run(*words, "30", keys=keys), lab.run(*words, "4")
    assert signed.returncode == 0, signed.stderr
    assert smoke_result(signed.stdout, "loopback").received == 100
    assert unsigned.returncode != 0
    traces = signed.stdout + signed.stderr + (lab.logs / "rocketmq_client.log").read_text()
    assert "hush-hush-hush" not in traces


def _traffic(lab: Lab) -> subprocess.Popen[str]:
    command = lab.command("traffic", "--topic", TOPIC, "--rate", "50", "--drain-seconds", "10")
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


def _await_progress(process: subprocess.Popen[str]) -> None:
    """The consumer has its queues, and a second of traffic has been reported."""
    assert process.stdout
    assert json.loads(process.stdout.readline())["event"] == "ready"
    assert json.loads(process.stdout.readline())["second"] == 1
