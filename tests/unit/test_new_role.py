"""`make role` in a copy of the tree: what it makes passes the linters, and what it refuses it says in a sentence."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mutate.scratch import copy, environment
from opskit.cli.roles import files
from opskit.paths import assets

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with copy(assets(), tmp_path_factory.mktemp("role") / "copy") as folder:
        yield folder


def make(checkout: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "scripts/new-role.py", *words]
    return subprocess.run(
        command, cwd=checkout, env=environment(checkout, ""), capture_output=True, text=True, check=False
    )


def snapshot(checkout: Path) -> set[Path]:
    return {path for part in ("roles", "molecule") for path in (checkout / part).rglob("*")}


@pytest.fixture(scope="module")
def made(checkout: Path) -> set[Path]:
    """What `make role NAME=letter_box` made."""
    before = snapshot(checkout)
    done = make(checkout, "letter_box")
    assert done.returncode == 0, done.stderr
    assert "make molecule SCENARIO=letter_box" in done.stdout
    return {path for path in snapshot(checkout) - before if path.is_file()}


def test_a_new_role_is_whole_and_its_scenario_proves_it(checkout: Path, made: set[Path]) -> None:
    folder, scenario = Path("roles/rocketmq_letter_box"), Path("molecule/letter_box")
    assert {path.relative_to(checkout) for path in made} == {
        folder / "README.md",
        folder / "defaults/main.yml",
        folder / "meta/argument_specs.yml",
        folder / "meta/main.yml",
        folder / "tasks/main.yml",
        folder / "templates/letter_box.conf.j2",
        scenario / "change/group_vars/all.yml",
        scenario / "converge.yml",
        scenario / "inventory/hosts.yml",
        scenario / "molecule.yml",
        scenario / "tests/test_letter_box.py",
    }
    assert "[`letter_box`](../../molecule/letter_box)" in (checkout / folder / "README.md").read_text()
    assert not [path for path in made if "[[" in path.read_text()]
    (host,) = yaml.safe_load((checkout / scenario / "inventory/hosts.yml").read_text())["all"]["children"].values()
    assert list(host["hosts"]) == ["letter-box1"]


def test_what_is_generated_of_it_is_current(checkout: Path, made: set[Path]) -> None:
    for path, content in files(checkout):
        assert (path.read_text() if path.exists() else None) == content, path


@pytest.mark.parametrize(
    "linter",
    [
        ("ruff", "check", "--no-cache"),
        ("ruff", "format", "--check", "--no-cache"),
        ("yamllint", "--strict"),
        ("ansible-lint", "--offline"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_new_role_passes_the_linters(checkout: Path, made: set[Path], linter: tuple[str, ...]) -> None:
    whole = ["roles/rocketmq_letter_box", "molecule/letter_box"]
    surroundings = environment(checkout, "") | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    command = [str(BIN / linter[0]), *linter[1:], *whole]
    done = subprocess.run(command, cwd=checkout, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "'' is no name of a role"),
        (("Proxy",), "'Proxy' is no name of a role"),
        (("../proxy",), "is no name of a role"),
        (("letter__box",), "is no name of a role"),
        (("rocketmq_proxy",), "is no name of a role"),
        (("broker",), "roles/rocketmq_broker is there already"),
        (("common",), "molecule/common is there already"),
    ],
)
def test_what_is_no_new_name_is_refused_and_nothing_is_made(
    checkout: Path, words: tuple[str, ...], sentence: str
) -> None:
    before = snapshot(checkout)
    done = make(checkout, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert snapshot(checkout) == before
