"""A Declaration becomes a Cluster: defaults, derived values and endpoints."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opskit.inventory.build import build
from opskit.inventory.cluster import Cluster, Endpoint
from opskit.inventory.declaration import CONNECTION_VARIABLES, Declaration, DeclaredHost
from opskit.inventory.endpoint import endpoint
from opskit.inventory.variables import VARIABLES, markdown
from opskit.plan.judge import judge
from opskit.plan.present import present
from opskit.plan.result import result

DOCS = Path(__file__).parent.parent.parent / "docs"


def declaration(groups: dict[str, dict[str, dict[str, Any]]], **shared: Any) -> Declaration:
    """Groups of hosts with their variables; shared ones go to every host."""
    shared = {"rocketmq_cluster_name": "orders", "rocketmq_release": "4.8.0"} | shared
    hosts = {name: variables for members in groups.values() for name, variables in members.items()}
    return Declaration(
        sources=(Path("hosts.yml"),),
        hosts=tuple(
            DeclaredHost(
                name=name,
                groups=frozenset(group for group, members in groups.items() if name in members),
                variables=shared | hosts[name],
            )
            for name in sorted(hosts)
        ),
        groups={group: tuple(members) for group, members in groups.items()},
    )


SOUND: dict[str, dict[str, dict[str, Any]]] = {
    "nameservers": {"ns2": {}, "ns1": {}},
    "brokers": {
        "b1": {"rocketmq_broker_name": "broker-a", "rocketmq_broker_id": 0},
        "b2": {"rocketmq_broker_name": "broker-a", "rocketmq_broker_id": 1},
    },
    "clients": {"c1": {}},
}


def built(groups: dict[str, dict[str, dict[str, Any]]], **shared: Any) -> Cluster:
    cluster, findings = build(declaration(groups, **shared))
    assert cluster is not None, findings
    return cluster


def test_defaults_fill_what_the_inventory_leaves_out() -> None:
    cluster = built(SOUND)
    assert cluster.nameserver_addresses == "ns1:9876;ns2:9876"
    assert [broker.role for broker in cluster.brokers] == ["ASYNC_MASTER", "SLAVE"]
    assert cluster.brokers[0].jvm.heap == "4g"
    assert cluster.brokers[0].jvm.direct_memory == "4g"
    assert cluster.nameservers[0].jvm.heap == "1g"
    assert cluster.nameservers[0].jvm.direct_memory is None
    assert cluster.clients[0].releases == ("4.8.0",)
    assert cluster.acl is None


def test_every_default_of_the_table_is_that_of_the_cluster() -> None:
    cluster = built(SOUND)
    fields = {
        "opskit_environment": "environment",
        "rocketmq_user": "user",
        "rocketmq_java": "java",
        "rocketmq_store_path": "store_path",
        "rocketmq_log_path": "log_path",
        "opskit_apply_sysctl": "apply_sysctl",
        "opskit_drain_seconds": "drain_seconds",
        "opskit_dial": "dial",
        "opskit_allow_colocation": "allow_colocation",
        "opskit_window_seconds": "window_seconds",
    }
    for variable, field in fields.items():
        assert VARIABLES[variable].default == getattr(cluster, field) == Cluster.model_fields[field].default


def test_settings_of_one_host_are_not_those_of_another() -> None:
    cluster = built(SOUND)
    assert cluster.brokers[0].settings is not cluster.brokers[1].settings
    assert cluster.brokers[0].settings is not VARIABLES["rocketmq_broker_settings"].default


def test_a_host_in_two_groups_runs_two_servers() -> None:
    groups = {**SOUND, "nameservers": {"b1": SOUND["brokers"]["b1"], "ns1": {}}}
    cluster = built(groups, opskit_allow_colocation="yes")
    assert cluster.nameservers[0].host == cluster.brokers[0].host
    assert cluster.allow_colocation is True


def test_rocketmq_is_reached_where_the_inventory_says() -> None:
    for variables, address in (
        ({}, "ns1"),
        ({"ansible_host": "10.0.0.1"}, "10.0.0.1"),
        ({"ansible_host": "10.0.0.1", "rocketmq_address": "10.1.0.1"}, "10.1.0.1"),
    ):
        groups = {**SOUND, "nameservers": {"ns1": variables, "ns2": {}}}
        assert built(groups).nameservers[0].host.address == address


def test_secrets_stay_secret() -> None:
    cluster = built(SOUND, rocketmq_acl_access_key="opskit", rocketmq_acl_secret_key="hush-hush")
    assert cluster.acl is not None
    assert "hush-hush" not in repr(cluster) + cluster.model_dump_json()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {}),
        ({"ansible_port": "2222", "ansible_user": "ops"}, {"port": 2222, "user": "ops"}),
        ({"ansible_ssh_host": "10.0.0.1", "ansible_ssh_port": 2222}, {"address": "10.0.0.1", "port": 2222}),
        ({"ansible_ssh_private_key_file": "/lab/id"}, {"identity": "/lab/id"}),
        ({"ansible_ssh_args": "-i /lab/id -C"}, {"identity": "/lab/id"}),
        ({"ansible_become": "yes"}, {"become": True}),
        ({"ansible_python_interpreter": "/usr/bin/python3.11"}, {"python": "/usr/bin/python3.11"}),
        ({"ansible_python_interpreter": "auto_silent"}, {}),
        ({"ansible_ssh_common_args": "-o UserKnownHostsFile=/lab/known"}, {"known_hosts": "/lab/known"}),
        ({"ansible_ssh_common_args": '-o "UserKnownHostsFile /lab/known /other"'}, {"known_hosts": "/lab/known"}),
        ({"ansible_ssh_common_args": "-oUserKnownHostsFile=/lab/known -v"}, {"known_hosts": "/lab/known"}),
        ({"ansible_ssh_common_args": "-J ops@bastion:2222"}, {"jump": "ops@bastion:2222"}),
        ({"ansible_ssh_extra_args": "-o ProxyJump=ops@bastion"}, {"jump": "ops@bastion"}),
        ({"ansible_ssh_common_args": '-o ProxyCommand="ssh -W %h:%p -q ops@bastion"'}, {"jump": "ops@bastion"}),
        ({"ansible_ssh_common_args": '-o ProxyCommand="ssh -W %h:%p -p 2222 bastion"'}, {"jump": "bastion:2222"}),
        ({"ansible_ssh_common_args": "-J one", "ansible_ssh_extra_args": "-J two"}, {"jump": "one"}),
        ({"ansible_ssh_args": "-J one", "ansible_ssh_common_args": "-J two"}, {"jump": "one"}),
        ({"ansible_ssh_common_args": "-J one -J two"}, {"jump": "one"}),
        ({"ansible_ssh_args": "-J none", "ansible_ssh_common_args": "-J two -o ProxyCommand=none"}, {}),
        ({"ansible_ssh_private_key_file": "~no-such-user/id"}, {"identity": "~no-such-user/id"}),
        ({"ansible_ssh_args": '-o UserKnownHostsFile="\'odd" -o ProxyCommand='}, {"known_hosts": "'odd"}),
        ({"ansible_ssh_args": "-C -o ControlPersist=60s -4 -o"}, {}),
    ],
)
def test_connection_variables_become_an_endpoint(variables: dict[str, Any], expected: dict[str, Any]) -> None:
    plain = {"host": "ns1", "address": "ns1"}
    found, findings = endpoint(DeclaredHost("ns1", frozenset(), variables))
    assert findings == []
    assert found == Endpoint(**(plain | expected))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["-o", "-J'", "~"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["ns1", "b1", "c1"]), st.sampled_from([*VARIABLES, *sorted(CONNECTION_VARIABLES)]), JUNK)
def test_whatever_a_variable_holds_is_judged_and_never_a_crash(host: str, variable: str, value: Any) -> None:
    """An error finding where there is no cluster, and a cluster that topology and settings can judge where there is."""
    groups = {
        group: {name: variables | ({variable: value} if name == host else {}) for name, variables in members.items()}
        for group, members in SOUND.items()
    }
    judged = judge(declaration(groups))
    assert judged.cluster is not None or judged.errors
    list(present(result(judged)))


def test_a_home_folder_is_filled_in() -> None:
    found, _ = endpoint(DeclaredHost("ns1", frozenset(), {"ansible_ssh_private_key_file": "~/.ssh/id"}))
    assert found.identity == str(Path("~/.ssh/id").expanduser())


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda variable: variable.name)
def test_every_variable_has_a_sentence_and_a_sound_default(variable: Any) -> None:
    assert variable.sentence.endswith(".")
    assert variable.name.startswith(("rocketmq_", "opskit_"))
    if variable.default is not None:
        assert variable.kind.parse(variable.default) == variable.default
        assert not variable.required


def test_the_document_of_the_variables_is_current() -> None:
    assert (DOCS / "variables.md").read_text() == markdown(), "python -m opskit.inventory.variables > docs/variables.md"
