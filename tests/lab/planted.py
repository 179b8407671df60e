"""Defects that are planted on the hosts of a running lab, each with the controls that must find it, and its removal."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from conftest import Lab, until

from opskit.inventory.cluster import Cluster
from opskit.reach.dial import Dialer
from opskit.rocketmq import admin

CONF = "/etc/rocketmq/conf"
TOPIC = "planted"
SERVICE = "client1 planted.service"
STRAY = f"""
set -- /opt/rocketmq/server/*/lib
mkdir -p /tmp/planted/conf && echo listenPort=19876 > /tmp/planted/conf/own
cp {CONF}/logback_broker.xml /tmp/planted/conf/logback_namesrv.xml
systemd-run -q --collect --unit=planted-nameserver java -Xmx64m -XX:+IgnoreUnrecognizedVMOptions \\
  --add-opens=java.base/java.nio=ALL-UNNAMED -Drocketmq.home.dir=/tmp/planted -Duser.home=/tmp/planted \\
  -cp "$1/*" org.apache.rocketmq.namesrv.NamesrvStartup -c /tmp/planted/conf/own
for _ in $(seq 100); do ss -Hltn sport = :19876 | grep -q . && exit; sleep 0.2; done; exit 1
"""
Plant = Callable[[Lab, Cluster], AbstractContextManager[None]]
BROKER, NAMESERVER = "rocketmq-broker.service", "rocketmq-nameserver.service"
SECONDS = 5.0
UPDATE_AND_CREATE_GROUP, DELETE_GROUP = 200, 207
"""RequestCode."""


@dataclass(frozen=True)
class Defect:
    """found: "CONTROL SUBJECT" of every outcome that is wrong because of it, and of no other."""

    name: str
    plant: Plant
    found: tuple[str, ...]


def on(host: str, plant: str, heal: str, restarts: bool = False) -> Plant:
    """Shell commands on a host. restarts: a server; the cluster is waited for after each."""

    @contextmanager
    def planted(lab: Lab, cluster: Cluster) -> Iterator[None]:
        lab.on(host, plant)
        try:
            if restarts:
                settled(lab)
            yield
        finally:
            lab.on(host, heal)
            if restarts:
                settled(lab)

    return planted


def settled(lab: Lab) -> None:
    until(60, lambda: lab.run("status").code == 0, "a healthy cluster")


def edited(host: str, file: str, edit: str, restart: str = "") -> Plant:
    """A file edited by a shell command that finds it as $f; what is put back has its old times, too.

    restart: a unit that then has what is on the disk.
    """
    then = f"systemctl daemon-reload && systemctl restart {restart}" if restart else "true"
    plant = f"f={file}; cp -a $f /root/planted && ({edit}) && {then}"
    return on(host, plant, f"cp -a /root/planted {file} && rm /root/planted && {then}", bool(restart))


def drop_in(host: str, unit: str, text: str, restart: bool = False) -> Plant:
    """A drop-in of somebody else, loaded by systemd."""
    folder = f"/etc/systemd/system/{unit}.d"
    then = f"systemctl daemon-reload{f' && systemctl restart {unit}' if restart else ''}"
    return on(
        host,
        f"mkdir -p {folder} && printf '[Service]\\n{text}\\n' > {folder}/local.conf && {then}",
        f"rm -r {folder} && {then}",
        restart,
    )


def updated(host: str, settings: Mapping[str, str], back: Mapping[str, str]) -> Plant:
    """Settings changed at run time, by request 25."""

    @contextmanager
    def planted(lab: Lab, cluster: Cluster) -> Iterator[None]:
        tell(cluster, host, admin.update_broker_config(settings))
        try:
            yield
        finally:
            tell(cluster, host, admin.update_broker_config(back))

    return planted


def topic_on(host: str) -> Plant:
    """A topic on one master only."""

    @contextmanager
    def planted(lab: Lab, cluster: Cluster) -> Iterator[None]:
        tell(cluster, host, admin.create_topic("planted-alone", queues=1))
        try:
            yield
        finally:
            tell(cluster, host, admin.delete_topic_on_broker("planted-alone"))

    return planted


def group_without_retry(host: str) -> Plant:
    """A consumer group that was made by hand: nothing made the topic for messages that are sent back."""
    group = {"groupName": "planted-group", "consumeEnable": True, "retryQueueNums": 1}

    @contextmanager
    def planted(lab: Lab, cluster: Cluster) -> Iterator[None]:
        tell(cluster, host, admin.Request(UPDATE_AND_CREATE_GROUP, lambda _: None, body=json.dumps(group).encode()))
        try:
            yield
        finally:
            tell(cluster, host, admin.Request(DELETE_GROUP, lambda _: None, {"groupName": "planted-group"}))

    return planted


def forgetful(host: str) -> Plant:
    """A broker told of one nameserver only, at run time."""

    @contextmanager
    def planted(lab: Lab, cluster: Cluster) -> Iterator[None]:
        tell(cluster, host, admin.update_broker_config({"namesrvAddr": cluster.nameservers[0].address}))
        try:
            yield
        finally:
            tell(cluster, host, admin.update_broker_config({"namesrvAddr": cluster.nameserver_addresses}))

    return planted


def hung(host: str, unit: str) -> Plant:
    """A server that hangs: its connections stay up. Those whom it forgot meanwhile are waited for after it."""

    @contextmanager
    def planted(lab: Lab, cluster: Cluster) -> Iterator[None]:
        lab.on(host, f"kill -s STOP $(systemctl show -P MainPID {unit})")
        try:
            yield
        finally:
            lab.on(host, f"kill -s CONT $(systemctl show -P MainPID {unit})")
            settled(lab)

    return planted


def client(release: str, *options: str) -> Plant:
    """A service with a client of its release on client1, which sends and consumes."""

    @contextmanager
    def planted(lab: Lab, cluster: Cluster) -> Iterator[None]:
        lab.on(
            "client1",
            f"""
set -- /opt/rocketmq/client/{release}-*/lib
systemd-run -q --unit=planted --collect -p StandardOutput=file:/tmp/planted.out java -Xmx128m {" ".join(options)} \\
  -XX:+IgnoreUnrecognizedVMOptions --add-opens=java.base/java.nio=ALL-UNNAMED -Drocketmq.client.logRoot=/tmp/planted \\
  -cp "$1/*" opskit.probe.Main traffic --nameservers '{cluster.nameserver_addresses}' --topic {TOPIC} --seconds 300
