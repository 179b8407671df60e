"""What the scenarios' tests ask of hosts, in an operator's words. Shares no code with opskit: it is the second witness.

Answers of servers come over RocketMQ's remoting protocol, from the machine that runs the tests.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import javaproperties
import pytest
from witness import Drill

PORTS = {"nameserver": 9876, "broker": 10911, "controller": 9878}
"""Where each listens unless the inventory says otherwise."""

GET_CONFIG = {"nameserver": 319, "broker": 26}
GET_ROUTE, GET_CLUSTER = 105, 106
"""Request codes, the same in 4.x and 5.x (RequestCode)."""
NO_PERMISSION = 16
"""ResponseCode."""


@dataclass(frozen=True)
class RocketmqUnit:
    """A server's unit on its host. component: nameserver, broker or controller."""

    host: Any
    component: str

    @property
    def name(self) -> str:
        return f"rocketmq-{self.component}.service"

    @property
    def is_running(self) -> bool:
        return self.host.service(self.name).is_running

    @property
    def is_enabled(self) -> bool:
        return self.host.service(self.name).is_enabled

    def systemd(self, name: str) -> str:
        """What systemd holds of the unit, such as ProtectSystem."""
        return self.host.check_output("systemctl show --property=%s --value %s", name, self.name)

    @property
    def pid(self) -> int:
        return int(self.systemd("MainPID"))

    @property
    def restarted_since_the_change(self) -> bool:
        """Whether its process is younger than the scenario's last change of settings."""
        script = "systemctl show --timestamp=unix --property=ExecMainStartTimestamp --value %s"
        started = int(self.host.check_output(script, self.name).removeprefix("@"))
        return started > int(self.host.check_output("stat --format=%Y /run/molecule-change"))

    @property
    def user(self) -> str:
        """Whose its process is."""
        return self.host.check_output("ps -o user:32= -p %s", str(self.pid)).strip()

    @property
    def arguments(self) -> list[str]:
        """The command line of its process."""
        return self.host.check_output("tr '\\0' '\\n' </proc/%s/cmdline", str(self.pid)).splitlines()

    @property
    def conf(self) -> Any:
        """The file of settings that its process was started with."""
        return self.host.file(self.arguments[self.arguments.index("-c") + 1])

    @property
    def settings(self) -> dict[str, str]:
        """What that file says."""
        return javaproperties.loads(self.conf.content_string)

    @property
    def journal(self) -> str:
        return self.host.run("journalctl --no-pager --lines=40 --unit=%s", self.name).stdout


@dataclass(frozen=True)
class Server:
    """A nameserver, broker or controller, asked over the network. keys: (access key, secret key) that sign."""

    component: str
    address: str
    port: int
    keys: tuple[str, str] | None = None

    def signed_by(self, access_key: str, secret_key: str) -> "Server":
        """The same, asked by somebody with these keys."""
        return replace(self, keys=(access_key, secret_key))

    def speaks_tls(self) -> bool:
        """Whether it answers in TLS, with whatever certificate."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.address, self.port), timeout=10) as connection:
            try:
                context.wrap_socket(connection).close()
            except (ssl.SSLError, ConnectionError):
                return False
        return True

    def brokers(self) -> dict[str, dict[int, str]]:
        """What a nameserver knows of all brokers: name → id → address."""
        return _addresses(self.ask(GET_CLUSTER)["brokerAddrTable"].values())

    def route(self, topic: str) -> dict[str, dict[int, str]]:
        """A nameserver's route of a topic: name → id → address; empty where it has none."""
        answer = self.ask(GET_ROUTE, topic=topic)
        return _addresses(answer.get("brokerDatas", []))

    def settings(self) -> dict[str, str]:
        """The settings in force in a nameserver or broker."""
        return javaproperties.loads(self._ask(GET_CONFIG[self.component]).decode())

    def ask(self, code: int, **fields: str) -> Any:
        """The JSON that it answers; {} where it answers that there is none."""
        body = self._ask(code, **fields)
        # 4.x writes the keys of maps of numbers without quotes
        return json.loads(re.sub(r'([{,])(\d+):"', r'\1"\2":"', body.decode())) if body else {}

    def _ask(self, code: int, **fields: str) -> bytes:
        """The body that it answers; PermissionError where it does not serve whoever asks."""
        answer, body = self.call(code, **fields)
        if answer["code"] == NO_PERMISSION:
            raise PermissionError(answer.get("remark"))
        return body

    def call(self, code: int, body: bytes = b"", **fields: str) -> tuple[dict[str, Any], bytes]:
        """One request; the header of its answer, in which `code` is 0 for success, and the body."""
        if self.keys:
            fields = _signed(fields, body, *self.keys)
        header = {"code": code, "language": "PYTHON", "version": 0, "opaque": 1, "flag": 0, "extFields": fields}
        head = json.dumps(header).encode()
        with socket.create_connection((self.address, self.port), timeout=3) as connection:
            connection.sendall(struct.pack(">II", 4 + len(head) + len(body), len(head)) + head + body)
            stream = connection.makefile("rb")
            (length,) = struct.unpack(">I", stream.read(4))
            frame = stream.read(length)
        # the highest byte of the second length says how the header is written
        (head_length,) = struct.unpack(">I", b"\0" + frame[1:4])
        return json.loads(frame[4 : 4 + head_length]), frame[4 + head_length :]


