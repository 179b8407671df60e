"""A Declaration becomes a typed Cluster, or the findings that say why not. Pure."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import SecretStr

from opskit.finding import Finding
from opskit.inventory.cluster import (
    Acl,
    Artifact,
    Broker,
    BrokerRole,
    Client,
    Cluster,
    Controller,
    Endpoint,
    Host,
    Jvm,
    Nameserver,
    Scalar,
)
from opskit.inventory.declaration import Declaration, DeclaredHost
from opskit.inventory.endpoint import endpoint
from opskit.inventory.groups import judge_groups
from opskit.inventory.values import Values, read_values
from opskit.inventory.variables import VARIABLES
from opskit.rocketmq.client_settings import check_client

Component = Literal["nameserver", "broker", "controller"]

ARTIFACT_NEEDS = {
    "maven": (),
    "archive": ("rocketmq_artifact_path", "rocketmq_artifact_sha512"),
    "directory": ("rocketmq_artifact_path",),
}
"""What each source of jars cannot do without."""


def build(declaration: Declaration) -> tuple[Cluster | None, tuple[Finding, ...]]:
    """The cluster, unless an error finding stands against it; findings stand once each, in order."""
    values, findings = read_values(declaration)
    endpoints: dict[str, Endpoint] = {}
    for host in declaration.hosts:
        endpoints[host.name], refused = endpoint(host)
        findings += refused
    findings = [*judge_groups(declaration), *findings]
    findings += [finding for host in declaration.hosts for finding in _contradictions(host, values.hosts[host.name])]
    findings += _incomplete(declaration, values)
    findings += [
        finding
        for host in declaration.members("clients")
        for finding in _client_settings(host, values.hosts[host.name])
    ]
    once = tuple(dict.fromkeys(findings))
    if any(finding.severity == "error" for finding in once):
        return None, once
    return _cluster(declaration, values, endpoints), once


def _contradictions(host: DeclaredHost, values: dict[str, Any]) -> Iterator[Finding]:
    role, broker_id = values["rocketmq_broker_role"], values["rocketmq_broker_id"]
    if "brokers" in host.groups and None not in (role, broker_id) and (role == "SLAVE") == (broker_id == 0):
        yield Finding(
            rule="role-contradicts-id",
            severity="error",
            subject=host.name,
            sentence=f"rocketmq_broker_role {role} contradicts rocketmq_broker_id {broker_id}: id 0 is the master",
            remedy="Leave rocketmq_broker_role out, or correct the id.",
            origin=host.origin("rocketmq_broker_role"),
        )


def _incomplete(declaration: Declaration, values: Values) -> Iterator[Finding]:
    """Variables that only make sense together."""
    source = values.cluster["rocketmq_artifact_source"]
    needs = [("rocketmq_artifact_source", other, f" when it is {source}") for other in ARTIFACT_NEEDS[source]]
    keys = ("rocketmq_acl_access_key", "rocketmq_acl_secret_key")
    for one, other, condition in (*needs, (*keys, ""), (*reversed(keys), "")):
        setter = declaration.setter(one)
        if setter and not declaration.setter(other):
            yield _missing(setter.origin(one), other, f"{one} needs {other}{condition}, which is not set")
    either = ("rocketmq_client_releases", "rocketmq_release")
    for client in declaration.members("clients"):
        if all(client.variables.get(name) is None for name in either):
            yield _missing(
                client.origin(either[0]), either[0], f"neither {' nor '.join(either)} is set for {client.name}"
            )


def _client_settings(host: DeclaredHost, values: dict[str, Any]) -> Iterator[Finding]:
    origin = host.origin("rocketmq_client_settings")
    return check_client(host.name, _client_releases(values), values["rocketmq_client_settings"], origin)


def _missing(origin: str, variable: str, sentence: str) -> Finding:
    return Finding(
        rule="missing-variable",
        severity="error",
        subject=variable,
        sentence=sentence,
        remedy=f"Set it, for example {variable}: {VARIABLES[variable].example}",
        origin=origin,
    )


def _cluster(declaration: Declaration, values: Values, endpoints: dict[str, Endpoint]) -> Cluster:
    hosts = {name: _host(endpoints[name], values.hosts[name]) for name in endpoints}

    def members(group: str) -> Iterator[tuple[Host, dict[str, Any]]]:
        return ((hosts[member.name], values.hosts[member.name]) for member in declaration.members(group))

    shared = values.cluster
    return Cluster(
        name=shared["rocketmq_cluster_name"],
        environment=shared["opskit_environment"],
        nameservers=tuple(Nameserver(**_server("nameserver", *member)) for member in members("nameservers")),
        brokers=tuple(_broker(*member) for member in members("brokers")),
        controllers=tuple(Controller(**_server("controller", *member)) for member in members("controllers")),
        clients=tuple(_client(*member) for member in members("clients")),
        artifact=Artifact(
            source=shared["rocketmq_artifact_source"],
            path=shared["rocketmq_artifact_path"],
            sha512=shared["rocketmq_artifact_sha512"],
        ),
        acl=_acl(shared["rocketmq_acl_access_key"], shared["rocketmq_acl_secret_key"]),
        allow_colocation=shared["opskit_allow_colocation"],
        allow_rollback=shared["opskit_allow_rollback"],
        window_seconds=shared["opskit_window_seconds"],
        windows=shared["opskit_windows"],
        user=shared["rocketmq_user"],
        java=shared["rocketmq_java"],
        store_path=shared["rocketmq_store_path"],
        log_path=shared["rocketmq_log_path"],
        apply_sysctl=shared["opskit_apply_sysctl"],
        drain_seconds=shared["opskit_drain_seconds"],
        gate_seconds=shared["opskit_gate_seconds"],
        dial=shared["opskit_dial"],
        drill_days=shared["opskit_drill_days"],
        waivers=tuple(shared["opskit_waivers"]),
    )


def _host(reached: Endpoint, values: dict[str, Any]) -> Host:
    return Host(
        name=reached.host,
        address=values["rocketmq_address"] or reached.address,
        endpoint=reached,
        rack=values["opskit_rack"],
        hypervisor=values["opskit_hypervisor"],
    )


def _server(component: Component, host: Host, values: dict[str, Any]) -> dict[str, Any]:
    """What every server has: host, release, port, settings and JVM."""
    settings: dict[str, Scalar] = dict(values[f"rocketmq_{component}_settings"])
    jvm = Jvm(
        heap=values[f"rocketmq_{component}_heap"],
        direct_memory=values["rocketmq_broker_direct_memory"] if component == "broker" else None,
        options=tuple(values["rocketmq_jvm_options"]),
    )
    port = values[f"rocketmq_{component}_port"]
    return {"host": host, "release": values["rocketmq_release"], "port": port, "settings": settings, "jvm": jvm}


def _broker(host: Host, values: dict[str, Any]) -> Broker:
    broker_id: int = values["rocketmq_broker_id"]
    role: BrokerRole = values["rocketmq_broker_role"] or ("ASYNC_MASTER" if broker_id == 0 else "SLAVE")
    return Broker(
        **_server("broker", host, values), broker_name=values["rocketmq_broker_name"], broker_id=broker_id, role=role
    )


def _client(host: Host, values: dict[str, Any]) -> Client:
    return Client(
        host=host,
        releases=_client_releases(values),
        settings=values["rocketmq_client_settings"],
        bootstrap_attempts=values["opskit_bootstrap_attempts"],
        services=tuple(values["opskit_clients"]),
    )


def _client_releases(values: dict[str, Any]) -> tuple[str, ...]:
    release = values["rocketmq_release"]
    return tuple(values["rocketmq_client_releases"] or ([release] if release else ()))


def _acl(access_key: str | None, secret_key: str | None) -> Acl | None:
    return Acl(access_key=access_key, secret_key=SecretStr(secret_key)) if access_key and secret_key else None
