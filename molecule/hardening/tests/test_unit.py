"""The sandbox of each unit: what systemd was told, and what holds for the process that runs.

A container may not make mount namespaces, so what ProtectSystem and its like do is seen on real machines only.
"""

import pytest

testinfra_hosts = ["ansible://all"]

ROOM = "/var/lib/rocketmq /var/lib/rocketmq/store /var/log/rocketmq"
TOLD = {
    "User": "rocketmq",
    "Group": "rocketmq",
    "UMask": "0027",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "ReadWritePaths": ROOM,
    "LimitNOFILE": "655350",
    "LimitMEMLOCK": "infinity",
    "Restart": "on-failure",
    "NeedDaemonReload": "no",
}


@pytest.fixture
def process(host, rocketmq_unit):
    """What the kernel says of the server's process: name → words."""
    lines = host.check_output("cat /proc/%s/status", str(rocketmq_unit.pid)).splitlines()
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines)}


@pytest.mark.parametrize("name", TOLD)
def test_systemd_was_told(rocketmq_unit, name):
    assert rocketmq_unit.systemd(name) == TOLD[name]


def test_nothing_adds_to_the_unit(host, rocketmq_unit):
    added = rocketmq_unit.systemd("DropInPaths").split()
    # podman's own, for every service of a container
    assert [path for path in added if not path.startswith("/run/systemd/system/service.d/")] == []
    assert host.file(rocketmq_unit.systemd("FragmentPath")).user == "root"


def test_its_process_gains_no_privileges(process):
    assert process["NoNewPrivs"] == ["1"]
    assert {process[name][0] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}


def test_its_process_is_of_one_user_and_one_group(host, process):
    user, group = str(host.user("rocketmq").uid), str(host.user("rocketmq").gid)
    assert process["Uid"] == [user] * 4
    assert process["Gid"] == [group] * 4
    assert process["Groups"] in ([], [group])


def test_what_its_process_writes_is_not_for_everybody(process):
    assert process["Umask"] == ["0027"]


def test_its_process_may_open_as_many_files_as_it_was_told_or_the_host_allows(host, rocketmq_unit):
    def open_files(pid):
        soft, hard = host.check_output("grep '^Max open files' /proc/%s/limits", str(pid)).split()[3:5]
        return int(soft), int(hard)

    assert open_files(rocketmq_unit.pid)[0] == min(655350, open_files(1)[1])
