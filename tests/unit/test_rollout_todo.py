"""What a roll has to do on which host, and what it passes over; what became of each job, from the playbook's events."""

from pathlib import Path
from typing import Any

import pytest
from test_rollout_run import CLUSTER, JVM, LIVE, MODERN, Hosts, client, previewed

from opskit.reach.playbook import Event
from opskit.rollout import apply, survey, todo
from opskit.rollout.jobs import Job
from opskit.rollout.strategy import Around

SHA256 = "ab" * 32
FACTS = {"systemd": 252, "properties": {}, "environment_files": {}}
FLIPPED = {"process": {"pid": 4711, "start_ticks": 123456}, "ways": ["live-flip", "agent-at-start"], "state": "applied"}


def jobs(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, tuple[Job, ...]]]:
    """client1 lets its services be restarted, client2 does not; MODERN needs nothing."""
    looked = previewed(monkeypatch, client1=client(JVM, MODERN), client2=client(JVM))
    return looked, todo.plan_jobs(CLUSTER, looked, SHA256, False)


def ways(found: dict[str, tuple[Job, ...]]) -> dict[str, list[list[str]]]:
    return {host: [[step.way for step in one.steps] for one in members] for host, members in found.items()}


def test_each_plan_becomes_its_steps_and_one_that_needs_nothing_none(monkeypatch: pytest.MonkeyPatch) -> None:
    _, found = jobs(monkeypatch)
    assert ways(found) == {"client1": [["agent-at-start"]], "client2": [["live-flip", "agent-at-start"]]}
    assert [(one.restart, one.unit) for host in found.values() for one in host] == [
        (True, "orders.service"),
        (False, "orders.service"),
    ]
    (entry,) = found["client1"][0].steps[0].files
    assert SHA256 in entry.content
    assert found["client1"][0].steps[0].made == ("/run/opskit/agent/orders.service.env",)


ON, OFF = {"report": LIVE}, {"report": LIVE | {"new_instances": False}}


@pytest.mark.parametrize(
    ("record", "answer", "left"),
    [
        (None, {}, [["live-flip", "agent-at-start"]]),
        (FLIPPED, ON, []),
        (FLIPPED | {"ways": ["live-flip"]}, ON, [["agent-at-start"]]),
        (FLIPPED, OFF, [["live-flip", "agent-at-start"]]),
        (FLIPPED, {"error": "it is frozen"}, [["live-flip", "agent-at-start"]]),
        (FLIPPED | {"state": "begun"}, ON, [["live-flip", "agent-at-start"]]),
        (FLIPPED | {"process": {"pid": 4711, "start_ticks": 9}}, ON, [["live-flip", "agent-at-start"]]),
    ],
)
def test_what_is_done_to_this_very_process_and_in_force_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, record: Any, answer: dict[str, Any], left: list[list[str]]
) -> None:
    looked, _ = jobs(monkeypatch)
    answers = {
        "rollout-standing": {"records": [record] if record else []},
        "agent": {"results": [{"pid": 4711, "start_ticks": 123456, **answer}]},
    }
    monkeypatch.setattr(survey, "sweep", Hosts(client1=client(), client2=client() | answers).sweep)
    jar = tmp_path / "agent.jar"
    jar.write_bytes(b"agent")
    recorded = survey.standing(CLUSTER.clients)
    again = todo.confirmed(CLUSTER, looked, Around(3), recorded, jar)
    found = ways(todo.without_done(todo.plan_jobs(CLUSTER, again, SHA256, False), recorded))
    assert found.get("client2", []) == left
    assert found["client1"] == [["agent-at-start"]], "what is to be restarted is not done before it was restarted"


def test_a_jvm_that_was_switched_off_since_its_start_is_not_taken_for_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    agent = "/usr/local/lib/opskit/agent/opskit-agent-abc.jar=on"
    started = JVM | {
        "options": {"agents": [agent], "tool_options": True},
        "constructed": {"value": "on", "why": "agent"},
    }
    looked = previewed(monkeypatch, client1=client(started), client2=client(started))
    assert [one.plan.way for one in looked.jvms] == ["none-needed", "none-needed"]
    off = {"agent": {"results": [{"pid": 4711, "start_ticks": 123456, **OFF}]}}
    monkeypatch.setattr(survey, "sweep", Hosts(client1=off, client2=off).sweep)
    jar = tmp_path / "agent.jar"
    jar.write_bytes(b"agent")
    again = todo.confirmed(CLUSTER, looked, Around(3), {}, jar)
    assert [one.plan.way for one in again.jvms] == ["agent-at-start", "live-flip"]


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        (FACTS, {}),
        (FACTS | {"systemd": 229}, {"client1": "older than 231", "client2": "older than 231"}),
        (
            FACTS | {"environment_files": {"/srv/env": "/srv/env belongs to uid 7"}},
            {"client1": "uid 7", "client2": "uid 7"},
        ),
    ],
)
def test_a_start_that_cannot_take_the_agent_is_left_out_and_says_why(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], refused: dict[str, str]
) -> None:
    _, found = jobs(monkeypatch)
    units = {"unit-facts": {"units": {"orders.service": facts}}}
    monkeypatch.setattr(todo, "sweep", Hosts(client1=units, client2=units).sweep)
    kept, said = todo.without_hindered_starts(CLUSTER, found)
    assert ways(kept) == ({"client2": [["live-flip"]]} if refused else ways(found))
    assert {one.host for one in said} == set(refused)
    assert all(refused[one.host] in one.sentence and one.state == "refused" for one in said)


def test_a_host_that_no_event_tells_of_was_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    _, found = jobs(monkeypatch)
    told = {"jobs": [{"subject": "orders.service", "state": "rolled back", "sentence": "it did not come back"}]}
    event = Event("Roll", "Apply", "client1", "failed", False, told)
    first, second = apply.outcomes(found, [event])
    assert (first.host, first.state, first.sentence) == ("client1", "rolled back", "it did not come back")
    assert (second.host, second.state) == ("client2", "not begun")
