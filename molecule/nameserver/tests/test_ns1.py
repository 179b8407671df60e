"""A nameserver of which everything was said."""

import pytest

testinfra_hosts = ["ansible://ns1"]


@pytest.fixture
def own(server):
    return server(port=19876)


def test_it_listens_where_it_was_told_and_nowhere_else(host, rocketmq_unit):
    listening = host.check_output("ss --no-header --tcp --listening --numeric --processes")
    ports = {
        line.split()[3].rsplit(":", 1)[1] for line in listening.splitlines() if f"pid={rocketmq_unit.pid}," in line
    }
    assert ports == {"19876"}


def test_it_has_the_heap_and_the_options_that_were_declared(rocketmq_unit):
    assert {"-Xms300m", "-Xmx300m", "-XX:+UseParallelGC"} <= set(rocketmq_unit.arguments)


def test_it_runs_as_the_user_that_was_declared(rocketmq_unit, host):
    assert rocketmq_unit.user == "mq"
    assert not host.user("rocketmq").exists


def test_what_is_in_force_is_what_its_file_says(rocketmq_unit, own):
    in_force = own.settings()
    assert {key: in_force.get(key, "not known") for key in rocketmq_unit.settings} == rocketmq_unit.settings


def test_the_changed_setting_is_in_force_and_the_other_one_still_is(own):
    in_force = own.settings()
    assert (in_force["serverWorkerThreads"], in_force["orderMessageEnable"]) == ("6", "true")


def test_it_speaks_tls_and_plain_text(own):
    assert own.speaks_tls()
    assert own.brokers()


def test_it_writes_its_log_where_it_was_told(host):
    assert host.file("/data/log/logs/rocketmqlogs/namesrv.log").contains("The Name Server boot success")
    assert not host.file("/var/log/rocketmq").exists


def test_it_restarted_for_its_change(rocketmq_unit):
    assert rocketmq_unit.restarted_since_the_change


def test_it_knows_the_broker(own, eventually):
    assert eventually(lambda: "broker-a" in own.brokers(), within=30)
