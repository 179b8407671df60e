"""One setting of one master changed: it alone restarted, drained first, and has it in force."""

testinfra_hosts = ["ansible://brokers"]


def test_only_the_broker_whose_setting_changed_was_restarted(rocketmq_unit, host):
    changed = host.ansible.get_variables()["inventory_hostname"] == "broker-a"
    assert rocketmq_unit.restarted_since_the_change == changed


def test_what_is_in_force_is_what_its_file_says(rocketmq_unit, server):
    in_force = server().settings()
    assert {key: in_force.get(key, "not known") for key in rocketmq_unit.settings} == rocketmq_unit.settings


def test_the_changed_setting_is_in_force_on_that_broker_alone(host, server):
    changed = host.ansible.get_variables()["inventory_hostname"] == "broker-a"
    assert (server().settings()["sendMessageThreadPoolNums"] == "3") == changed


def test_producers_may_write_to_it_again(server):
    assert server().settings()["brokerPermission"] == "6"


def test_no_undo_of_a_drain_is_left_armed(host):
    assert host.check_output("systemctl list-timers --all --no-legend 'opskit*' | wc -l") == "0"
    assert (
        host.check_output('grep --files-with-matches \'"state": "armed"\' /var/lib/opskit/changes/*.json | wc -l')
        == "0"
    )
