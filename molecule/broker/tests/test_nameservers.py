"""What the broker was told is not for nameservers, and its change leaves them alone."""

testinfra_hosts = ["ansible://nameservers"]


def test_it_did_not_restart_for_the_change_of_the_broker(rocketmq_unit):
    assert rocketmq_unit.is_running
    assert not rocketmq_unit.restarted_since_the_change


def test_it_has_no_secret_and_none_of_the_options_of_the_broker(rocketmq_unit):
    assert "a-key-for-tests" not in rocketmq_unit.conf.content_string
    assert not {"-Xmx600m", "-XX:+UseParallelGC", "-Dtls.server.mode=permissive"} & set(rocketmq_unit.arguments)
