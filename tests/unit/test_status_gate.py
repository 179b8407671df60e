"""The gate: tests/cases/status/gate.yml, and the waiting."""

from typing import Any

import pytest
from status_cases import answers_of, cluster_of, load

from opskit.inventory.cluster import Broker, Cluster
from opskit.reach.dial import Dialer
from opskit.status import gate as gates
from opskit.status.ask import Answers


def node_of(cluster: Cluster, host: str) -> gates.Node:
    return next(node for node in (*cluster.nameservers, *cluster.brokers) if node.host.name == host)


@pytest.mark.parametrize("case", load("gate.yml"), ids=lambda case: case["name"])
def test_the_gate_says_why_a_node_does_not_pass(case: dict[str, Any]) -> None:
    cluster = cluster_of(case)
    assert gates.gate(cluster, answers_of(case), node_of(cluster, case["node"])) == case.get("reasons", [])


@pytest.mark.parametrize("case", load("before-drain.yml"), ids=lambda case: case["name"])
def test_a_master_stops_only_when_its_pair_can_do_without_it(case: dict[str, Any]) -> None:
    cluster = cluster_of(case)
    node = node_of(cluster, "a")
    assert isinstance(node, Broker)
    found = gates.before_drain(cluster, answers_of(case), node)
    assert list(found.reasons) == case.get("reasons", [])
    assert found.alone == case.get("alone", False)


BEHIND: dict[str, Any] = {"answers": {"a-s": {"offset": -3145728}}}
REASON = "a-s (broker-a id 1) is 3.0 MiB behind its master a"


@pytest.mark.parametrize(("asked_in_vain", "reasons"), [(2, []), (99, [REASON])])
async def test_the_wait_ends_when_the_gate_passes_or_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch, asked_in_vain: int, reasons: list[str]
) -> None:
    asked = []

    async def ask(cluster: Cluster, seconds: float, dialer: Dialer) -> Answers:
        asked.append(dialer)
        return answers_of(BEHIND if len(asked) <= asked_in_vain else {})

    monkeypatch.setattr(gates, "ask", ask)
    cluster = cluster_of({})
    assert await gates.wait_for_gate(cluster, node_of(cluster, "a"), 0.3, 0.05) == reasons
    assert len(asked) == 3 if not reasons else 3 < len(asked) <= 7
    assert len(set(asked)) == 1
