"""The way back from 5.x to 4.x: refused by whatever way it is tried, before the first server is touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# a roll would begin here
testinfra_hosts = ["ansible://ns1"]
BIN, PROJECT = Path(sys.executable).parent, Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
COMMANDS = {
    "opskit deploy": ([BIN / "opskit"], ["deploy"]),
    "ansible-playbook": ([BIN / "ansible-playbook"], [PROJECT / "playbooks" / "deploy.yml"]),
}
SENTENCE = "would go back from 5.4.0 to 4.9.7"


@pytest.fixture
def roll(tmp_path):
    """roll("opskit deploy", opskit_allow_rollback="true"): deploy 4.9.7 with such variables."""

    def run(how: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "group_vars").mkdir(exist_ok=True)
        (tmp_path / "hosts.yml").write_text("all: {}\n")
        lines = [f"{name}: {value}\n" for name, value in {"rocketmq_release": "4.9.7", **variables}.items()]
        (tmp_path / "group_vars" / "all.yml").write_text("".join(lines))
        inventories = [*os.environ["ANSIBLE_INVENTORY"].split(","), str(tmp_path)]
        before, after = COMMANDS[how]
        words = [*before, *(word for path in inventories for word in ("-i", path)), *after, *options]
        environment = {**os.environ, "OPSKIT_STATE": str(tmp_path / "state")}
        return subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("how", COMMANDS)
def test_it_is_refused_with_nothing_touched(roll, host, rocketmq_unit, how):
    pid = rocketmq_unit.pid
    host.check_output("touch /run/molecule-refused")
    done = roll(how)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert SENTENCE in said
    assert "broker-a" in said
    assert "opskit_allow_rollback" in said
    assert rocketmq_unit.pid == pid
    assert host.check_output("find /etc /opt /usr -cnewer /run/molecule-refused") == ""


def test_where_it_is_allowed_and_the_stores_hold_nothing_of_5_x_it_would_be_made(roll):
    done = roll("opskit deploy", "--check", opskit_allow_rollback="true")
    assert done.returncode == 0, done.stderr
