"""After the undo: every service is what it was, to the byte, and stays with a nameserver that hangs as before."""

testinfra_hosts = ["ansible://clients"]


def test_every_service_stays_again(left):
    assert left == set()


def test_every_file_is_what_it_was(host):
    now = host.check_output("/run/fingerprint.sh /dev/stdout")
    assert now == host.file("/run/fingerprint").content_string.rstrip("\n")


def test_opskit_says_that_it_is_undone_and_proves_it_off(told):
    assert told("undo")["exit"] == 0
    assert {one["proof"]["verdict"] for one in told("prove")["result"]["jvms"]} == {"off"}


def test_nothing_of_opskit_is_left(host):
    left = "ls /etc/systemd/system/service-*.d/*opskit* /run/opskit/agent/* /usr/local/lib/opskit/agent/*.jar"
    assert host.run(left).stdout == ""
    assert host.run('grep -lE \'"state": "(begun|applied|armed)"\' /var/lib/opskit/changes/*.json').stdout == ""


def test_no_service_is_started_with_an_agent(services):
    started = {name: service.options for name, service in services.items()}
    assert [name for name, options in started.items() if any("-javaagent" in word for word in options)] == []
