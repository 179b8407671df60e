"""From nothing to a healthy cluster, and the changes after it: real hosts, real RocketMQ, real clients.

The tests of this module share one lab and build on each other, in order.
"""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Lab, interrupt, lab, until

from opskit.artifacts.bundles import bundle
from opskit.artifacts.probe import probe_command, traffic_ledger
from opskit.inventory.cluster import Artifact
from opskit.onhost import drain
from opskit.plan.judge import accept

SETTINGS = {
    "flushDiskType": "ASYNC_FLUSH",
    "mappedFileSizeCommitLog": 67108864,
    "mappedFileSizeConsumeQueue": 600000,
    "maxIndexNum": 100000,
    "maxHashSlotNum": 50000,
    "diskMaxUsedSpaceRatio": 95,
}
Figure = Callable[[str], None]
BROKERS = ("broker-a", "broker-a-s", "broker-b", "broker-b-s")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab("lab", tmp_path_factory.mktemp("state")) as running:
        yield running


def permission(cluster: Lab, host: str) -> str:
    """brokerPermission in force, asked of the broker itself; "" while it is down."""
    try:
        return drain.permission(cluster.address(host), 10911, None)
    except OSError:
        return ""


def started(cluster: Lab, host: str) -> str:
    return cluster.on(host, "systemctl show -p MainPID,ExecMainStartTimestampMonotonic rocketmq-broker")


def named(result: dict[str, Any]) -> dict[str, list[str]]:
    """host → files that changed, or would."""
    return {host["host"]: [file["path"] for file in host["files"]] for host in result["changed"]}


def test_check_on_virgin_hosts_names_what_the_deploy_then_changes(cluster: Lab, figure: Figure) -> None:
    checked = cluster.run("--format", "json", "deploy", "--check", "--diff")
    assert checked.code == 0, checked.said
    assert cluster.on("ns1", "ls /etc/rocketmq /opt/rocketmq 2>/dev/null || true") == ""
    done = cluster.run("--format", "json", "deploy")
    assert done.code == 0, done.said
    assert named(checked.json) == named(done.json)
    (smoke,) = done.json["smoke"]
    assert (smoke["sent"], smoke["received"], smoke["lost"], smoke["failed"]) == (1000, 1000, 0, 0)
    figure(f"4.8.0 deployed to 8 virgin hosts in {done.seconds:.0f} s; smoke {smoke}")


def test_a_second_deploy_changes_nothing_and_restarts_nothing(cluster: Lab, figure: Figure) -> None:
    before = [started(cluster, host) for host in BROKERS]
    done = cluster.run("--format", "json", "deploy")
    assert done.code == 0, done.said
    assert (done.json["changed"], done.json["unchanged"]) == ([], cluster.hosts())
    assert [started(cluster, host) for host in BROKERS] == before
    assert done.seconds <= 15
    figure(f"second deploy: 0 changed, 0 restarts, {done.seconds:.1f} s for 8 hosts, smoke test included")


def test_plain_ansible_playbook_finds_nothing_to_change_either(cluster: Lab) -> None:
    done = cluster.playbook()
    assert done.code == 0, done.said
    recap = [line for line in done.stdout.split("PLAY RECAP")[1].splitlines() if "broker" in line or "ns" in line]
    assert len(recap) == 6
    assert all("changed=0" in line and "failed=0" in line for line in recap), recap


def test_status_names_a_frozen_nameserver_and_waits_for_it_no_longer_than_its_deadline(
    cluster: Lab, figure: Figure
) -> None:
    healthy = [cluster.run("status") for _ in range(3)]
    with cluster.frozen("ns1"):
        hung = [cluster.run("status") for _ in range(3)]
    assert [done.code for done in healthy] == [0, 0, 0]
    for done in hung:
        assert done.code == 1
        assert "ns1 accepts connections but does not answer" in done.stdout
    figure(f"status of a healthy cluster: {', '.join(f'{done.seconds:.2f}' for done in healthy)} s")
    figure(f"status with one frozen nameserver: {', '.join(f'{done.seconds:.2f}' for done in hung)} s")
    # side by side, since this machine's own speed drifts: the deadline is 0.7 s
    assert min(done.seconds for done in hung) - min(done.seconds for done in healthy) < 1.5


def test_a_failing_gate_leaves_the_second_broker_untouched(cluster: Lab, tmp_path: Path) -> None:
    def state(host: str) -> str:
        return cluster.on(host, "sha256sum /etc/rocketmq/conf/broker.conf") + started(cluster, host)

    changed = cluster.with_overlay(
        tmp_path, {"rocketmq_broker_settings": SETTINGS | {"diskMaxUsedSpaceRatio": 80}}, BROKERS
    )
    changed = changed.with_overlay(tmp_path, {"opskit_gate_seconds": 8})
    before = [state(host) for host in BROKERS]
    cluster.on(
        "ns2",
        "nft add table inet test && nft add chain inet test in '{ type filter hook input priority 0; }' && "
        f"nft add rule inet test in ip saddr {cluster.address('broker-a-s')} tcp dport 9876 drop && "
        "systemctl restart rocketmq-nameserver",
    )
    try:
        done = changed.run("--format", "json", "deploy", "--no-smoke")
    finally:
        cluster.on("ns2", "nft delete table inet test")
    assert done.code == 1, done.said
    assert done.json["failure"]["host"] == "broker-a-s"
    assert "The gate did not open within 8 s: " in done.json["failure"]["sentence"]
    assert "ns2" in done.json["failure"]["sentence"]
    assert done.json["pending"] == ["broker-a", "broker-b", "broker-b-s"]
    after = [state(host) for host in BROKERS]
    assert [host for host, old, new in zip(BROKERS, before, after, strict=True) if old != new] == ["broker-a-s"]


