"""RocketMQ 5.4.0 on virgin hosts, first looked at by plain Ansible, with a controller beside a nameserver."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import lab


def test_5_4_0_goes_from_nothing_to_a_healthy_cluster(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, figure: Callable[[str], None]
) -> None:
    release = tmp_path / "release.yml"
    release.write_text('all: {vars: {rocketmq_release: "5.4.0"}, children: {controllers: {hosts: {ns1: }}}}\n')
    with lab("lab", tmp_path_factory.mktemp("state")) as virgin:
        # a 5.x slave is in sync only after a registration of its own, 30 s apart where nothing is said
        settings = {"registerNameServerPeriod": 10000, "timerWheelEnable": False, "mappedFileSizeCommitLog": 67108864}
        brokers = tuple(host for host in virgin.hosts() if host.startswith("broker"))
        cluster = virgin.over(release).with_overlay(tmp_path, {"rocketmq_broker_settings": settings}, brokers)
        looked = cluster.playbook("--check", "--diff")
        assert looked.code == 0, looked.said
        assert "+brokerName=broker-b" in looked.stdout
        assert cluster.on("broker-b", "ls /etc/rocketmq /opt/rocketmq 2>/dev/null || true") == ""

        done = cluster.run("--format", "json", "deploy")
        assert done.code == 0, done.said
        (smoke,) = done.json["smoke"]
        assert (smoke["client"], smoke["sent"], smoke["received"], smoke["lost"]) == ("5.4.0", 1000, 1000, 0)
        assert "active" in cluster.on("ns1", "systemctl is-active rocketmq-controller rocketmq-nameserver")
        status = cluster.run("--format", "json", "status")
        assert status.code == 0, status.said
        assert {node["release"] for node in status.json["nameservers"] + status.json["brokers"]} == {"5.4.0"}

        again = cluster.run("--format", "json", "deploy", "--no-smoke")
        assert (again.code, again.json["changed"]) == (0, []), again.said

        audited = cluster.run("--format", "json", "compliance", "run")
        assert audited.code == 0, audited.said
        assert {row["severity"] for row in audited.json["rows"] if row["status"] in ("fails", "unknown")} <= {"low"}
        figure(
            f"5.4.0 deployed to 8 virgin hosts in {done.seconds:.0f} s; again in {again.seconds:.1f} s; smoke {smoke}"
        )
