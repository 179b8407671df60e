"""Every control on every case: what is said in the case, and nothing else."""

import re
from typing import Any

import pytest
from clusters import small_cluster
from compliance_cases import Case, cases, patched, sound
from pydantic import ValidationError

from opskit.compliance.catalogue import CONTROLS
from opskit.compliance.control import Outcome
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.observe.facts import FileFacts

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


def wrong(cluster: Cluster, evidence: Evidence) -> list[tuple[str, Outcome]]:
    return [
        (control.id, outcome)
        for control in CONTROLS.values()
        for outcome in control.judge(cluster, evidence)
        if outcome.status in ("fails", "unknown")
    ]


ALWAYS = {(control, one.subject, one.status) for control, one in wrong(small_cluster(), sound())}
"""What is wrong with the sound cluster too, of low severity: it is old, small, and was never drilled."""


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_case_gives_what_it_says_and_nothing_else(case: Case) -> None:
    found = {(control, one.subject, one.status): one.observed for control, one in wrong(case.cluster, case.evidence)}
    told = {(one["control"], one["subject"], one["status"]): one.get("says", "") for one in case.outcomes}
    assert found.keys() - ALWAYS - told.keys() == set()
    assert told.keys() - found.keys() == set()
    for key, says in told.items():
        assert says in found[key]


def test_a_sound_cluster_has_nothing_of_medium_or_higher() -> None:
    assert {control for control, _, _ in ALWAYS if CONTROLS[control].severity != "low"} == set()


def test_each_control_teaches() -> None:
    for control in CONTROLS.values():
        assert KEBAB.fullmatch(control.id)
        texts = (control.title, control.rationale, control.looks_at, control.expects, control.remedy)
        assert all(text and text[0].isupper() and text.endswith(".") for text in texts), control.id


def test_each_control_has_a_case_in_which_it_fails() -> None:
    shown = {one["control"] for case in cases() for one in case.outcomes if one["status"] == "fails"}
    assert CONTROLS.keys() - shown == set()


@pytest.mark.parametrize("control", CONTROLS)
def test_each_control_tells_of_every_subject_once_and_is_the_same_twice(control: str) -> None:
    outcomes = list(CONTROLS[control].judge(small_cluster(), sound()))
    assert len({one.subject for one in outcomes}) == len(outcomes)
    assert outcomes, "a control that does not apply says so"
    assert outcomes == list(CONTROLS[control].judge(small_cluster(), sound()))


HOSTILE: dict[str, Any] = {
    "a heap of thousands of digits": {"hosts": {"a": {"servers": {"0": {"options": {"+": f"-Xmx{'9' * 5000}"}}}}}},
    "a share that is no number": {"hosts": {"a": {"servers": {"0": {"options": ["-XX:MaxRAMPercentage=nan"]}}}}},
    "a sysctl of thousands of digits": {"hosts": {"a": {"sysctl": {"vm.dirty_ratio": "9" * 5000}}}},
    "a sysctl that is no number": {
        "hosts": {"a": {"sysctl": {"vm.swappiness": "low"}, "memory": {"swap_total": 1}}},
    },
    "a setting of thousands of digits": {"brokers": {"a": {"settings": {"diskMaxUsedSpaceRatio": "9" * 5000}}}},
}


@pytest.mark.parametrize("patch", HOSTILE.values(), ids=HOSTILE)
def test_what_one_host_or_broker_makes_up_stops_no_control(patch: dict[str, Any]) -> None:
    evidence = Evidence.model_validate(patched(sound().model_dump(), patch))
    assert {control for control in CONTROLS if not list(CONTROLS[control].judge(small_cluster(), evidence))} == set()


def test_a_mode_that_is_none_is_not_understood() -> None:
    with pytest.raises(ValidationError, match="mode"):
        FileFacts(exists=True, mode="rw-r--r--")
