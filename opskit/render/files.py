"""Cluster → files, per host. Pure: no connection, no clock, no environment."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import javaproperties
from jinja2 import Environment

from opskit.inventory.cluster import Broker, Cluster, Component, Controller, Host, Nameserver, Scalar, Server
from opskit.render import layout
from opskit.render.environment import environment
from opskit.render.layout import KINDS, Kind
from opskit.rocketmq.releases import java_options, needs_logback_files
from opskit.rocketmq.settings import to_properties_value

# Brokers are clients of the nameservers too, in every release; RocketMQ's own default is false up to 4.9.0.
BROKER_DEFAULTS: Mapping[str, Scalar] = {"clientCloseSocketIfTimeout": True}

Effect = Literal["restart", "sysctl", "none"]


@dataclass(frozen=True)
class RenderedFile:
    """One file of one host. unit: what must restart for it to take effect, "" for none; stage: whose roll places it."""

    path: str
    content: str
    owner: str
    group: str
    mode: str
    stage: Component | Literal["host"]
    unit: str = ""
    effect: Effect = "none"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True)
class RenderedHost:
    """Everything that lies on one host because of opskit."""

    host: Host
    files: tuple[RenderedFile, ...]
    folders: tuple[tuple[str, str, str], ...] = field(default=())
    """(path, owner, mode), parents first."""


def render(cluster: Cluster, bundles: Mapping[str, str]) -> dict[str, RenderedHost]:
    """Every file of every server host, by host name.

    bundles: release → folder name of its server bundle, from which the units start.
    """
    rendered = {}
    by_host: dict[str, list[Server]] = {}
    for server in cluster.servers:
        by_host.setdefault(server.host.name, []).append(server)
    for host in cluster.hosts:
        servers = by_host.get(host.name, [])
        if servers:
            files = [*_common(cluster, host)]
            for server in servers:
                files += _server_files(cluster, server, bundles)
            rendered[host.name] = RenderedHost(host, tuple(files), _folders(cluster))
    return rendered


def _folders(cluster: Cluster) -> tuple[tuple[str, str, str], ...]:
    return (
        (layout.HOME, "root", "0755"),
        (layout.CONF, "root", "0755"),
        # messages, the users of an ACL (5.x keeps them below the store), what logs tell of clients: not for everybody
        (layout.DATA, cluster.user, "0750"),
        (f"{layout.DATA}/namesrv", cluster.user, "0750"),
        (cluster.store_path, cluster.user, "0750"),
        (cluster.log_path, cluster.user, "0750"),
    )


def _common(cluster: Cluster, host: Host) -> Iterator[RenderedFile]:
    values = {"cluster": cluster, "host": host}
    if cluster.apply_sysctl:
        yield _file("sysctl.conf.j2", "/etc/sysctl.d/60-rocketmq.conf", "host", values, effect="sysctl")
    yield _file("logrotate.j2", "/etc/logrotate.d/opskit-audit", "host", values)


def _server_files(cluster: Cluster, server: Server, bundles: Mapping[str, str]) -> Iterator[RenderedFile]:
    kind = KINDS[server.component]
    identity, settings = _properties(cluster, server)
    log = f"{cluster.log_path}/{kind.log}"
    values = {"cluster": cluster, "host": server.host, "kind": kind}
    yield _file(
        f"{kind.conf.rsplit('/', 1)[1]}.j2",
        kind.conf,
        server.component,
        {**values, "identity": identity, "settings": settings},
        group=cluster.user,
        mode="0640",
        unit=kind.unit,
    )
    if needs_logback_files(server.release):
        yield _file("logback.xml.j2", kind.logback, server.component, {**values, "log": log}, unit=kind.unit)
    unit_values = {
        **values,
        "release": server.release,
        "options": _java_options(cluster, server, kind),
        "lib": f"{layout.SERVER_RELEASES}/{bundles[server.release]}/lib",
        "writable": sorted({layout.DATA, cluster.log_path, cluster.store_path}),
    }
    yield _file(
        "rocketmq.service.j2", f"/etc/systemd/system/{kind.unit}", server.component, unit_values, unit=kind.unit
    )


def _properties(cluster: Cluster, server: Server) -> tuple[dict[str, Scalar], dict[str, Scalar]]:
    """(what the topology dictates, in a fixed order; the settings, sorted)."""
    match server:
        case Broker():
            identity: dict[str, Scalar] = {
                "brokerClusterName": cluster.name,
                "brokerName": server.broker_name,
                "brokerId": server.broker_id,
                "brokerRole": server.role,
                "namesrvAddr": cluster.nameserver_addresses,
                "brokerIP1": server.host.address,
                "brokerIP2": server.host.address,
                "listenPort": server.port,
                "storePathRootDir": cluster.store_path,
                "storePathCommitLog": f"{cluster.store_path}/commitlog",
            }
            settings: Mapping[str, Scalar] = {**BROKER_DEFAULTS, **server.settings}
        case Nameserver():
            identity = {
                "listenPort": server.port,
                "kvConfigPath": f"{layout.DATA}/namesrv/kvConfig.json",
            }
            settings = server.settings
        case Controller():
            identity = _controller_identity(cluster, server)
            settings = server.settings
    return identity, dict(sorted(settings.items()))


def _controller_identity(cluster: Cluster, own: Controller) -> dict[str, Scalar]:
    peers = {controller.host.name: f"n{index}" for index, controller in enumerate(cluster.controllers)}
    return {
        "controllerDLegerGroup": f"{cluster.name}-controller",
        "controllerDLegerPeers": ";".join(
            f"{peers[controller.host.name]}-{controller.host.address}:{controller.port}"
            for controller in cluster.controllers
        ),
        "controllerDLegerSelfId": peers[own.host.name],
        "controllerStorePath": f"{layout.DATA}/controller",
    }


def _java_options(cluster: Cluster, server: Server, kind: Kind) -> list[str]:
    jvm, release = server.jvm, server.release
    memory = [f"-Xms{jvm.heap}", f"-Xmx{jvm.heap}"]
    direct = [f"-XX:MaxDirectMemorySize={jvm.direct_memory}"] if jvm.direct_memory else []
    paths = [f"-Drocketmq.home.dir={layout.HOME}", f"-Duser.home={cluster.log_path}"]
    modules = java_options(release, controller=kind.component == "controller")
    # Java 8 knows no modules; this makes it pass over their options instead of refusing to start
    lenient = ["-XX:+IgnoreUnrecognizedVMOptions"] if modules else []
    logback = [] if needs_logback_files(release) else [f"-Drmq.logback.configurationFile={kind.own_logback}"]
    return [*memory, *direct, *jvm.options, *lenient, *modules, *paths, *logback]


def _file(
    template: str,
    path: str,
    stage: Component | Literal["host"],
    values: Mapping[str, Any],
    *,
    group: str = "root",
    mode: str = "0644",
    unit: str = "",
    effect: Effect = "none",
) -> RenderedFile:
    content = _templates().get_template(template).render(values)
    return RenderedFile(path, content, "root", group, mode, stage, unit, "restart" if unit else effect)


@cache
def _templates() -> Environment:
    return environment({"properties": _to_properties})


def _to_properties(values: Mapping[str, Scalar]) -> str:
    return "\n".join(javaproperties.join_key_value(key, to_properties_value(value)) for key, value in values.items())
