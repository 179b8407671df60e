"""Who is connected to the servers: the kernel's tables on a host, and what becomes of it here."""

import socket
import struct
from pathlib import Path

import pytest
from clusters import small_cluster

from opskit.observe.peers import Told, judge_peers, without_port
from opskit.onhost import peers as onhost

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: {any}:2694 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: {own}:2694 {peer}:A028 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: {own}:2694 {peer}:A029 06 00000000:00000000 00:00000000 00000000     0        0 0 3 0
   3: {own}:0016 {peer}:A030 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
"""


def hexed(address: str) -> str:
    """As the kernel of this machine prints it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    raw = socket.inet_pton(family, address)
    return "".join(f"{struct.unpack('=I', raw[at : at + 4])[0]:08X}" for at in range(0, len(raw), 4))


@pytest.mark.parametrize(
    ("address", "shown"),
    [("10.0.0.21", "10.0.0.21"), ("::ffff:10.0.0.21", "10.0.0.21"), ("2001:db8::7", "[2001:db8::7]")],
)
def test_established_connections_of_a_table(address: str, shown: str) -> None:
    table = TABLE.format(any="0" * len(hexed(address)), own=hexed(address), peer=hexed(address))
    assert onhost.established(table) == [(0x2694, f"{shown}:{0xA028}"), (0x16, f"{shown}:{0xA030}")]


def test_a_real_connection_of_this_machine_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            answer = onhost.answer({"ports": [port, 1]})
            assert answer == {"peers": {str(port): [f"127.0.0.1:{client.getsockname()[1]}"], "1": []}}


def test_a_host_without_ipv6_has_one_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(onhost, "TABLES", (str(tmp_path / "tcp"), str(tmp_path / "tcp6")))
    (tmp_path / "tcp").write_text("header\n")
    assert onhost.answer({"ports": [9876]}) == {"peers": {"9876": []}}


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("10.0.0.1:9876", "10.0.0.1"),
        ("/10.0.0.1:9876", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1"),
        ("[2001:db8::7]:9876", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_addresses_without_ports(peer: str, address: str) -> None:
    assert without_port(peer) == address


def told(address: str, language: str, version: int, client_id: str = "x@1") -> Told:
    return Told(address=address, client_id=client_id, language=language, version=version)


def test_peers_are_named_by_what_is_known_of_them() -> None:
    connected = {
        "ns1": ["10.0.0.21:1", "10.0.0.99:2", "10.0.0.11:3", "127.0.0.1:4"],
        "a": ["10.0.0.21:5", "10.0.0.99:6", "10.0.0.99:7", "10.0.0.12:8"],
    }
    owners = {"10.0.0.21": "client1", "10.0.0.11": "a", "10.0.0.12": "a-s", "10.0.0.1": "ns1"}
    clients = [told("10.0.0.99", "GO", 317), told("10.0.0.21", "JAVA", 373), told("10.0.0.21", "JAVA", 373, "y@2")]
    managed, unmanaged = judge_peers(small_cluster(), connected, clients, owners)
    assert (managed.standing, managed.host, managed.servers, managed.connections) == (
        "managed",
        "client1",
        ("a", "ns1"),
        2,
    )
    assert [(one.language, one.release, one.instances) for one in managed.clients] == [("JAVA", "4.8.0", 2)]
    assert (unmanaged.standing, unmanaged.host, unmanaged.connections) == ("unmanaged", None, 3)
    assert "asks every nameserver in turn" in unmanaged.clients[0].sentence


@pytest.mark.parametrize(
    ("language", "version", "release", "affected"),
    [
        ("JAVA", 373, "4.8.0", True),
        ("JAVA", 393, "4.9.0", True),
        ("JAVA", 395, "4.9.1", False),
        ("JAVA", 493, "5.4.0", False),
        ("JAVA", 372, "MQVersion 372", None),
        ("GO", 317, None, False),
        ("CPP", 333, None, False),
        ("PYTHON", 333, None, False),
        ("RUST", 400, None, None),
    ],
)
def test_whom_a_hung_nameserver_holds(language: str, version: int, release: str | None, affected: bool | None) -> None:
    (peer,) = judge_peers(small_cluster(), {"ns1": ["10.9.9.9:1"]}, [told("10.9.9.9", language, version)], {})
    (client,) = peer.clients
    assert (client.release, client.affected) == (release, affected)
