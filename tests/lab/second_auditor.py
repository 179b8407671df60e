"""The second auditor: what pytest-testinfra says of the same hosts, by code that shares nothing with opskit."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import testinfra
import yaml
from conftest import Lab
from testinfra.host import Host

CONF = "/etc/rocketmq/conf"
SERVERS = {
    **dict.fromkeys(("ns1", "ns2"), ("rocketmq-nameserver.service", f"{CONF}/namesrv.conf", "NamesrvStartup")),
    **dict.fromkeys(
        ("broker-a", "broker-a-s", "broker-b", "broker-b-s"),
        ("rocketmq-broker.service", f"{CONF}/broker.conf", "BrokerStartup"),
    ),
}
Question = tuple[str, str, str, Callable[[Host], bool]]


def verdicts(lab: Lab, rendered: Path) -> dict[str, bool]:
    """CONTROL SUBJECT → whether it holds, asked host by host over OpenSSH. rendered: by `opskit render --out`."""
    found = {}
    hosts = {name: _host(lab, name) for name in [*SERVERS, "client1", "client2"]}
    for control, subject, host, holds in _questions(rendered):
        found[f"{control} {subject}"] = holds(hosts[host])
    return found


def _questions(rendered: Path) -> Iterator[Question]:
    for host, (unit, conf, main) in SERVERS.items():
        yield "file-modes", host, host, lambda on, conf=conf: _modes(on, conf)
        yield (
            "unit-enabled",
            f"{host} {unit}",
            host,
            lambda on, unit=unit: on.service(unit).is_enabled and on.service(unit).is_running,
        )
        yield "unit-hardened", f"{host} {unit}", host, lambda on, unit=unit: _hardened(on, unit)
        for path in (conf, f"/etc/systemd/system/{unit}"):
            content = (rendered / host / path.lstrip("/")).read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            yield (
                "settings-on-disk",
                f"{host} {path}",
                host,
                lambda on, path=path, digest=digest: on.file(path).sha256sum == digest,
            )
        yield "placement-undeclared-server", host, host, lambda on, main=main: _mains(on) == [main]
        yield "host-open-files", f"{host} {unit}", host, lambda on, unit=unit: _open_files(on, unit) >= 4096
    for host in ("client1", "client2"):
        yield "client-tcp-retries2", host, host, lambda on: on.sysctl("net.ipv4.tcp_retries2") <= 8


def _modes(on: Host, conf: str) -> bool:
    file, folder = on.file(conf), on.file(CONF)
    return (file.mode, file.user, file.group, folder.user) == (0o640, "root", "rocketmq", "root")


def _hardened(on: Host, unit: str) -> bool:
    properties = on.service(unit).systemd_properties
    return (properties["NoNewPrivileges"], properties["ProtectSystem"]) == ("yes", "strict")


def _mains(on: Host) -> list[str]:
    """Of each RocketMQ server that runs there."""
    words = [word for process in on.process.filter(comm="java") for word in process.args.split()]
    return [word.rpartition(".")[2] for word in words if word.startswith("org.apache.rocketmq.") and "Startup" in word]


def _open_files(on: Host, unit: str) -> int:
    pid = on.service(unit).systemd_properties["MainPID"]
    line = next(one for one in on.file(f"/proc/{pid}/limits").content_string.splitlines() if "open files" in one)
    return int(line.split()[3])


def _host(lab: Lab, name: str) -> Host:
    given = yaml.safe_load((lab.state / "labs" / lab.name / "host_vars" / f"{name}.yml").read_text())
    return testinfra.get_host(
        f"ssh://{given['ansible_user']}@{given['ansible_host']}",
        ssh_identity_file=given["ansible_ssh_private_key_file"],
        ssh_extra_args=given["ansible_ssh_common_args"],
        sudo=True,
        controlpersist=60,
    )
