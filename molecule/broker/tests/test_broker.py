"""A broker of which everything was said."""

import pytest

testinfra_hosts = ["ansible://broker-a"]


@pytest.fixture
def own(server):
    """The broker as its administrator asks it."""
    return server(port=20911).signed_by("admin", "a-key-for-tests")


def test_it_has_the_memory_and_the_options_that_were_declared(rocketmq_unit):
    declared = {"-Xms600m", "-Xmx600m", "-XX:MaxDirectMemorySize=300m", "-XX:+UseParallelGC"}
    assert declared <= set(rocketmq_unit.arguments)


def test_it_runs_as_the_user_that_was_declared(rocketmq_unit, host):
    assert rocketmq_unit.user == "mq"
    assert not host.user("rocketmq").exists


def test_what_is_in_force_is_what_its_file_says(rocketmq_unit, own):
    in_force = own.settings()
    assert {key: in_force.get(key, "not known") for key in rocketmq_unit.settings} == rocketmq_unit.settings


def test_the_changed_setting_is_in_force_and_the_others_still_are(own):
    in_force = own.settings()
    expected = {
        "fileReservedTime": "48",
        "flushDiskType": "SYNC_FLUSH",
        "brokerRole": "SYNC_MASTER",
        "deleteWhen": "03",
    }
    assert {key: in_force[key] for key in expected} == expected


def test_the_nameservers_route_to_its_name_and_port(server, route):
    for nameserver in ("ns1", "ns2"):
        assert route("SELF_TEST_TOPIC", via=nameserver) == {"first": {0: f"{server().address}:20911"}}


def test_it_refuses_whoever_does_not_sign(server):
    with pytest.raises(PermissionError):
        server(port=20911).settings()


def test_it_refuses_a_wrong_key(server):
    with pytest.raises(PermissionError):
        server(port=20911).signed_by("admin", "a-wrong-key").settings()


def test_it_speaks_tls_and_plain_text(own):
    assert own.speaks_tls()
    assert own.settings()


def test_it_keeps_its_messages_where_it_was_told(host):
    store = host.file("/data/rocketmq/store")
    assert (store.user, store.group, store.mode) == ("mq", "mq", 0o750)
    assert host.file("/data/rocketmq/store/config/topics.json").contains("SELF_TEST_TOPIC")
    assert not host.file("/var/lib/rocketmq/store").exists


def test_it_writes_its_log_where_it_was_told(host):
    assert host.file("/data/rocketmq/log/logs/rocketmqlogs/broker.log").size > 0
    assert not host.file("/var/log/rocketmq").exists


def test_it_restarted_for_its_change(rocketmq_unit):
    assert rocketmq_unit.restarted_since_the_change
