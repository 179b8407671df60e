"""The change of one broker restarts that broker."""

testinfra_hosts = ["ansible://all"]


def test_only_the_broker_that_changed_restarted(rocketmq_unit, host):
    assert rocketmq_unit.is_running
    assert rocketmq_unit.restarted_since_the_change == (host.backend.get_hostname() == "broker-a")
