"""Cluster → files, per host. Pure: no connection, no clock, no environment."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import javaproperties
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from opskit.inventory.cluster import Broker, Cluster, Controller, Host, Jvm, Nameserver, Scalar
from opskit.paths import assets
from opskit.render import layout
from opskit.render.layout import SERVERS, Component, Server
from opskit.rocketmq.releases import java_options, needs_logback_files
from opskit.rocketmq.settings import to_properties_value

SECRET = re.compile(r"secret|password|credential|initAuthenticationUser", re.IGNORECASE)

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
    secret_keys: tuple[str, ...] = ()

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
    for host in cluster.hosts:
        servers = tuple(_servers(cluster, host))
        if servers:
            files = [*_common(cluster, host)]
            for server in servers:
                files += _server_files(cluster, host, server, bundles)
            rendered[host.name] = RenderedHost(host, tuple(files), _folders(cluster))
    return rendered


Member = Nameserver | Broker | Controller


def _servers(cluster: Cluster, host: Host) -> Iterator[tuple[Server, Member]]:
    for component, members in servers_by_component(cluster):
        for member in members:
            if member.host.name == host.name:
                yield SERVERS[component], member


def servers_by_component(cluster: Cluster) -> tuple[tuple[Component, tuple[Member, ...]], ...]:
    return ("nameserver", cluster.nameservers), ("broker", cluster.brokers), ("controller", cluster.controllers)


def _folders(cluster: Cluster) -> tuple[tuple[str, str, str], ...]:
    return (
        (layout.HOME, "root", "0755"),
        (layout.CONF, "root", "0755"),
        (layout.DATA, cluster.user, "0755"),
        (f"{layout.DATA}/namesrv", cluster.user, "0755"),
        (cluster.store_path, cluster.user, "0755"),
        (layout.LOGS, cluster.user, "0755"),
    )


def _common(cluster: Cluster, host: Host) -> Iterator[RenderedFile]:
    values = {"cluster": cluster, "host": host}
    if cluster.apply_sysctl:
        yield _file("sysctl.conf.j2", "/etc/sysctl.d/60-rocketmq.conf", "host", values, effect="sysctl")
    yield _file("logrotate.j2", "/etc/logrotate.d/opskit", "host", values)


def _server_files(
    cluster: Cluster, host: Host, found: tuple[Server, Member], bundles: Mapping[str, str]
) -> Iterator[RenderedFile]:
    server, member = found
    identity, settings = _properties(cluster, member)
    values = {"cluster": cluster, "host": host, "server": server, server.component: member}
    yield _file(
        f"{server.conf.rsplit('/', 1)[1]}.j2",
        server.conf,
        server.component,
        {**values, "identity": identity, "settings": settings},
        group=cluster.user,
        mode="0640",
        unit=server.unit,
        secret_keys=tuple(key for key in settings if SECRET.search(key)),
    )
    if needs_logback_files(member.release):
        yield _file("logback.xml.j2", server.logback, server.component, {**values, "log": server.log}, unit=server.unit)
    unit_values = {
        **values,
        "release": member.release,
        "options": _java_options(member.jvm, member.release),
        "lib": f"{layout.SERVER_RELEASES}/{bundles[member.release]}/lib",
        "writable": sorted({layout.DATA, layout.LOGS, cluster.store_path}),
    }
    yield _file(
        "rocketmq.service.j2", f"/etc/systemd/system/{server.unit}", server.component, unit_values, unit=server.unit
    )


def _properties(cluster: Cluster, member: Member) -> tuple[dict[str, Scalar], dict[str, Scalar]]:
    """(what the topology dictates, in a fixed order; the settings, sorted)."""
    match member:
        case Broker():
            identity: dict[str, Scalar] = {
                "brokerClusterName": cluster.name,
                "brokerName": member.broker_name,
                "brokerId": member.broker_id,
                "brokerRole": member.role,
                "namesrvAddr": cluster.nameserver_addresses,
                "brokerIP1": member.host.address,
                "brokerIP2": member.host.address,
                "listenPort": member.port,
                "storePathRootDir": cluster.store_path,
                "storePathCommitLog": f"{cluster.store_path}/commitlog",
            }
            settings: Mapping[str, Scalar] = {**BROKER_DEFAULTS, **member.settings}
        case Nameserver():
            identity = {
                "listenPort": member.port,
                "kvConfigPath": f"{layout.DATA}/namesrv/kvConfig.json",
                "configStorePath": f"{layout.DATA}/namesrv/namesrv.properties",
            }
            settings = member.settings
        case Controller():
            identity = _controller_identity(cluster, member)
            settings = member.settings
    return identity, dict(sorted(settings.items()))


def _controller_identity(cluster: Cluster, member: Controller) -> dict[str, Scalar]:
    peers = {controller.host.name: f"n{index}" for index, controller in enumerate(cluster.controllers)}
    return {
        "controllerDLegerGroup": f"{cluster.name}-controller",
        "controllerDLegerPeers": ";".join(
            f"{peers[controller.host.name]}-{controller.host.address}:{controller.port}"
            for controller in cluster.controllers
        ),
        "controllerDLegerSelfId": peers[member.host.name],
        "controllerStorePath": f"{layout.DATA}/controller",
    }


def _java_options(jvm: Jvm, release: str) -> list[str]:
    memory = [f"-Xms{jvm.heap}", f"-Xmx{jvm.heap}"]
    direct = [f"-XX:MaxDirectMemorySize={jvm.direct_memory}"] if jvm.direct_memory else []
    paths = [f"-Drocketmq.home.dir={layout.HOME}", f"-Duser.home={layout.LOGS}"]
    modules = java_options(release)
    # Java 8 knows no modules; this makes it pass over their options instead of refusing to start
    lenient = ["-XX:+IgnoreUnrecognizedVMOptions"] if modules else []
    return [*memory, *direct, *jvm.options, *lenient, *modules, *paths]


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
    secret_keys: tuple[str, ...] = (),
) -> RenderedFile:
    content = _environment().get_template(template).render(values)
    return RenderedFile(path, content, "root", group, mode, stage, unit, "restart" if unit else effect, secret_keys)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(assets() / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - configuration files, not HTML
        auto_reload=False,
    )
    environment.filters["properties"] = _to_properties
    return environment


def _to_properties(values: Mapping[str, Scalar]) -> str:
    return "\n".join(javaproperties.join_key_value(key, to_properties_value(value)) for key, value in values.items())