def test_a_rolling_change_under_traffic_loses_no_acknowledged_message(
    cluster: Lab, tmp_path: Path, figure: Figure
) -> None:
    changed = cluster.with_overlay(
        tmp_path, {"rocketmq_broker_settings": SETTINGS | {"diskMaxUsedSpaceRatio": 85}}, BROKERS
    )
    traffic = start_traffic(cluster, rate=50)
    try:
        done = changed.run("deploy", "--no-smoke")
    finally:
        ledger = stop_traffic(traffic)
    assert done.code == 0, done.said
    assert ledger.lost == 0, ledger
    assert ledger.acknowledged > 1000, ledger
    # the drain trap: an update at run time must not have rewritten the file
    rendered = tmp_path / "rendered"
    assert changed.run("render", "--out", str(rendered)).code == 0
    for host in BROKERS:
        on_host = cluster.on(host, "cat /etc/rocketmq/conf/broker.conf")
        assert on_host == (rendered / host / "etc/rocketmq/conf/broker.conf").read_text(), host
        assert permission(cluster, host) == "6"
    figure(f"rolling change of 4 brokers in {done.seconds:.0f} s under 50 messages/s: {ledger}")


def test_ctrl_c_during_a_drain_gives_the_write_permission_back(cluster: Lab, tmp_path: Path) -> None:
    changed = cluster.with_overlay(
        tmp_path, {"rocketmq_broker_settings": SETTINGS | {"diskMaxUsedSpaceRatio": 75}}, ("broker-a",)
    )
    changed = changed.with_overlay(
        tmp_path, {"rocketmq_broker_settings": SETTINGS | {"diskMaxUsedSpaceRatio": 85}}, BROKERS[1:]
    )
    process = changed.start("deploy", "--no-smoke")
    until(180, lambda: permission(cluster, "broker-a") == "4", "the drain of broker-a")
    before = started(cluster, "broker-a")
    done = interrupt(process, signal.SIGINT)
    assert done.code == 130, done.said
    assert permission(cluster, "broker-a") == "6"
    assert started(cluster, "broker-a") == before
    assert "given back its write permission" in done.stdout


def test_kill_9_during_a_drain_leaves_it_to_the_undo_on_the_host(cluster: Lab, tmp_path: Path, figure: Figure) -> None:
    settings = SETTINGS | {"diskMaxUsedSpaceRatio": 75}
    changed = cluster.with_overlay(tmp_path, {"rocketmq_broker_settings": settings}, ("broker-a",))
    changed = changed.with_overlay(tmp_path, {"opskit_drain_seconds": 5})
    process = changed.start("deploy", "--no-smoke")
    until(180, lambda: permission(cluster, "broker-a") == "4", "the drain of broker-a")
    before = started(cluster, "broker-a")
    interrupt(process, signal.SIGKILL)
    seconds = until(150, lambda: permission(cluster, "broker-a") == "6", "the armed undo")
    assert started(cluster, "broker-a") == before, "the orphaned playbook went on"
    figure(f"kill -9 during a drain: the undo on the host gave the permission back after {seconds:.0f} s")


def test_the_next_run_takes_the_dead_run_s_lock_and_finishes(cluster: Lab, tmp_path: Path) -> None:
    quick = cluster.with_overlay(tmp_path, {"opskit_drain_seconds": 2})
    done = quick.run("--format", "json", "deploy", "--no-smoke")
    assert done.code == 0, done.said
    assert cluster.run("--format", "json", "deploy", "--no-smoke").json["changed"] == []
    audit = [json.loads(line) for line in cluster.on("broker-b", "cat /var/log/opskit/audit.log").splitlines()]
    assert {line["outcome"] for line in audit} >= {"done", "failed", "cancelled"}


def start_traffic(cluster: Lab, rate: int) -> subprocess.Popen[str]:
    """The Java probe on a client host, until its stdin is closed."""
    declared, _ = accept((cluster.inventory, cluster.state / "labs" / cluster.name / "inventory.yml"))
    release = declared.clients[-1].releases[0]
    lib = f"/opt/rocketmq/client/{bundle('client', release, Artifact(), print).folder}/lib"
    words = ["traffic", "--nameservers", declared.nameserver_addresses, "--topic", "opskit-smoke"]
    # a consumer that lost its broker is known to it again after a heartbeat (30 s) and a rebalance (20 s): what comes
    # by then is late, not lost
    words += ["--rate", str(rate), "--drain-seconds", "90"]
    command = ["timeout", "400", *probe_command("/usr/bin/java", lib, release, words, "/var/tmp/probe")]  # noqa: S108 - on the client host
    process = subprocess.Popen(
        ["podman", "exec", "-i", f"opskit-{cluster.name}-client2", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "ready" in process.stdout.readline()
    return process


def stop_traffic(process: subprocess.Popen[str]) -> Any:
    stdout, _ = process.communicate(timeout=200)
    return traffic_ledger(stdout, "client2")
