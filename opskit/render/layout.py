"""Where things lie on a host: one table that rendering, surveys and playbooks share."""

from dataclasses import dataclass

from opskit.inventory.cluster import Component

HOME = "/etc/rocketmq"
"""rocketmq.home.dir; it and conf/ belong to root, so that settings updated at run time never reach the file."""
CONF = f"{HOME}/conf"
DATA = "/var/lib/rocketmq"
SERVER_RELEASES = "/opt/rocketmq/server"
CLIENT_RELEASES = "/opt/rocketmq/client"
"""A bundle is one folder below; its name carries a digest, so that a changed jar is a new folder."""


@dataclass(frozen=True)
class Kind:
    """What is fixed about one kind of server."""

    component: Component
    unit: str
    main_class: str
    conf: str
    logback: str
    """Path of the logback file, for the releases that want one."""
    own_logback: str
    """The jars' own, by name: with every server's jar on the class path the first one found would win."""
    log: str
    """Below the folder of logs; where RocketMQ's own logback file puts it, too."""


KINDS: dict[Component, Kind] = {
    "nameserver": Kind(
        "nameserver",
        "rocketmq-nameserver.service",
        "org.apache.rocketmq.namesrv.NamesrvStartup",
        f"{CONF}/namesrv.conf",
        f"{CONF}/logback_namesrv.xml",
        "rmq.namesrv.logback.xml",
        "logs/rocketmqlogs/namesrv.log",
    ),
    "broker": Kind(
        "broker",
        "rocketmq-broker.service",
        "org.apache.rocketmq.broker.BrokerStartup",
        f"{CONF}/broker.conf",
        f"{CONF}/logback_broker.xml",
        "rmq.broker.logback.xml",
        "logs/rocketmqlogs/broker.log",
    ),
    "controller": Kind(
        "controller",
        "rocketmq-controller.service",
        "org.apache.rocketmq.controller.ControllerStartup",
        f"{CONF}/controller.conf",
        f"{CONF}/logback_controller.xml",
        "rmq.controller.logback.xml",
        "logs/rocketmqlogs/controller.log",
    ),
}
