"""Status and gate against real servers on loopback: what they answer, and what a hung one looks like."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import SecretStr
from real_rocketmq import TOPIC, Server, cluster, free_ports, lay_files, server, unpacked

from opskit.errors import Exit
from opskit.inventory.cluster import Acl, Broker, Cluster, Endpoint, Host, Jvm, Nameserver
from opskit.onhost import frames
from opskit.rocketmq import admin
from opskit.rocketmq.admin import Request, ServerError
from opskit.status.ask import ask_now
from opskit.status.gate import gate, wait_for_gate
from opskit.status.judge import judge
from opskit.status.result import BrokerStatus, StatusReport

ADDRESS = "127.0.0.1"
SECONDS = 2.0
"""Patient: this machine may be busy."""
T = TypeVar("T")
JVM = Jvm(heap="128m")


@dataclass(frozen=True)
class Lab:
    release: str
    nameserver: Server
    broker: Server

    @property
    def cluster(self) -> Cluster:
        return declared(self.release, self.nameserver.port, self.broker.port)

    def status(self, seconds: float = SECONDS) -> StatusReport:
        return judge(self.cluster, ask_now(self.cluster, seconds))


def declared(release: str, nameserver_port: int, broker_port: int, acl: Acl | None = None) -> Cluster:
    name = {"broker_name": "broker-a", "broker_id": 0, "role": "ASYNC_MASTER"}
    return Cluster(
        name="C1",
        nameservers=(Nameserver(host=host("ns1"), release=release, port=nameserver_port, jvm=JVM),),
        brokers=(Broker(host=host("a"), release=release, port=broker_port, jvm=JVM, **name),),  # type: ignore[arg-type]
        dial="direct",
        acl=acl,
    )


def host(name: str) -> Host:
    return Host(name=name, address=ADDRESS, endpoint=Endpoint(host=name, address=ADDRESS))


def call(port: int, request: Request[T]) -> T:
    return request.answer(frames.call(ADDRESS, port, request.code, dict(request.ext), request.body, timeout=10))


@contextmanager
def hung(server: Server) -> Iterator[None]:
    """Its process stopped; the kernel goes on accepting its connections. It always goes on in the end."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module", params=["4.8.0", "5.4.0"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with cluster(request.param, tmp_path_factory.mktemp(request.param)) as running:
        lab = Lab(request.param, running.nameserver, running.broker)
        for node in (*lab.cluster.nameservers, *lab.cluster.brokers):
            assert asyncio.run(wait_for_gate(lab.cluster, node, timeout_seconds=40, interval_seconds=0.2)) == []
        yield lab


def test_a_healthy_cluster_holds(lab: Lab) -> None:
    report = lab.status()
    assert (report.findings, report.exit) == ((), Exit.HOLDS)
    nameserver, broker = report.nameservers[0], report.brokers[0]
    assert (nameserver.release, broker.release) == (lab.release, lab.release)
    assert nameserver.brokers == {"broker-a id 0": f"{ADDRESS}:{lab.broker.port}"}
    assert (broker.permission, broker.registered_with, broker.put_tps) == (6, ("ns1",), 0.0)


def test_a_nameserver_that_hangs_accepts_connections_but_does_not_answer(lab: Lab) -> None:
    with hung(lab.nameserver):
        began = time.monotonic()
        report = lab.status(0.7)
        took = time.monotonic() - began
    assert (report.nameservers[0].state, report.brokers[0].state) == ("silent", "healthy")
    assert [finding.rule for finding in report.findings] == ["nameserver-silent"]
    assert report.findings[0].sentence.startswith(
        "ns1 accepts connections but does not answer: its host or process hangs"
    )
    assert report.exit == Exit.FAILS
    assert 0.7 <= took < 2
    assert lab.status().exit == Exit.HOLDS


def test_a_broker_that_hangs_is_named_and_does_not_pass_the_gate(lab: Lab) -> None:
    with hung(lab.broker):
        answers = ask_now(lab.cluster, 0.7)
    report = judge(lab.cluster, answers)
    assert (report.nameservers[0].state, report.brokers[0].state, report.exit) == ("healthy", "silent", Exit.FAILS)
    (reason,) = gate(lab.cluster, answers, lab.cluster.brokers[0])
    assert reason.startswith("a (broker-a id 0) accepts connections but does not answer")


def test_a_drained_broker_is_named_until_the_drain_is_undone(lab: Lab) -> None:
    call(lab.broker.port, admin.update_broker_config({"brokerPermission": "4"}))
    try:
        answers = ask_now(lab.cluster, SECONDS)
    finally:
        call(lab.broker.port, admin.update_broker_config({"brokerPermission": "6"}))
    assert [finding.rule for finding in judge(lab.cluster, answers).findings] == ["other-permission"]
    assert gate(lab.cluster, answers, lab.cluster.brokers[0]) == [
        "a (broker-a id 0) has brokerPermission 4, declared is 6"
    ]
    assert lab.status().exit == Exit.HOLDS


def test_another_release_than_declared_is_named(lab: Lab) -> None:
    report = judge(declared("4.9.7", lab.nameserver.port, lab.broker.port), ask_now(lab.cluster, SECONDS))
    assert [finding.rule for finding in report.findings] == ["other-release", "other-release"]


def test_nothing_listens_where_the_cluster_is_declared(lab: Lab) -> None:
    elsewhere = declared(lab.release, free_ports(1), free_ports(1))
    report = judge(elsewhere, ask_now(elsewhere, SECONDS))
    assert {server.state for server in (*report.nameservers, *report.brokers)} == {"refused"}
    assert report.exit == Exit.FAILS


def test_topics_are_created_routed_and_deleted(lab: Lab) -> None:
    call(lab.broker.port, admin.create_topic("Made", queues=3))
    assert call(lab.broker.port, admin.topic_table()).topic_config_table.keys() >= {"Made", TOPIC}
    (queues,) = call(lab.nameserver.port, admin.route("Made")).queue_datas
    assert (queues.broker_name, queues.write_queue_nums, queues.perm) == ("broker-a", 3, 6)
    assert "Made" in call(lab.nameserver.port, admin.topic_list()).topic_list
    call(lab.nameserver.port, admin.delete_topic_on_nameserver("Made"))
    assert call(lab.nameserver.port, admin.route("Made")).queue_datas == ()


def test_clients_and_settings_are_asked_for(lab: Lab) -> None:
    assert call(lab.broker.port, admin.consumer_connections("nobody")).connection_set == ()
    with pytest.raises(ServerError, match="nobody"):
        call(lab.broker.port, admin.producer_connections("nobody"))
    assert call(lab.nameserver.port, admin.nameserver_config())["listenPort"] == str(lab.nameserver.port)
    assert call(lab.broker.port, admin.broker_config())["namesrvAddr"] == f"{ADDRESS}:{lab.nameserver.port}"
    if lab.release.startswith("5."):
        assert call(lab.broker.port, admin.all_producers()).data == {}
        assert call(lab.broker.port, admin.ha_status()).master


def test_a_broker_with_an_acl_takes_signed_questions_only(tmp_path: Path) -> None:
    port, keys = free_ports(4) + 2, Acl(access_key="opskit-admin", secret_key=SecretStr("a-long-secret"))
    nameserver_port = free_ports(1)
    lay_files(tmp_path, nameserver_port, port)
    (tmp_path / "conf" / "broker.conf").open("a").write("aclEnable=true\n")
    (tmp_path / "conf" / "plain_acl.yml").write_text(
        f"accounts:\n- accessKey: {keys.access_key}\n  secretKey: {keys.secret_key.get_secret_value()}\n  admin: true\n"
    )
    lib, main = unpacked("server", "4.8.0", tmp_path), "org.apache.rocketmq.broker.BrokerStartup"
    with server(tmp_path, lib, "broker", main, port):
        signed = broker_status(declared("4.8.0", nameserver_port, port, keys))
        unsigned = judge(stranger := declared("4.8.0", nameserver_port, port), ask_now(stranger, SECONDS)).brokers[0]
    assert (signed.state, signed.detail, signed.permission) == ("healthy", "", 6)
    assert unsigned.state == "error"
    assert "No accessKey is configured" in unsigned.detail


def broker_status(cluster: Cluster) -> BrokerStatus:
    """Asked again for 5 s: in its first second a broker of 4.8.0 has no statistics and answers 28 with an error."""
    end = time.monotonic() + 5
    while True:
        broker = judge(cluster, ask_now(cluster, SECONDS)).brokers[0]
        if broker.state == "healthy" or time.monotonic() > end:
            return broker
        time.sleep(0.2)
