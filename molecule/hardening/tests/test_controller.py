"""What the machine that runs the playbook shows and keeps of the secret key: nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

testinfra_hosts = ["local://"]

SECRET, NEXT = "hush-as-the-grave", "as-quiet-as-a-mouse"


@pytest.fixture(scope="module")
def kept():
    """The folder of the scenario: what Ansible logged and left, the records of its runs, the lab's inventory."""
    return Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])


@pytest.fixture(scope="module")
def changing_the_secret(tmp_path_factory):
    """What Ansible says in its most talkative way, with every difference, of a run that would change the secret."""
    folder = tmp_path_factory.mktemp("rotation")
    (folder / "hosts.yml").write_text("{ all: {} }\n")
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "all.yml").write_text(f"rocketmq_acl_secret_key: {NEXT}\n")
    project = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
    # the runs that are on record and in the log are those of the scenario
    on_record = ("ANSIBLE_CALLBACKS_ENABLED", "ANSIBLE_LOG_PATH")
    environment = {name: value for name, value in os.environ.items() if name not in on_record}
    inventories = [*os.environ["ANSIBLE_INVENTORY"].split(","), str(folder)]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            *(f"--inventory={inventory}" for inventory in inventories),
            *("--check", "--diff", "-vvv", project / "playbooks" / "deploy.yml"),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_difference_says_that_the_secret_changes_and_not_what_it_is(changing_the_secret):
    assert "+initAuthenticationUser=******** (changed)" in changing_the_secret
    assert SECRET not in changing_the_secret
    assert NEXT not in changing_the_secret


def test_the_log_of_all_runs_tells_no_secret(kept):
    log = (kept / "ansible.log").read_text()
    assert "+initAuthenticationUser=********" in log
    assert SECRET not in log


def test_no_file_that_the_runs_left_tells_it(kept):
    left = [Path(folder) / name for folder, _, names in os.walk(kept, followlinks=True) for name in names]
    assert kept / "record.jsonl" in left
    assert [path for path in left if SECRET.encode() in path.read_bytes()] == []
