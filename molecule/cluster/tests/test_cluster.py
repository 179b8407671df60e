"""An audit of the hosts by testinfra: what is on disk, and what is in force."""

SERVERS = {"ns1": ("nameserver", 9876), "ns2": ("nameserver", 9876), "broker-a": ("broker", 10911)}
CONF = {"nameserver": "/etc/rocketmq/conf/namesrv.conf", "broker": "/etc/rocketmq/conf/broker.conf"}


def component_of(host):
    return SERVERS[host.backend.get_hostname()]


def test_its_unit_runs_and_comes_back_after_a_reboot(host):
    component, _ = component_of(host)
    unit = host.service(f"rocketmq-{component}")
    assert unit.is_running
    assert unit.is_enabled


def test_it_listens_as_its_own_user(host):
    component, port = component_of(host)
    assert host.socket(f"tcp://:::{port}").is_listening or host.socket(f"tcp://0.0.0.0:{port}").is_listening
    java = host.process.get(comm="java")
    assert java.user == "rocketmq"
    assert CONF[component] in java.args


def test_nobody_but_root_can_change_its_configuration(host):
    component, _ = component_of(host)
    conf = host.file(CONF[component])
    assert (conf.user, conf.group, conf.mode) == ("root", "rocketmq", 0o640)
    folder = host.file("/etc/rocketmq/conf")
    assert (folder.user, folder.mode) == ("root", 0o755)


def test_the_broker_leaves_a_hung_nameserver(host):
    component, _ = component_of(host)
    if component == "broker":
        assert host.file(CONF[component]).contains("^clientCloseSocketIfTimeout=true$")


def test_its_jars_belong_to_root(host):
    assert host.check_output("find /opt/rocketmq/server -name '*.jar' | wc -l") != "0"
    assert host.check_output("find /opt/rocketmq/server -name '*.jar' ! -user root") == ""
