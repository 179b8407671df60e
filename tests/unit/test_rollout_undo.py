"""undo asks each host for what was meant there, refuses names that nothing answers to, and outlives every host."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from test_rollout_run import CLUSTER

from opskit.change.hosts import ANSWER_SECONDS
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Client
from opskit.observe import survey
from opskit.reach.sweep import HostResult
from opskit.rollout import undo
from opskit.rollout.select import Selection, hosts

DONE = {"subject": "orders.service", "ways": ["live-flip"], "sentences": [], "error": ""}


def record(subject: str, *ways: str, pid: int = 4711, state: str = "applied") -> dict[str, Any]:
    return {"subject": subject, "process": {"pid": pid, "start_ticks": 123456}, "state": state, "ways": ways}


class Records:
    """Hosts with records; None is a host out of reach. A pattern takes the record of that very name."""

    def __init__(self, **standing: list[dict[str, Any]] | None) -> None:
        self.standing, self.undone, self.locked = standing, dict[str, Any](), list[float]()

    def sweep(self, requests: Mapping[str, Mapping[str, Any]], endpoints: Any, seconds: float = 30) -> Any:
        return {host: self._answer(host, request) for host, request in requests.items()}

    def _answer(self, host: str, request: Mapping[str, Any]) -> HostResult:
        standing = self.standing[host]
        if request["op"] == "rollout-undo":
            self.undone[host] = (request["subjects"], request["restart"])
        if standing is None:
            return HostResult(host, "unreachable", error="gone")
        found = [one for one in standing if not request["subjects"] or one["subject"] in request["subjects"]]
        return HostResult(host, "ok", {"records": found, "undone": [DONE for _ in found]})

    @contextmanager
    def lock(self, run: Any, endpoints: Sequence[Any], seconds: float) -> Iterator[None]:
        self.locked.append(seconds)
        yield


def taken_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: Records, *chosen: Selection) -> undo.UndoResult:
    monkeypatch.setenv("OPSKIT_STATE", str(tmp_path))
    monkeypatch.setattr(survey, "sweep", told.sweep)
    monkeypatch.setattr(undo, "sweep", told.sweep)
    monkeypatch.setattr(undo, "locked", told.lock)
    monkeypatch.setattr(undo, "audit", lambda *_: {})
    return undo.undo(CLUSTER, chosen, restart=True)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ((), {"client1": [], "client2": []}),
        ((Selection("client1", None),), {"client1": []}),
        ((Selection("client1", "orders*"),), {"client1": ["orders*"]}),
        ((Selection(None, "4711"),), {"client1": ["4711"], "client2": ["4711"]}),
        ((Selection("client1", "a"), Selection("client2", "b")), {"client1": ["a"], "client2": ["b"]}),
        ((Selection("client1", "a"), Selection(None, "b")), {"client1": ["a", "b"], "client2": ["b"]}),
        ((Selection("client1", "a"), Selection("client1", None)), {"client1": []}),
    ],
)
def test_each_host_is_asked_for_what_was_meant_there(
    chosen: tuple[Selection, ...], expected: dict[str, list[str]]
) -> None:
    assert undo.patterns(hosts(CLUSTER, chosen), chosen) == expected


def test_one_service_of_one_host_is_taken_back_and_the_other_host_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = Records(client1=[record("orders.service", "live-flip")], client2=[record("orders.service", "live-flip")])
    result = taken_back(monkeypatch, tmp_path, told, Selection("client1", "orders.service"))
    assert told.undone == {"client1": (["orders.service"], True)}
    assert [(one.host, one.subject) for one in result.undone] == [("client1", "orders.service")]
    assert result.exit is Exit.HOLDS


def test_a_name_that_no_record_answers_to_is_refused_with_what_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = Records(client1=[record("orders.service")], client2=[record("billing.service")])
    with pytest.raises(OpskitError, match="nothing on record answers") as refused:
        taken_back(monkeypatch, tmp_path, told, Selection(None, "oders.service"))
    assert refused.value.code is Exit.USAGE
    assert refused.value.where == "--only /oders.service"
    assert refused.value.remedy == "On record are client1/orders.service, client2/billing.service."
    assert not told.undone
    assert not told.locked


def test_a_host_that_does_not_answer_may_have_the_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = Records(client1=[], client2=None)
    result = taken_back(monkeypatch, tmp_path, told, Selection(None, "orders.service"))
    assert result.exit is Exit.UNJUDGED
    assert [one.host for one in result.unseen] == ["client2"]


def test_without_names_there_may_be_nothing_to_take_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = taken_back(monkeypatch, tmp_path, Records(client1=[], client2=[]))
    assert result.exit is Exit.HOLDS
    assert result.undone == ()


@pytest.mark.parametrize(("count", "rounds"), [(1, 1), (8, 1), (9, 2), (50, 7)])
def test_the_lock_outlives_every_host(count: int, rounds: int) -> None:
    assert undo.lock_seconds(count) == rounds * (undo.UNDO_SECONDS + ANSWER_SECONDS)


def test_several_records_of_one_process_are_united(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: tuple[Client, ...] = CLUSTER.clients[:1]
    told = Records(
        client1=[
            record("orders.service", "live-flip"),
            record("orders.service", "live-flip", "agent-at-start"),
            record("orders.service", "jar-patch", state="begun"),
            record("orders.service", "jar-patch", pid=815),
        ]
    )
    monkeypatch.setattr(survey, "sweep", told.sweep)
    assert survey.standing(clients) == {
        ("client1", 4711, 123456): ("live-flip", "agent-at-start"),
        ("client1", 815, 123456): ("jar-patch",),
    }