""",
        )
        try:
            until(60, lambda: '"ready"' in lab.on("client1", "cat /tmp/planted.out"), f"traffic of {release}")
            yield
        finally:
            lab.on("client1", "systemctl stop planted; rm -rf /tmp/planted /tmp/planted.out")

    return planted


def tell(cluster: Cluster, host: str, request: Any) -> None:
    """One request to a broker, which must take it."""

    async def ask() -> None:
        broker = next(one for one in cluster.brokers if one.host.name == host)
        async with Dialer(cluster.dial, cluster.acl) as dialer, dialer.line(broker.host, broker.port, SECONDS) as line:
            reply = await line.ask(request)
        assert reply.outcome == "answered", reply.detail

    asyncio.run(ask())


def _untold(host: str, unit: str) -> tuple[str, ...]:
    """What is not known of a server that does not tell its settings."""
    return f"settings-in-force {host} {unit}", f"settings-changed-at-run-time {host} {unit}"


DEFECTS = (
    Defect(
        "a mode",
        on("broker-a", f"chmod 0666 {CONF}/broker.conf", f"chmod 0640 {CONF}/broker.conf"),
        ("file-modes broker-a",),
    ),
    Defect(
        "an owner",
        on("broker-b", f"chown rocketmq {CONF}", f"chown root {CONF}"),
        ("file-modes broker-b", f"settings-rewritten broker-b {BROKER}"),
    ),
    Defect(
        "a setting edited by hand",
        edited("broker-a-s", f"{CONF}/broker.conf", "echo waitTimeMillsInSendQueue=50 >> $f"),
        (
            f"settings-on-disk broker-a-s {CONF}/broker.conf",
            f"settings-in-force broker-a-s {BROKER}",
            f"settings-restart-pending broker-a-s {BROKER}",
        ),
    ),
    Defect(
        "a key that the release does not know",
        edited("broker-b-s", f"{CONF}/broker.conf", "echo flushDiskTyp=SYNC_FLUSH >> $f"),
        (
            f"settings-on-disk broker-b-s {CONF}/broker.conf",
            f"settings-unknown-key broker-b-s {BROKER}",
            f"settings-restart-pending broker-b-s {BROKER}",
        ),
    ),
    Defect(
        "a log level",
        edited("ns1", f"{CONF}/logback_namesrv.xml", "sed -i s/INFO/DEBUG/ $f"),
        (f"settings-on-disk ns1 {CONF}/logback_namesrv.xml", f"settings-restart-pending ns1 {NAMESERVER}"),
    ),
    Defect(
        "a file that is gone",
        edited("ns2", "/etc/logrotate.d/opskit-audit", "rm $f"),
        ("settings-on-disk ns2 /etc/logrotate.d/opskit-audit",),
    ),
    Defect(
        "a unit that does not start at boot",
        on("broker-a-s", f"systemctl disable -q {BROKER}", f"systemctl enable -q {BROKER}"),
        (f"unit-enabled broker-a-s {BROKER}",),
    ),
    Defect(
        "a sandbox taken off",
        drop_in("ns1", NAMESERVER, "NoNewPrivileges=no\\nProtectSystem=no"),
        (f"unit-hardened ns1 {NAMESERVER}", f"unit-reload ns1 {NAMESERVER}"),
    ),
    Defect(
        "a unit edited and not loaded",
        edited("ns2", f"/etc/systemd/system/{NAMESERVER}", "sed -i s/RestartSec=5/RestartSec=9/ $f"),
        (
            f"settings-on-disk ns2 /etc/systemd/system/{NAMESERVER}",
            f"settings-restart-pending ns2 {NAMESERVER}",
            f"unit-reload ns2 {NAMESERVER}",
        ),
    ),
    Defect(
        "a limit on open files",
        drop_in("broker-b-s", BROKER, "LimitNOFILE=1024", restart=True),
        (f"host-open-files broker-b-s {BROKER}", f"unit-reload broker-b-s {BROKER}"),
    ),
    Defect(
        "another heap",
        edited("broker-a-s", f"/etc/systemd/system/{BROKER}", "sed -i s/-Xmx512m/-Xmx520m/ $f", BROKER),
        (f"settings-on-disk broker-a-s /etc/systemd/system/{BROKER}", f"jvm-options broker-a-s {BROKER}"),
    ),
    Defect(
        "a nameserver beside a broker",
        on("broker-a", STRAY, "systemctl stop planted-nameserver; rm -r /tmp/planted"),
        ("placement-shared-host broker-a", "placement-undeclared-server broker-a"),
    ),
    Defect("a topic on one master", topic_on("broker-a"), ("topic-on-one-master planted-alone",)),
    Defect(
        "a group without its retry topic",
        group_without_retry("broker-a"),
        ("group-without-retry-topic planted-group",),
    ),
    Defect(
        "a setting changed at run time",
        updated("broker-b", {"flushIntervalCommitLog": "999"}, {"flushIntervalCommitLog": "500"}),
        (f"settings-changed-at-run-time broker-b {BROKER}",),
    ),
    Defect(
        "a drained broker",
        updated("broker-b", {"brokerPermission": "4"}, {"brokerPermission": "6"}),
        (f"settings-in-force broker-b {BROKER}",),
    ),
    Defect(
        "a broker that stays with a hung nameserver",
        updated("broker-a", {"clientCloseSocketIfTimeout": "false"}, {"clientCloseSocketIfTimeout": "true"}),
        ("broker-close-on-timeout broker-a", f"settings-in-force broker-a {BROKER}"),
    ),
    Defect(
        "a disk above its ratio",
        updated("broker-a", {"diskMaxUsedSpaceRatio": "10"}, {"diskMaxUsedSpaceRatio": "95"}),
        ("host-disk broker-a", f"settings-in-force broker-a {BROKER}"),
    ),
    Defect(
        "a broker that knows one nameserver",
        forgetful("broker-b-s"),
        ("broker-knows-every-nameserver broker-b-s", f"settings-in-force broker-b-s {BROKER}"),
    ),
    Defect(
        "a service with an old client",
        client("4.8.0"),
        (f"client-leaves-hung-nameserver {SERVICE}", f"client-knows-every-nameserver {SERVICE}"),
    ),
    Defect(
        "a client of 4.9.7 and two nameservers",
        client("4.9.7"),
        (f"client-two-nameserver-trap {SERVICE}", f"client-knows-every-nameserver {SERVICE}"),
    ),
    Defect(
        "a client switched off by its property",
        client("4.9.7", "-Dcom.rocketmq.remoting.client.closeSocketIfTimeout=false"),
        (f"client-switched-off {SERVICE}", f"client-knows-every-nameserver {SERVICE}"),
    ),
    Defect(
        "a nameserver that hangs",
        hung("ns2", NAMESERVER),
        ("nameserver-answers ns2", "nameserver-views-agree ns2", "broker-undeclared ns2", *_untold("ns2", NAMESERVER)),
    ),
    Defect(
        "a slave that hangs",
        hung("broker-b-s", BROKER),
        (
            "broker-answers broker-b-s",
            "slave-in-sync broker-b",
            "broker-knows-every-nameserver broker-b-s",
            "client-seen-unmanaged broker-b-s",
            "broker-close-on-timeout broker-b-s",
            *_untold("broker-b-s", BROKER),
        ),
    ),
)
