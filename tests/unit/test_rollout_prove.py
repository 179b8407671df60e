"""What is proved of a JVM, by its agent or by what it holds, and of all of them together."""

from typing import Any

import pytest
from clusters import small_cluster
from rollout_cases import jvm_of

from opskit.errors import Exit, OpskitError
from opskit.observe.model import AgentReport
from opskit.observe.prove import prove
from opskit.observe.survey import Asked
from opskit.rollout.result import ProvenJvm, Unseen, judgement
from opskit.rollout.select import chosen_jvms, hosts, selections

ON = {"clients": [{"state": "property", "release": "5.4.0"}], "constructed": {"value": "on", "why": "true by default"}}
OFF: dict[str, Any] = {}
UNKNOWN = {"unread": "permission denied", "constructed": {"value": "unknown", "why": ""}}


def instance(value: bool, **more: Any) -> dict[str, Any]:
    return {"client_id": "10.0.0.21@1", "value": value} | more


def report(new: bool | None, *instances: dict[str, Any], errors: tuple[str, ...] = ()) -> Asked:
    values = {"agent": "1", "verb": "report", "new_instances": new, "instances": instances, "errors": errors}
    return Asked(AgentReport.model_validate(values))


@pytest.mark.parametrize(
    ("jvm", "asked", "verdict", "why"),
    [
        (ON, None, "on-constructed", "true by default"),
        (OFF, None, "off", "constructs it off"),
        (UNKNOWN, None, "unknown", "permission denied"),
        ({"clients": []}, None, "unknown", "constructs it off"),
        (OFF, report(True, instance(True)), "on-live", "1 client instance and those to come, nameservers'"),
        (OFF, report(True, instance(True, every=True)), "on-live", "every connection"),
        (OFF, report(True, instance(True, every=True), instance(True)), "on-live", "1 of them on every connection"),
        (OFF, report(True), "on-live", "0 client instances and those to come"),
        (ON, report(True, instance(True), instance(False)), "off", "1 of 2 client instances stay"),
        (ON, report(False, instance(True)), "off", "made from now on"),
        (ON, report(None, instance(True)), "unknown", "could not be seen"),
        (OFF, report(True, instance(True), errors=("no field",)), "unknown", "no field"),
        (OFF, report(True, instance(False), errors=("no field",)), "off", "stay with a hung nameserver"),
        (ON, Asked(None, "it is frozen"), "unknown", "it is frozen"),
        (OFF, Asked(None, "it is frozen"), "unknown", "it is frozen"),
    ],
)
def test_the_verdict(jvm: dict[str, Any], asked: Asked | None, verdict: str, why: str) -> None:
    proof = prove(jvm_of(jvm), asked)
    assert proof.verdict == verdict
    assert why in proof.why
    assert proof.is_on == verdict.startswith("on")


def test_a_changed_jar_that_the_process_does_not_hold_is_off_and_pending() -> None:
    proof = prove(jvm_of({"clients": [{"replaced": True, "on_disk": "on"}]}), None)
    assert (proof.verdict, proof.pending) == ("off", True)
    assert "restart pending" in proof.why


def proven(*jvms: dict[str, Any]) -> tuple[ProvenJvm, ...]:
    found = [jvm_of(jvm) for jvm in jvms]
    return tuple(ProvenJvm(process=jvm.ref("client1"), jvm=jvm, proof=prove(jvm, None)) for jvm in found)


@pytest.mark.parametrize(
    ("jvms", "gaps", "expected"),
    [
        ((ON, ON), (), "holds"),
        ((ON, OFF), (), "fails"),
        ((ON, OFF, UNKNOWN), (), "fails"),
        ((ON, UNKNOWN), (), "unjudged"),
        ((ON,), (Unseen(host="client2", why="unreachable"),), "unjudged"),
        ((OFF,), (Unseen(host="client2", why="unreachable"),), "fails"),
        ((), (), "unjudged"),
    ],
)
def test_all_hold_only_where_each_is_proved(
    jvms: tuple[dict[str, Any], ...], gaps: tuple[Unseen, ...], expected: str
) -> None:
    assert judgement(proven(*jvms), gaps) == expected


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("client1", {"orders.service", "3f2a9c0d1e2f"}),
        ("client1/orders", {"orders.service"}),
        ("client1/orders.service", {"orders.service"}),
        ("/orders*", {"orders.service"}),
        ("client1/3f2a*", {"3f2a9c0d1e2f"}),
        ("client1/4711", {"orders.service"}),
        ("/*.Billing", {"3f2a9c0d1e2f"}),
    ],
)
def test_only(text: str, taken: set[str]) -> None:
    container = {"pid": 815, "unit": None, "container": "3f2a9c0d1e2f3a4b", "main": "com.example.Billing"}
    jvms = (jvm_of({}), jvm_of(container))
    chosen = selections(small_cluster(), [text])
    found = chosen_jvms({"client1": jvms}, chosen)
    assert {jvm.name for jvm in found["client1"]} == taken
    assert [client.host.name for client in hosts(small_cluster(), chosen)] == ["client1"]


def test_an_unknown_host_is_refused_with_the_nearest() -> None:
    with pytest.raises(OpskitError, match="clientl is no client host") as caught:
        selections(small_cluster(), ["clientl/orders"])
    assert caught.value.remedy == "Did you mean client1?"
    assert caught.value.code is Exit.USAGE


def test_an_unknown_unit_is_refused_with_those_that_are_there() -> None:
    chosen = selections(small_cluster(), ["client1/ordres"])
    with pytest.raises(OpskitError, match="no JVM with a RocketMQ client") as caught:
        chosen_jvms({"client1": (jvm_of({}),)}, chosen)
    assert caught.value.remedy == "There are orders.service."


def test_an_inventory_without_client_hosts_is_refused() -> None:
    with pytest.raises(OpskitError, match="no client host"):
        selections(small_cluster(clients=()), [])
