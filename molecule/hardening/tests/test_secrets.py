"""Where on a host the secret key is to be found: in broker.conf and where RocketMQ keeps its users, for nobody else.

What a test runs on a host stands in the journal and in command lines itself, hence a pattern that is not the secret.
"""

import pytest

testinfra_hosts = ["ansible://all"]

SECRET, PATTERN = "hush-as-the-grave", "[h]ush-as-the-grave"
SEARCH = rf"find / \( -path /proc -o -path /sys \) -prune -o -type f -exec env LC_ALL=C grep -la '{PATTERN}' {{}} +"
AS_NOBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups"


@pytest.fixture
def is_broker(rocketmq_unit):
    return rocketmq_unit.component == "broker"


@pytest.fixture(scope="module")
def holders(host):
    """The files of the host that hold the secret, of all files that there are."""
    return host.run(SEARCH).stdout.splitlines()


def test_a_broker_keeps_it_in_its_settings_and_among_its_users(holders, is_broker):
    users = [path for path in holders if path.startswith("/var/lib/rocketmq/store/config/users/")]
    assert bool(users) == is_broker
    assert [path for path in holders if path not in users] == ["/etc/rocketmq/conf/broker.conf"] * is_broker


def test_nobody_else_can_read_a_file_that_holds_it(host):
    assert host.run(f"{AS_NOBODY} {SEARCH}").stdout == ""


def test_what_holds_it_is_for_root_and_the_servers_group(host, holders):
    for path in holders:
        file = host.file(path)
        assert file.group == "rocketmq", path
        assert file.mode & 0o027 == 0, path


def test_the_journal_does_not_tell_it(host):
    journal = host.check_output("journalctl --no-pager --output=export")
    assert "rocketmq" in journal
    assert SECRET not in journal


def test_no_command_line_and_no_environment_tells_it(host):
    # the process that ends between the list and the look is no failure
    assert host.run(f"grep -la '{PATTERN}' /proc/[0-9]*/cmdline /proc/[0-9]*/environ").stdout == ""


def test_what_was_armed_for_the_drain_is_closed_and_forgot_the_keys(host):
    records = host.run("grep -h . /var/lib/opskit/changes/*.json").stdout
    assert ('"kind": "drain"' in records) == (host.backend.get_hostname() == "broker-a")
    # where the restart took longer than the undo waits, it is "undone" and not "over"
    assert '"state": "armed"' not in records
    assert '"undo"' not in records


def test_the_secret_is_the_one_in_force(server, is_broker):
    if is_broker:
        assert server().signed_by("admin", SECRET).settings()["authenticationEnabled"] == "true"
        with pytest.raises(PermissionError):
            server().settings()
