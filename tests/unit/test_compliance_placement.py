"""What an audit says of hosts that did not tell, and what the remedies of placement name."""

from dataclasses import replace

import pytest
from clusters import small_cluster
from compliance_cases import patched, sound

from opskit.compliance.catalogue import CONTROLS
from opskit.compliance.control import Outcome
from opskit.compliance.controls.observed import listed, observed, standing
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster

UNSEEN = {"outcome": "unreachable", "error": "no route to host"}


def without(*hosts: str) -> Evidence:
    patch = {"hosts": dict.fromkeys(hosts), "unseen": dict.fromkeys(hosts, UNSEEN)}
    return Evidence.model_validate(patched(sound().model_dump(), patch))


def outcomes(control: str, cluster: Cluster, evidence: Evidence) -> dict[str, Outcome]:
    return {one.subject: one for one in CONTROLS[control].judge(cluster, evidence)}


@pytest.mark.parametrize(
    ("control", "host", "subject"),
    [
        ("placement-shared-host", "ns1", "ns1"),
        ("placement-shared-host", "a-s", "a-s"),
        ("placement-pair-apart", "a-s", "broker-a"),
        ("placement-undeclared-server", "client1", "client1"),
        ("client-knows-every-nameserver", "client1", "client1"),
    ],
)
def test_a_host_that_did_not_tell_is_unknown_and_says_why(control: str, host: str, subject: str) -> None:
    found = outcomes(control, small_cluster(), without(host))
    assert {one.subject for one in found.values() if one.status in ("fails", "unknown")} == {subject}
    assert found[subject].status == "unknown"
    assert "no route to host" in found[subject].observed


PROCESSES = "processes could not be looked into: it took longer than 5 s"
UNLISTED = "the broker that is process 999 could not be looked into: it took longer than 5 s"
UNREAD = "the nameserver that is process 100 could not be looked into: only root may"


@pytest.mark.parametrize(
    ("control", "refused", "status"),
    [
        ("placement-shared-host", PROCESSES, "unknown"),
        ("placement-shared-host", UNLISTED, "unknown"),
        ("placement-shared-host", UNREAD, "holds"),
        ("placement-shared-host", "sysctl vm.swappiness could not be read: Permission denied", "holds"),
        ("placement-undeclared-server", PROCESSES, "unknown"),
        ("placement-undeclared-server", UNLISTED, "unknown"),
    ],
)
def test_what_a_host_could_not_look_into_is_not_passed(control: str, refused: str, status: str) -> None:
    """A process whose kind is known is enough to say what a host shares, though its ports are not."""
    evidence = Evidence.model_validate(patched(sound().model_dump(), {"hosts": {"ns1": {"refused": [refused]}}}))
    assert outcomes(control, small_cluster(), evidence)["ns1"].status == status


def test_what_is_seen_fails_whatever_else_a_host_hides() -> None:
    stray = {"kind": "broker", "pid": 900, "start_ticks": 9, "started": 1.7e9, "ports": [10909, 10911, 10912]}
    patch = {"hosts": {"ns1": {"refused": [PROCESSES], "servers": {"+": stray}}}}
    evidence = Evidence.model_validate(patched(sound().model_dump(), patch))
    for control in ("placement-shared-host", "placement-undeclared-server"):
        assert outcomes(control, small_cluster(), evidence)["ns1"].status == "fails"


def test_a_host_that_did_not_tell_hides_no_pair_that_is_declared_on_one_hypervisor() -> None:
    cluster = small_cluster()
    brokers = tuple(
        one.model_copy(update={"host": one.host.model_copy(update={"hypervisor": "esx-1"})}) for one in cluster.brokers
    )
    found = outcomes("placement-pair-apart", cluster.model_copy(update={"brokers": brokers}), without("a-s"))
    assert found["broker-a"].status == "fails"


def test_where_colocation_is_allowed_the_remedy_names_the_waiver() -> None:
    cluster = small_cluster(allow_colocation=True)
    brokers = (cluster.brokers[0].model_copy(update={"host": cluster.nameservers[0].host}), cluster.brokers[1])
    cluster = cluster.model_copy(update={"brokers": brokers})
    found = outcomes("placement-shared-host", cluster, sound(cluster))["ns1"]
    assert found.status == "fails"
    assert "write a waiver of placement-shared-host" in found.remedy
    assert found.evidence == (
        "nameserver (pid 100, rocketmq-nameserver.service)",
        "broker (pid 101, rocketmq-broker.service)",
    )


def test_what_runs_as_declared_is_the_declared_placement() -> None:
    cluster = small_cluster()
    seen, known = observed(cluster, sound()), standing(cluster, sound())
    assert {(one.name, one.host.name) for one in seen.servers} == {(one.name, one.host.name) for one in known.servers}
    assert replace(known, servers=()) == replace(seen, servers=())


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, ""), (1, "0"), (3, "0, 1 and 2"), (6, "0, 1, 2, 3, 4 and 5"), (9, "0, 1, 2, 3, 4 and 4 more")],
)
def test_many_names_are_told_by_their_number(count: int, told: str) -> None:
    assert listed([str(number) for number in range(count)]) == told
