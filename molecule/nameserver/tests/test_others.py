"""What ns1 was told is not for anybody else, and its change leaves them alone."""

testinfra_hosts = ["ansible://ns2", "ansible://broker-a"]


def test_it_did_not_restart_for_the_change_of_another(rocketmq_unit):
    assert rocketmq_unit.is_running
    assert not rocketmq_unit.restarted_since_the_change


def test_it_has_none_of_the_options_of_ns1(rocketmq_unit):
    assert not {"-Xmx300m", "-XX:+UseParallelGC", "-Dtls.server.mode=permissive"} & set(rocketmq_unit.arguments)
