"""The mutations of the roles: none is stale, each still is a program, and what notices it is read rightly."""

import ast
import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
import yaml

from mutate import outcome, scratch, table
from mutate.mutation import Mutation, chosen, load, mutated
from mutate.outcome import Outcome, judge
from mutate.run import Workshop
from opskit.cli.scenarios import scenarios
from opskit.errors import OpskitError
from opskit.paths import assets

MUTATIONS = load(assets())
BROKEN = Mutation("one", "It is broken.", "a.yml", "yes", "no", ("default",))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_finds_its_place_and_leaves_a_file_that_can_be_read(mutation: Mutation) -> None:
    before = (assets() / mutation.file).read_text()
    after = mutated(mutation, before)
    assert after != before
    match Path(mutation.file).suffix:
        case ".py":
            ast.parse(after)
        case ".yml":
            yaml.safe_load(after)
        case ".j2":
            jinja2.Environment(autoescape=False).parse(after)  # noqa: S701


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_says_what_is_broken_and_which_scenario_should_notice(mutation: Mutation) -> None:
    assert mutation.broken.endswith(".")
    assert set(mutation.killed_by) <= {scenario.name for scenario in scenarios()}


def test_there_are_enough_of_them() -> None:
    assert len(MUTATIONS) >= 14


@pytest.mark.parametrize(("text", "times"), [("no more", 0), ("yes, yes", 2)])
def test_a_stale_mutation_is_an_error_by_its_name(text: str, times: int) -> None:
    with pytest.raises(OpskitError, match=rf"tests/mutations/one.yml: .* stands {times} times in a.yml"):
        mutated(BROKEN, text)


def test_a_name_that_no_mutation_has_is_refused() -> None:
    with pytest.raises(OpskitError, match="there is no mutation nonsense"):
        chosen(MUTATIONS, ("nonsense",))


VERIFY = """
\x1b[36mINFO\x1b[0m     default ➜ converge: Executing
TASK [Place the broker's files] ****
INFO     default ➜ converge: Executed: Successful
INFO     default ➜ verify: Executing
  FAILED tests/test_default.py::test_jars_belong_to_root[ansible://ns1] - Assert...
  FAILED tests/test_default.py::test_jars_belong_to_root[ansible://ns2] - Assert...
CRITICAL Verifier tests failed
ERROR    default ➜ verify: Executed: Failed
INFO     default ➜ destroy: Executing
"""
GREEN = """
INFO     default ➜ verify: Executing
INFO     default ➜ verify: Executed: Successful
"""
TASK = """
INFO     default ➜ converge: Executing
  │ TASK [opskit.rocketmq.rocketmq_broker : Bring the broker to its files] ****
  │ fatal: [broker-a]: FAILED! => {"msg": "it does not listen"}
ERROR    default ➜ converge: Executed: Failed
"""
AGAIN = """
INFO     default ➜ idempotence: Executing
  └─ Return code: 0 ──
CRITICAL Idempotence test failed because of the following tasks:
*  => opskit.rocketmq.rocketmq_host : Place the host's own files
*  => opskit.rocketmq.rocketmq_broker : Place the broker's files
ERROR    default ➜ idempotence: Executed: Failed
"""
CREATE = """
INFO     default ➜ create: Executing
  │ TASK [Bring the lab up] ***
  │ fatal: [localhost]: FAILED! => {}
ERROR    default ➜ create: Executed: Failed
"""


@pytest.mark.parametrize(
    ("code", "said", "fate", "step", "by"),
    [
        (0, GREEN, "survived", "", ""),
        (0, "WARNING default ➜ verify: Executed: Missing playbook", "unjudged", "", "nothing was verified"),
        (1, VERIFY, "killed", "verify", "test_default.py::test_jars_belong_to_root"),
        (2, TASK, "killed", "converge", "opskit.rocketmq.rocketmq_broker : Bring the broker to its files (broker-a)"),
        (1, AGAIN, "killed", "idempotence", "opskit.rocketmq.rocketmq_host : Place the host's own files"),
        (2, CREATE, "unjudged", "create", "Bring the lab up (localhost)"),
        (124, "INFO default ➜ converge: Executing\n", "unjudged", "", "no step failed, and it ended with 124"),
    ],
)
def test_what_noticed_a_mutation_is_read_from_what_molecule_said(
    code: int, said: str, fate: str, step: str, by: str
) -> None:
    found = judge("default", code, said, 1.0)
    assert (found.fate, found.step, found.by) == (fate, step, by)


@pytest.mark.parametrize(("killed", "survived", "unjudged", "code"), [(9, 1, 0, 0), (8, 2, 0, 1), (9, 1, 1, 1)])
def test_nine_of_ten_have_to_be_killed_and_what_was_not_judged_was_not(
    killed: int, survived: int, unjudged: int, code: int
) -> None:
    fates = [("killed", killed), ("survived", survived), ("unjudged", unjudged)]
    assert outcome.exit_code([Outcome(fate, "", "", "", 0) for fate, many in fates for _ in range(many)]) == code  # type: ignore[arg-type]


def test_a_scenario_that_fails_by_itself_judges_nothing() -> None:
    assert outcome.without_ground(judge("default", 0, GREEN, 1.0)) is None
    found = outcome.without_ground(judge("default", 1, VERIFY, 1.0))
    assert found is not None
    assert (found.fate, found.by) == (
        "unjudged",
        "it is not green as it is: verify test_default.py::test_jars_belong_to_root",
    )


def test_a_scenario_that_is_not_there_judges_nothing(tmp_path: Path) -> None:
    found = Workshop(tmp_path, tmp_path).ladder(BROKEN)
    assert (found.fate, found.by) == ("unjudged", "it is not green as it is: there is no such scenario")


def test_the_page_explains_what_was_not_noticed() -> None:
    survived = Outcome("survived", "default", "", "", 60.0)
    page = table.page([(BROKEN, survived)], [survived])
    assert "0 of 1 killed" in page
    assert "Green on the tree as it is: `default` in 60 s." in page
    assert "* It is broken. A test is missing." in page


def test_the_copy_runs_its_own_opskit_and_the_tree_stays_as_it_is(tmp_path: Path) -> None:
    with scratch.copy(assets(), tmp_path / "copy") as folder:
        scratch.prove(folder)
        whole = scratch.digest(folder)
        marked = folder / "opskit" / "paths.py"
        marked.write_text(marked.read_text() + "\nMARK = 'the copy'\n")
        assert scratch.digest(folder) != whole
        command = [sys.executable, "-c", "from opskit.paths import MARK, assets; print(MARK, assets())"]
        told = subprocess.run(
            command, cwd="/", env=scratch.environment(folder, "x"), capture_output=True, text=True, check=True
        )
        assert told.stdout.strip() == f"the copy {folder}"
    assert not folder.exists()
    assert "MARK" not in (assets() / "opskit" / "paths.py").read_text()
