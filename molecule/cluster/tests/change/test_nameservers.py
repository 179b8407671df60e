"""Both nameservers see both pairs whole."""

testinfra_hosts = ["ansible://nameservers"]


def test_it_knows_each_master_and_its_slave(server, eventually):
    whole = {
        "broker-a": {0: f"{server('broker-a').address}:10911", 1: f"{server('broker-a-s').address}:10911"},
        "broker-b": {0: f"{server('broker-b').address}:10911", 1: f"{server('broker-b-s').address}:10911"},
    }
    assert eventually(lambda: server().brokers() == whole, within=45)


def test_it_was_not_restarted_by_a_broker_s_setting(rocketmq_unit):
    assert not rocketmq_unit.restarted_since_the_change
