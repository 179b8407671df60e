"""After each step: every server's process has the declared release's jars open, and no others of RocketMQ."""

testinfra_hosts = ["ansible://nameservers", "ansible://brokers"]


def test_its_class_path_is_the_declared_release(rocketmq_unit, declared):
    (path,) = (word for word in rocketmq_unit.arguments if word.startswith("/opt/rocketmq/server/"))
    assert path.startswith(f"/opt/rocketmq/server/{declared}-")


def test_the_jars_it_holds_open_are_of_the_declared_release(rocketmq_unit, host, declared):
    component = {"nameserver": "namesrv"}.get(rocketmq_unit.component, rocketmq_unit.component)
    opened = host.check_output("find /proc/%s/fd -lname '*.jar' -printf '%%l\\n'", str(rocketmq_unit.pid)).splitlines()
    names = {path.rpartition("/")[2] for path in opened}
    assert f"rocketmq-{component}-{declared}.jar" in names
    assert {path.split("/")[4].partition("-")[0] for path in opened if path.startswith("/opt/")} == {declared}
