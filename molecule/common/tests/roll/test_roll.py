"""What the runs of the playbook changed, host by host and task by task, from what record.py wrote down."""

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

# these judge the runs, whatever host testinfra would look at
testinfra_hosts = ["local://"]


class Run(NamedTuple):
    check: bool
    changed: frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def rolls():
    """The runs of the playbook that the scenario checks and converges, in their order."""
    lines = (Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "record.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    converge = next(record["playbook"] for record in records if record["check"])
    return [
        Run(record["check"], frozenset(map(tuple, record["changed"])))
        for record in records
        if record["playbook"] == converge
    ]


def test_what_check_mode_foretold_is_what_then_changed(rolls):
    foretold = [(told, made) for told, made in pairwise(rolls) if told.check and not made.check]
    assert foretold, "no check was followed by a converge"
    for told, made in foretold:
        assert told.changed == made.changed


def test_the_first_run_and_the_change_changed_something(rolls):
    made = [run for run in rolls if not run.check]
    assert all(run.changed for run in made[:-1])


def test_the_same_again_changes_nothing(rolls):
    assert rolls[-1] == Run(check=False, changed=frozenset())