@pytest.fixture
def rocketmq_unit(host: Any) -> RocketmqUnit:
    """The one RocketMQ unit of the host."""
    units = host.check_output("systemctl list-unit-files --no-legend --type=service 'rocketmq-*'").split()
    (name,) = (word for word in units if word.endswith(".service"))
    return RocketmqUnit(host, name.removeprefix("rocketmq-").removesuffix(".service"))


@pytest.fixture
def server(host: Any) -> Callable[..., Server]:
    """server() is the RocketMQ server of this host, server("ns1") that of another; port: where not the usual one."""

    def of(name: str | None = None, port: int | None = None) -> Server:
        inventory = host.backend.ansible_runner.inventory
        name = name or host.ansible.get_variables()["inventory_hostname"]
        component = next(role for role in PORTS if name in inventory.get(f"{role}s", {}).get("hosts", ()))
        address = inventory["_meta"]["hostvars"][name]["rocketmq_address"]
        return Server(component, address, port or PORTS[component])

    return of


@pytest.fixture
def route(server: Callable[..., Server]) -> Callable[..., dict[str, dict[int, str]]]:
    """route(topic) as this host's nameserver tells it; route(topic, via="ns1") as another does."""
    return lambda topic, via=None: server(via).route(topic)


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """eventually(question, within=30): asked twice a second until the answer is true, at most so many seconds."""

    def ask(question: Callable[[], Any], within: float) -> Any:
        deadline = time.monotonic() + within
        while not (answer := question()) and time.monotonic() < deadline:
            time.sleep(0.5)
        return answer

    return ask


@pytest.fixture(scope="module")
def drill(request: pytest.FixtureRequest) -> Drill:
    """The drill that the side effect before these tests made: it is called as their folder."""
    return Drill(Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "kept" / request.path.parent.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:  # noqa: ARG001
    """A test that fails shows the last lines of the unit that it is about."""
    report = yield
    unit = getattr(item, "funcargs", {}).get("rocketmq_unit")
    if unit is not None and report.failed:
        where = unit.host.backend.get_pytest_id()
        report.sections.append((f"journal of {unit.name} on {where}", unit.journal))
    return report


def _signed(fields: dict[str, str], body: bytes, access_key: str, secret_key: str) -> dict[str, str]:
    """What AclClientRPCHook adds: HmacSHA1 over the values in the order of their names, and the body."""
    fields = {**fields, "AccessKey": access_key}
    values = "".join(fields[name] for name in sorted(fields))
    signature = hmac.new(secret_key.encode(), values.encode() + body, hashlib.sha1).digest()
    return {**fields, "Signature": base64.b64encode(signature).decode()}


def _addresses(brokers: Any) -> dict[str, dict[int, str]]:
    return {
        broker["brokerName"]: {int(number): address for number, address in broker["brokerAddrs"].items()}
        for broker in brokers
    }
