"""What a roll has to do on which host, and what it passes over; what became of each job, from the playbook's events."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rollout_cases import CLIENT
from test_rollout_run import CLUSTER, JVM, LIVE, MODERN, Hosts, client, previewed, shown

from opskit.errors import Exit
from opskit.observe import survey
from opskit.reach.playbook import Event
from opskit.rollout import apply, present_apply, todo
from opskit.rollout.jobs import Job
from opskit.rollout.outcome import ApplyResult, JobOutcome
from opskit.rollout.result import ProveResult
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


PENDING = JVM | {"clients": [CLIENT | {"replaced": True, "on_disk": "on"}]}


def test_a_restart_that_is_all_that_is_missing_is_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = previewed(monkeypatch, client1=client(PENDING), client2=client(PENDING))
    found = todo.plan_jobs(CLUSTER, looked, SHA256, False)
    assert [(one.steps, one.restart) for one in found["client1"]] == [((), True)]
    assert ways(found)["client2"] == [["live-flip"]], "what may not be restarted is flipped meanwhile"
    done = {("client1", 4711, 123456): ("jar-patch",)}
    left = todo.without_done({"client1": found["client1"]}, done)
    assert todo.without_hindered_starts(CLUSTER, left) == ({"client1": found["client1"]}, ())
    (outcome,) = apply.outcomes(left, [])
    assert "restart" in shown(list(present_apply.present(applied("failed", outcome))))


SECOND = JVM | {"pid": 4712}
OTHER = JVM | {"pid": 4713, "unit": "billing.service"}
LOOSE = [JVM | {"pid": pid, "unit": None} for pid in (4714, 4715)]


def test_a_unit_of_two_jvms_is_restarted_once_after_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = previewed(monkeypatch, client1=client(JVM, SECOND, OTHER, *LOOSE), client2=client(JVM, SECOND))
    found = todo.with_one_restart(todo.plan_jobs(CLUSTER, looked, SHA256, False))
    assert [(one.process.pid, one.restart) for one in found["client1"]] == [
        (4714, False),
        (4715, False),
        (4711, False),
        (4712, True),
        (4713, True),
    ]
    assert [one.restart for one in found["client2"]] == [False, False]


def told_of(*pids: int, state: str = "applied", sentence: str = "") -> dict[str, Any]:
    one = {"subject": "orders.service", "start_ticks": 123456, "state": state, "sentence": sentence}
    return {"jobs": [one | {"pid": pid} for pid in pids]}


def event(host: str, outcome: Any, result: dict[str, Any] | None = None) -> Event:
    return Event("Roll", "Apply", host, outcome, False, result or {})


def test_a_host_that_no_event_tells_of_was_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    _, found = jobs(monkeypatch)
    told = told_of(4711, state="rolled back", sentence="it did not come back")
    first, second = apply.outcomes(found, [event("client1", "started"), event("client1", "failed", told)])
    assert (first.host, first.state, first.sentence) == ("client1", "rolled back", "it did not come back")
    assert (second.host, second.state) == ("client2", "not begun")


def test_two_jvms_of_one_unit_have_an_outcome_each(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = previewed(monkeypatch, client1=client(JVM, SECOND), client2=client())
    found = todo.plan_jobs(CLUSTER, looked, SHA256, False)
    told = {"jobs": [*told_of(4711)["jobs"], *told_of(4712, state="refused")["jobs"]]}
    assert [one.state for one in apply.outcomes(found, [event("client1", "failed", told)])] == ["applied", "refused"]


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([event("client1", "started")], "its host was at it when the connection or opskit went; look with prove"),
        ([event("client1", "unreachable", {"msg": "timed out"})], "the connection or opskit went"),
        ([event("client1", "started"), event("client1", "failed", {"msg": "no space left"})], "no space left; look"),
    ],
)
def test_what_a_host_was_at_when_it_went_is_not_known(
    monkeypatch: pytest.MonkeyPatch, events: list[Event], sentence: str
) -> None:
    _, found = jobs(monkeypatch)
    first, second = apply.outcomes(found, events)
    assert (first.state, second.state) == ("unknown", "not begun")
    assert sentence in first.sentence


def applied(outcome: Any, *jobs: JobOutcome, proof: ProveResult | None = None) -> ApplyResult:
    return ApplyResult(cluster="small", run="r", outcome=outcome, planned=(), jobs=jobs, proof=proof, seconds=1)


@pytest.mark.parametrize(
    ("outcome", "states", "proved", "code"),
    [
        ("done", ["applied"], "holds", Exit.HOLDS),
        ("done", ["applied"], "fails", Exit.FAILS),
        ("done", ["applied", "unknown"], "holds", Exit.UNJUDGED),
        ("failed", ["applied", "unknown"], "unjudged", Exit.UNJUDGED),
        ("failed", ["applied", "unknown"], "holds", Exit.UNJUDGED),
        ("failed", ["unknown", "not begun"], "fails", Exit.FAILS),
        ("failed", ["unknown", "rolled back"], "unjudged", Exit.FAILS),
        ("failed", ["applied"], "holds", Exit.FAILS),
        ("failed", ["unknown", "stuck"], "unjudged", Exit.UNDO_FAILED),
        ("cancelled", ["unknown"], "unjudged", Exit.INTERRUPTED),
    ],
)
def test_what_is_not_known_is_not_judged_unless_something_worse_is(
    outcome: str, states: list[Any], proved: Any, code: Exit
) -> None:
    jobs = [JobOutcome(host="client1", subject="orders.service", ways=(), state=state) for state in states]
    at = datetime.now(UTC)
    proof = ProveResult(cluster="small", at=at, seconds=1, judgement=proved, jvms=(), unseen=())
    assert applied(outcome, *jobs, proof=proof).exit is code
