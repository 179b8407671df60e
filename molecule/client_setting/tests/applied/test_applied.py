"""After the rollout: whoever was to leave a nameserver that hangs leaves it, each in the way that was asked for."""

import pytest

testinfra_hosts = ["ansible://clients"]
CLOSES = {"patched", "at-start", "live", "property"}
REMOTING = "lib/rocketmq-remoting-4.8.0.jar"


def test_who_was_given_the_setting_leaves_and_who_was_not_stays(left):
    assert left == CLOSES


def test_opskit_had_planned_each_way(told):
    planned = {one["jvm"]["unit"]: one["plan"]["way"] for one in told("preview")["result"]["jvms"]}
    assert planned == {
        "service-patched.service": "jar-patch",
        "service-at-start.service": "agent-at-start",
        "service-live.service": "live-flip",
        "service-property.service": "property",
        "service-untouched.service": "left-alone",
    }


def test_opskit_proves_what_the_services_show(told):
    proved = {one["jvm"]["unit"]: one["proof"]["verdict"] for one in told("prove")["result"]["jvms"]}
    assert proved == {
        "service-patched.service": "on-constructed",
        "service-at-start.service": "on-live",
        "service-live.service": "on-live",
        "service-property.service": "on-constructed",
        "service-untouched.service": "off",
    }


def test_the_agent_came_by_the_start_of_the_one_that_may_be_restarted(services):
    assert any("-javaagent:/usr/local/lib/opskit/agent/" in word for word in services["at-start"].options)


def test_the_agent_came_into_the_other_while_it_ran(services, host):
    assert not any("-javaagent" in word for word in services["live"].options)
    assert "opskit-agent" in host.check_output("ls -l /proc/%s/fd", str(services["live"].pid))


def test_one_byte_of_the_jar_is_another_and_nothing_else(host):
    ours, original = (f"/opt/{place}/{REMOTING}" for place in ("services/patched", "builds/thin-4.8.0"))
    script = (
        "import sys, zipfile\n"
        "a, b = (dict((i.filename, z.read(i)) for i in z.infolist()) for z in map(zipfile.ZipFile, sys.argv[1:]))\n"
        "assert a.keys() == b.keys()\n"
        "print([(n, sum(x != y for x, y in zip(a[n], b[n])), len(a[n]) - len(b[n])) for n in a if a[n] != b[n]])"
    )
    told = host.check_output("python3 -c %s %s %s", script, ours, original)
    assert told == "[('org/apache/rocketmq/remoting/netty/NettyClientConfig.class', 1, 0)]"


def test_the_property_is_on_in_the_command_line(services):
    assert "-Dcom.rocketmq.remoting.client.closeSocketIfTimeout=true" in services["property"].options


@pytest.mark.parametrize("name", ["untouched"])
def test_the_untouched_service_is_what_it_was(host, name):
    now = host.check_output("/run/fingerprint.sh /dev/stdout").splitlines()
    before = host.file("/run/fingerprint").content_string.splitlines()
    assert [line for line in now if name in line] == [line for line in before if name in line]
