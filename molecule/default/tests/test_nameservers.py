"""A nameserver that was given nothing but a host."""

testinfra_hosts = ["ansible://nameservers"]


def test_it_runs_and_comes_back_after_a_reboot(rocketmq_unit):
    assert rocketmq_unit.is_running
    assert rocketmq_unit.is_enabled


def test_it_runs_as_its_own_user_with_the_heap_that_is_documented(rocketmq_unit):
    assert rocketmq_unit.user == "rocketmq"
    assert {"-Xms1g", "-Xmx1g"} <= set(rocketmq_unit.arguments)


def test_it_knows_the_broker(server, eventually):
    assert eventually(lambda: "broker-a" in server().brokers(), within=30)


def test_it_is_not_the_host_of_a_broker(host):
    assert not host.file("/etc/systemd/system/rocketmq-broker.service").exists
