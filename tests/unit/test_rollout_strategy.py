"""Each file of tests/cases/rollout: facts of a JVM in, the way that is chosen out. And promises that hold for all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollout_cases import jvm_of, load

from opskit.inventory.services import Service, service_for
from opskit.observe.model import AgentReport
from opskit.rollout.strategy import Around, decide

NAMESERVERS = 3
JVMS = st.fixed_dictionaries(
    {},
    optional={
        "unit": st.sampled_from(["orders.service", None]),
        "container": st.sampled_from(["3f2a9c", None]),
        "java": st.fixed_dictionaries(
            {"major": st.sampled_from([7, 8, 11, 17, 25, 26, None]), "vm": st.sampled_from(["HotSpot", "OpenJ9", None])}
        ),
        "options": st.fixed_dictionaries(
            {},
            optional={
                "attach_disabled": st.booleans(),
                "dynamic_agents": st.sampled_from([True, False, None]),
                "cds_forced": st.booleans(),
                "property": st.sampled_from(["true", "false", None]),
            },
        ),
        "clients": st.lists(
            st.fixed_dictionaries(
                {
                    "state": st.sampled_from(["off", "on", "property", "absent", "unknown"]),
                    "release": st.sampled_from(["4.3.0", "4.8.0", "4.9.7", "5.4.0", "4.9", "", None]),
                    "signed": st.booleans(),
                    "replaced": st.booleans(),
                    "on_disk": st.sampled_from(["off", "on", "property", None]),
                }
            ),
            max_size=3,
        ),
        "constructed": st.fixed_dictionaries({"value": st.sampled_from(["on", "off", "unknown"])}),
    },
)
SERVICES = st.builds(
    Service,
    restart=st.booleans(),
    way=st.sampled_from(["auto", "live-flip", "agent-at-start", "jar-patch", "property", "upgrade", "leave"]),
    mode=st.sampled_from(["nameserver", "every"]),
    latency_fault=st.booleans(),
)
AROUNDS = st.builds(
    Around, nameservers=st.integers(1, 4), accept_broker_closes=st.booleans(), untested_jdk=st.booleans()
)


@pytest.mark.parametrize("case", load(), ids=lambda case: case["name"])
def test_the_way_that_is_chosen(case: dict[str, Any]) -> None:
    around = Around(**{"nameservers": NAMESERVERS} | case.get("around", {}))
    report = AgentReport.model_validate(case["report"]) if "report" in case else None
    plan = decide(jvm_of(case.get("jvm", {})), Service(**case.get("service", {})), around, report)
    shown = plan.model_dump()
    assert {key: shown[key] for key in case["plan"]} == case["plan"], plan
    for key, text in case.get("says", {}).items():
        assert text in shown[key], plan


@given(JVMS, SERVICES, AROUNDS)
def test_every_jvm_has_a_plan_that_says_why(jvm: dict[str, Any], service: Service, around: Around) -> None:
    plan = decide(jvm_of(jvm), service, around)
    assert plan.reason
    if plan.way == "cannot":
        assert plan.remedy
        assert plan.restart == "none"


@given(JVMS, SERVICES, AROUNDS)
def test_nothing_is_restarted_that_the_inventory_does_not_allow(
    jvm: dict[str, Any], service: Service, around: Around
) -> None:
    plan = decide(jvm_of(jvm), service, around)
    assert plan.restart != "rolling" or (service.restart and jvm_of(jvm).unit)


@given(JVMS, SERVICES, AROUNDS)
def test_a_signed_jar_is_never_patched(jvm: dict[str, Any], service: Service, around: Around) -> None:
    held = jvm_of(jvm)
    plan = decide(held, service, around)
    if plan.way == "jar-patch" and "pending" not in plan.reason:
        assert not any(client.signed for client in held.clients if client.state == "off")
        assert around.accept_broker_closes


@given(JVMS, SERVICES, AROUNDS)
def test_who_closes_brokers_connections_is_told_the_price(
    jvm: dict[str, Any], service: Service, around: Around
) -> None:
    plan = decide(jvm_of(jvm), service, around)
    if plan.way in ("live-flip", "agent-at-start", "jar-patch"):
        assert ("10 to 34 s" in plan.price) == (plan.mode == "every")


@pytest.mark.parametrize(
    ("unit", "container", "main", "expected"),
    [
        ("orders-1.service", None, "app.jar", "agent-at-start"),
        ("billing.service", None, "app.jar", "upgrade"),
        (None, "3f2a9c", "app.jar", "leave"),
        (None, None, "com.example.Batch", "live-flip"),
        (None, None, "app.jar", "property"),
    ],
)
def test_the_first_service_that_matches_counts(
    unit: str | None, container: str | None, main: str, expected: str
) -> None:
    services = (
        Service(unit="orders-*", way="agent-at-start"),
        Service(unit="*.service", main="app.jar", way="upgrade"),
        Service(container="3f*", way="leave"),
        Service(main="*.Batch", way="live-flip"),
        Service(way="property"),
    )
    assert service_for(services, unit, container, main).way == expected


def test_without_a_service_nothing_is_restarted() -> None:
    assert service_for((), "orders.service", None, None) == Service(restart=False, way="auto", mode="nameserver")
