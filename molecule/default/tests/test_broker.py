"""A broker that was given nothing but a name, an id and its nameservers."""

testinfra_hosts = ["ansible://brokers"]


def test_it_runs_and_comes_back_after_a_reboot(rocketmq_unit):
    assert rocketmq_unit.is_running
    assert rocketmq_unit.is_enabled


def test_it_runs_as_its_own_user_with_the_memory_that_is_documented(rocketmq_unit):
    assert rocketmq_unit.user == "rocketmq"
    assert {"-Xms4g", "-Xmx4g", "-XX:MaxDirectMemorySize=4g"} <= set(rocketmq_unit.arguments)


def test_it_leaves_a_hung_nameserver(rocketmq_unit):
    assert rocketmq_unit.settings["clientCloseSocketIfTimeout"] == "true"


def test_it_names_both_nameservers(rocketmq_unit, server):
    named = {address.partition(":")[0] for address in rocketmq_unit.settings["namesrvAddr"].split(";")}
    assert named == {server("ns1").address, server("ns2").address}


def test_what_is_in_force_is_what_its_file_says(rocketmq_unit, server):
    in_force = server().settings()
    assert {key: in_force.get(key, "not known") for key in rocketmq_unit.settings} == rocketmq_unit.settings


def test_the_changed_setting_is_in_force(server):
    assert server().settings()["autoCreateTopicEnable"] == "false"


def test_both_nameservers_route_to_it(server, route):
    # SELF_TEST_TOPIC is every broker's own
    for nameserver in ("ns1", "ns2"):
        assert route("SELF_TEST_TOPIC", via=nameserver) == {"broker-a": {0: f"{server().address}:10911"}}


def test_only_root_can_change_its_configuration(rocketmq_unit, host):
    assert (rocketmq_unit.conf.user, rocketmq_unit.conf.group, rocketmq_unit.conf.mode) == ("root", "rocketmq", 0o640)
    folder = host.file("/etc/rocketmq/conf")
    assert (folder.user, folder.mode) == ("root", 0o755)


def test_its_jars_belong_to_root(host):
    assert host.check_output("find /opt/rocketmq -name '*.jar' | wc -l") != "0"
    assert host.check_output("find /opt/rocketmq ! -user root") == ""
