"""The closed forms: each case of tests/cases/predict/forms.yml, and promises that hold for all clusters and clients."""

from typing import Any

import pytest
from clusters import small_cluster
from hypothesis import given
from hypothesis import strategies as st
from predict_cases import cluster_of, load, predicted, victims_of

from opskit.inventory.cluster import Cluster
from opskit.predict.predict import exceeding, predict, worst
from opskit.rocketmq.client_settings import CLIENT_SETTINGS
from opskit.rocketmq.releases import SUPPORTED

CASES = load("forms.yml")
FAULTS = ("freeze", "blackhole", "kill", "freeze-host")
PATHS = {"produce", "consume", "route", "bootstrap@producer", "bootstrap@consumer"}
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        name: st.booleans() if isinstance(setting.defaults[0][1], bool) else st.integers(setting.minimum, 100_000)
        for name, setting in CLIENT_SETTINGS.items()
        if setting.first == "4.0.0"
    },
)
SITUATIONS = st.fixed_dictionaries(
    {
        "servers": st.sampled_from(SUPPORTED),
        "nameservers": st.integers(2, 3),
        "masters": st.integers(1, 3),
        "slaves": st.booleans(),
        "fault": st.sampled_from(FAULTS),
        "hung": st.lists(st.sampled_from(["ns1", "broker-a", "broker-a-1", "broker-b"]), min_size=1, unique=True),
        "client": st.fixed_dictionaries(
            {"release": st.sampled_from(SUPPORTED), "settings": SETTINGS, "attempts": st.integers(1, 4)}
        ),
    }
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_the_worst_case_is_this_sum(case: dict[str, Any]) -> None:
    path = case.get("path", "produce")
    (found,) = [one for one in predicted(case) if one.path == path and case.get("of", "") in one.client]
    assert found.seconds == case["seconds"]
    assert [term.seconds for term in found.terms] == case.get("terms", [term.seconds for term in found.terms])
    assert case.get("says", "") in found.sentence
    assert all(term.name and term.source for term in found.terms)


@given(SITUATIONS)
def test_every_situation_is_predicted_for_every_path(case: dict[str, Any]) -> None:
    found = predicted(case)
    assert {one.path for one in found} == PATHS
    for one in found:
        assert one.seconds is None or one.seconds == pytest.approx(sum(term.seconds for term in one.terms))
        assert one.sentence.endswith(".")


@given(SITUATIONS)
def test_one_more_hung_nameserver_never_helps(case: dict[str, Any]) -> None:
    cluster = cluster_of(case | {"nameservers": 3})
    victims = victims_of(case, cluster)
    more = [*victims, *(one for one in cluster.nameservers[:2] if one not in victims)]
    for path in PATHS:
        before, after = (worst(predict(cluster, case["fault"], hung), path) for hung in (victims, more))
        assert after is None or (before is not None and before <= after)


@given(SITUATIONS)
def test_a_server_that_goes_on_breaks_nothing(case: dict[str, Any]) -> None:
    cluster = cluster_of(case)
    for one in predict(cluster, case["fault"], []):
        assert one.seconds == 0


def with_clients(*clients: dict[str, Any]) -> Cluster:
    (first,) = small_cluster().clients
    return small_cluster(clients=tuple(first.model_copy(update=client) for client in clients))


def test_clients_that_do_not_differ_are_predicted_once() -> None:
    cluster = with_clients(
        {"releases": ("4.8.0", "5.4.0")}, {"releases": ("5.4.0",)}, {"settings": {"sendMsgTimeout": 1}}
    )
    found = [one for one in predict(cluster, "freeze", cluster.nameservers[:1]) if one.path == "route"]
    assert [one.client for one in found] == ["4.8.0", "5.4.0", "4.8.0 with sendMsgTimeout 1"]


def test_without_client_hosts_the_servers_releases_are_taken() -> None:
    cluster = small_cluster(clients=())
    assert {one.client for one in predict(cluster, "freeze", cluster.nameservers[:1])} == {"4.8.0"}


def test_the_worst_of_all_clients_is_without_end_where_one_is() -> None:
    cluster = with_clients({"releases": ("4.8.0", "5.4.0")})
    found = predict(cluster, "freeze", cluster.nameservers[:1])
    assert worst(found, "route") is None
    assert worst([one for one in found if one.client == "5.4.0"], "route") == 6
    assert worst(found, "produce") == 0
    assert worst(found, "nameserver@ns1") == 0


def test_what_exceeds_its_window_holds_in_this_run_only() -> None:
    cluster = with_clients({"releases": ("4.8.0", "5.4.0")})
    found = predict(cluster, "freeze", cluster.nameservers[:1])
    assert [(one.path, one.client) for one in exceeding(found, {"produce": 30, "route": 30})] == [("route", "4.8.0")]
    assert [one.client for one in exceeding(found, {"route": 5})] == ["4.8.0", "5.4.0"]
    assert exceeding(found, {"produce": 0.1}) == ()
