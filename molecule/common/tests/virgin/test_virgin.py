"""After check mode on hosts that never saw the playbook: nothing on them has changed."""

# what a login, Ansible and the machine itself write; /run holds the mark
RESTLESS = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/log", "/var/lib/systemd", "/home/ops/.ansible")  # noqa: S108


def test_check_mode_wrote_no_file(host):
    left_out = " -o ".join(f"-path {path}" for path in RESTLESS)
    assert host.check_output(rf"find / \( {left_out} \) -prune -o -cnewer /run/molecule-virgin -print") == ""


def test_check_mode_made_no_user_and_no_unit(host):
    assert not host.user("rocketmq").exists
    assert host.check_output("systemctl list-unit-files --no-legend 'rocketmq*' | wc -l") == "0"


def test_check_mode_started_nothing(host):
    assert host.process.filter(comm="java") == []
