"""Rendered files: what stands in them, for whom, and that they read back as what was declared."""

import javaproperties
import pytest
from clusters import host, small_cluster
from hypothesis import given
from hypothesis import strategies as st

from opskit.inventory.cluster import Broker, Cluster, Controller, Jvm
from opskit.render.difference import unified
from opskit.render.files import RenderedFile, RenderedHost, render

BUNDLES = {"4.8.0": "4.8.0-aaaa1111", "5.4.0": "5.4.0-bbbb2222"}


def file(rendered: RenderedHost, name: str) -> RenderedFile:
    (found,) = (one for one in rendered.files if one.path.endswith(name))
    return found


def with_broker(**changes: object) -> Cluster:
    cluster = small_cluster()
    master, slave = cluster.brokers
    return small_cluster(brokers=(master.model_copy(update=changes), slave))


def test_a_broker_is_what_the_topology_says() -> None:
    conf = javaproperties.loads(file(render(small_cluster(), BUNDLES)["a-s"], "broker.conf").content)
    assert conf == {
        "brokerClusterName": "small",
        "brokerName": "broker-a",
        "brokerId": "1",
        "brokerRole": "SLAVE",
        "namesrvAddr": "10.0.0.1:9876;10.0.0.2:9876",
        "brokerIP1": "10.0.0.12",
        "brokerIP2": "10.0.0.12",
        "listenPort": "10911",
        "storePathRootDir": "/var/lib/rocketmq/store",
        "storePathCommitLog": "/var/lib/rocketmq/store/commitlog",
        "clientCloseSocketIfTimeout": "true",
    }


def test_brokers_leave_a_hung_nameserver_unless_their_settings_say_otherwise() -> None:
    settings = {"clientCloseSocketIfTimeout": False}
    conf = file(render(with_broker(settings=settings), BUNDLES)["a"], "broker.conf").content
    assert javaproperties.loads(conf)["clientCloseSocketIfTimeout"] == "false"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40))
def test_any_value_reads_back_as_it_was_declared(value: str) -> None:
    conf = file(render(with_broker(settings={"msgTraceTopicName": value}), BUNDLES)["a"], "broker.conf").content
    assert javaproperties.loads(conf)["msgTraceTopicName"] == value


def test_settings_are_sorted_so_that_their_order_in_the_inventory_changes_nothing() -> None:
    one = render(with_broker(settings={"flushDiskType": "ASYNC_FLUSH", "deleteWhen": "04"}), BUNDLES)
    other = render(with_broker(settings={"deleteWhen": "04", "flushDiskType": "ASYNC_FLUSH"}), BUNDLES)
    assert one == other


def test_every_file_names_its_cluster_and_template() -> None:
    for found in render(small_cluster(), BUNDLES).values():
        for one in found.files:
            header = one.content[:200]
            assert "cluster small" in header, one.path
            assert "templates/" in header, one.path


def test_the_unit_starts_from_the_folder_of_its_bundle_as_its_own_user() -> None:
    unit = file(render(small_cluster(user="mq"), BUNDLES)["a"], "rocketmq-broker.service").content
    assert "-cp /opt/rocketmq/server/4.8.0-aaaa1111/lib/*" in unit
    assert "User=mq" in unit
    assert "-Xmx1g" in unit
    assert "-XX:MaxDirectMemorySize=1g" in unit


def test_a_nameserver_gets_no_key_that_it_would_overwrite() -> None:
    conf = javaproperties.loads(file(render(small_cluster(), BUNDLES)["ns1"], "namesrv.conf").content)
    assert conf == {"listenPort": "9876", "kvConfigPath": "/var/lib/rocketmq/namesrv/kvConfig.json"}


def test_logs_go_where_the_inventory_says() -> None:
    found = render(small_cluster(log_path="/data/log"), BUNDLES)["a"]
    unit = file(found, "rocketmq-broker.service").content
    assert "-Duser.home=/data/log " in unit
    assert "\nReadWritePaths=/data/log /var/lib/rocketmq /var/lib/rocketmq/store\n" in unit
    assert "<file>/data/log/logs/rocketmqlogs/broker.log</file>" in file(found, "logback_broker.xml").content
    assert ("/data/log", "rocketmq", "0750") in found.folders


def test_data_and_logs_are_not_for_everybody() -> None:
    found = render(small_cluster(), BUNDLES)["a"]
    assert {mode for _, owner, mode in found.folders if owner == "rocketmq"} == {"0750"}
    assert "\nUMask=0027\n" in file(found, "rocketmq-broker.service").content


@pytest.mark.parametrize(("release", "opened", "logback"), [("4.8.0", True, True), ("5.4.0", False, False)])
def test_what_a_release_needs_it_gets(release: str, opened: bool, logback: bool) -> None:
    found = render(with_broker(release=release), BUNDLES)["a"]
    assert ("--add-opens" in file(found, "rocketmq-broker.service").content) == opened
    assert any(one.path.endswith("logback_broker.xml") for one in found.files) == logback


def test_a_host_with_two_servers_gets_the_files_of_both() -> None:
    cluster = small_cluster()
    both = Broker(**(cluster.brokers[0].model_dump() | {"host": cluster.nameservers[0].host}))
    found = render(small_cluster(brokers=(both,)), BUNDLES)["ns1"]
    assert {one.unit for one in found.files} == {"", "rocketmq-broker.service", "rocketmq-nameserver.service"}


def test_controllers_know_each_other() -> None:
    controllers = tuple(
        Controller(host=host(f"c{number}", f"10.0.0.3{number}"), release="5.4.0", jvm=Jvm(heap="256m"))
        for number in range(3)
    )
    conf = file(render(small_cluster(controllers=controllers), BUNDLES)["c1"], "controller.conf").content
    values = javaproperties.loads(conf)
    assert values["controllerDLegerPeers"] == "n0-10.0.0.30:9878;n1-10.0.0.31:9878;n2-10.0.0.32:9878"
    assert values["controllerDLegerSelfId"] == "n1"


def test_a_secret_setting_is_masked_in_every_diff() -> None:
    settings = {"innerClientAuthenticationCredentials": "hush"}
    conf = file(render(with_broker(release="5.4.0", settings=settings), BUNDLES)["a"], "broker.conf")
    assert "=hush" in conf.content
    assert "hush" not in unified(conf.path, None, conf.content)
    assert conf.mode == "0640"


def test_kernel_settings_are_left_alone_where_they_are_not_ours() -> None:
    def paths(apply: bool) -> set[str]:
        return {one.path for one in render(small_cluster(apply_sysctl=apply), BUNDLES)["a"].files}

    assert paths(True) - paths(False) == {"/etc/sysctl.d/60-rocketmq.conf"}
