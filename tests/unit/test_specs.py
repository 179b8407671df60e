"""The roles' argument_specs, defaults and READMEs agree with their tasks and the variables table."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from opskit.cli.roles import files, write
from opskit.cli.scenarios import scenarios
from opskit.errors import OpskitError
from opskit.inventory.roles import Role, roles
from opskit.inventory.variables import VARIABLES
from opskit.paths import assets

INVENTORY = assets() / "inventories" / "lab"


def test_generated_files_are_current() -> None:
    for path, content in files():
        assert (path.read_text() if path.exists() else None) == content, f"{path} is stale: make specs"


def test_every_folder_below_roles_is_a_role() -> None:
    assert [role.folder for role in roles()] == sorted(path for path in (assets() / "roles").iterdir() if path.is_dir())


@pytest.mark.parametrize("role", roles(), ids=lambda role: role.name)
def test_a_role_mentions_no_variable_that_nobody_declares(role: Role) -> None:
    names = {one.name for one in roles()}
    assert role.mentioned - set(VARIABLES) - role.registered - names == set()


def test_a_readme_names_variables_files_unit_and_scenarios() -> None:
    readme = (assets() / "roles" / "rocketmq_broker" / "README.md").read_text()
    for wanted in (
        "| `rocketmq_broker_id` | int | **required** |",
        "| `/etc/rocketmq/conf/broker.conf` | root:rocketmq | 0640 |",
        "`rocketmq-broker.service`",
        "3. Move producers off the master before it stops",
        "../../molecule/default",
    ):
        assert wanted in readme
    examples = [text.split("```")[0] for text in readme.split("```yaml\n")[1:]]
    assert [play["hosts"] for play in yaml.safe_load(examples[0])] == ["localhost", "brokers"]


def test_every_scenario_says_what_it_is() -> None:
    assert [scenario.name for scenario in scenarios() if not scenario.sentence] == []


def made(root: Path, task: str, description: str = "Do a thing.") -> Path:
    """A checkout with one role; its folder."""
    folder = root / "roles" / "rocketmq_thing"
    for part, text in (("meta", f"galaxy_info: {{description: {description!r}}}"), ("tasks", task)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / "main.yml").write_text(text)
    return folder


def test_a_variable_is_found_where_a_task_mentions_it_and_forgotten_with_it(tmp_path: Path) -> None:
    folder = made(tmp_path, "- {name: Say, debug: {msg: '{{ rocketmq_user }} {{ rocketmq_artifact_source }}'}}")
    write(tmp_path)
    (main,) = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())["argument_specs"].values()
    assert main["options"]["rocketmq_user"]["default"] == "rocketmq"
    assert main["options"]["rocketmq_artifact_source"]["choices"] == ["maven", "archive", "directory"]
    assert set(yaml.safe_load((folder / "defaults" / "main.yml").read_text())) == set(main["options"])
    made(tmp_path, "# rocketmq_user is not read here\n- {name: Say, debug: {msg: nothing}}")
    write(tmp_path)
    assert not (folder / "defaults" / "main.yml").exists()


def test_a_role_that_does_not_describe_itself_is_named(tmp_path: Path) -> None:
    folder = made(tmp_path, "[]", "")
    with pytest.raises(OpskitError) as caught:
        write(tmp_path)
    assert str(folder / "meta" / "main.yml") in str(caught.value)


def play(*words: str, playbook: str = "playbooks/deploy.yml") -> "subprocess.CompletedProcess[str]":
    """A playbook by plain Ansible; nothing of it gets as far as a host."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), *words, playbook]
    return subprocess.run(command, cwd=assets(), capture_output=True, text=True, check=False, timeout=120)


def test_a_wrong_variable_of_the_inventory_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    shutil.copytree(INVENTORY, tmp_path / "wrong")
    group_vars = tmp_path / "wrong" / "group_vars" / "all.yml"
    group_vars.write_text("opskit_apply_sysctl: maybe\n")
    done = play("-i", str(tmp_path / "wrong"))
    assert done.returncode != 0
    assert f"{group_vars}:1: opskit_apply_sysctl: opskit_apply_sysctl is 'maybe'" in done.stdout + done.stderr


def test_a_wrong_variable_that_the_inventory_does_not_hold_is_named_by_the_argument_specs() -> None:
    # no broker: the stage before the first role wants what was rendered of it
    only = ("--limit", "localhost:ns1", "-e", "opskit_manifest=/nowhere")
    done = play("-i", str(INVENTORY), *only, "-e", "opskit_apply_sysctl=maybe")
    assert done.returncode != 0
    assert "argument 'opskit_apply_sysctl' is of type str and we were unable to convert to bool" in done.stdout


def test_a_missing_variable_of_a_role_in_a_playbook_of_ones_own_is_named(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("[{hosts: all, gather_facts: false, roles: [opskit.rocketmq.rocketmq_broker]}]")
    done = play("-i", "b1,", playbook=str(own))
    assert done.returncode != 0
    assert "missing required arguments: rocketmq_broker_id" in done.stdout


def test_a_variable_that_the_rendering_would_not_see_is_refused_by_name() -> None:
    done = play("-i", str(INVENTORY), "-e", "rocketmq_broker_heap=lots")
    assert done.returncode != 0
    assert "rocketmq_broker_heap: opskit renders from the inventory, not from -e" in done.stdout + done.stderr
