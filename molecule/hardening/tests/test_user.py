"""What the servers' user, and everybody else on the host, can do."""

import pytest

testinfra_hosts = ["ansible://all"]

OURS = "/etc/rocketmq /opt/rocketmq /var/lib/rocketmq /var/log/rocketmq /etc/systemd/system /etc/logrotate.d"
AS_ROCKETMQ = "setpriv --reuid=rocketmq --regid=rocketmq --init-groups"
AS_NOBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups"


def test_nobody_can_log_in_as_the_user_that_runs_the_servers(host):
    user = host.user("rocketmq")
    assert user.shell == "/usr/sbin/nologin"
    assert user.password in ("!", "*", "!*", "!!")
    assert user.groups == ["rocketmq"]
    assert not host.file(f"{user.home}/.ssh").exists


def test_it_may_become_nobody_else(host):
    assert "rocketmq" not in host.check_output("cat /etc/sudoers /etc/sudoers.d/*")


def test_a_server_can_write_nothing_but_its_data_and_logs(host):
    found = set(host.check_output(f"{AS_ROCKETMQ} find / -xdev ! -type l -writable 2>/dev/null || true").splitlines())
    own = ("/var/lib/rocketmq", "/var/log/rocketmq", "/tmp", "/var/tmp", "/dev", "/proc")  # noqa: S108
    assert "/var/lib/rocketmq" in found
    assert {path for path in found if not path.startswith(own)} == set()


@pytest.mark.parametrize("what", ["conf", "unit", "jar", "folder of settings", "folder of jars"])
def test_a_server_can_write_neither_its_settings_nor_its_unit_nor_its_jars(host, rocketmq_unit, what):
    jars = rocketmq_unit.arguments[rocketmq_unit.arguments.index("-cp") + 1].removesuffix("/*")
    path = {
        "conf": rocketmq_unit.conf.path,
        "unit": rocketmq_unit.systemd("FragmentPath"),
        "jar": host.check_output("ls %s/*.jar", jars).split()[0],
        "folder of settings": "/etc/rocketmq/conf",
        "folder of jars": jars,
    }[what]
    assert host.run(f"{AS_ROCKETMQ} test -r %s", path).succeeded
    assert host.run(f"{AS_ROCKETMQ} test -w %s", path).failed


def test_nothing_of_ours_is_writable_for_others(host):
    # a link has no mode of its own
    assert host.check_output(f"find {OURS} ! -type l -perm /o+w") == ""


def test_all_that_root_reads_or_runs_for_us_belongs_to_root(host):
    run = "/etc/rocketmq /opt/rocketmq /etc/systemd/system /etc/logrotate.d"
    assert host.check_output(rf"find {run} ! -type l \( ! -user root -o -perm /g+w,o+w \)") == ""


def test_data_and_logs_are_of_the_servers_user_and_closed_to_others(host):
    assert host.check_output("find /var/lib/rocketmq /var/log/rocketmq ! -user rocketmq -o ! -group rocketmq") == ""
    for folder in ("/var/lib/rocketmq", "/var/log/rocketmq"):
        assert host.file(folder).mode == 0o750
        assert host.run(f"{AS_NOBODY} ls %s", folder).failed


def test_no_file_that_a_server_wrote_is_for_everybody(host):
    assert host.check_output("find /var/lib/rocketmq /var/log/rocketmq -type f -size +0 | wc -l") != "0"
    assert host.check_output("find /var/lib/rocketmq /var/log/rocketmq -type f -perm /o+rwx") == ""


def test_no_file_of_ours_is_run_as_somebody_else(host):
    assert host.check_output(f"find {OURS} -perm /u+s,g+s") == ""
