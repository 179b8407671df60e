"""Who is connected to nameservers and brokers, and what brokers say of their clients. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from opskit.inventory.cluster import Cluster
from opskit.observe.model import Shape
from opskit.rocketmq.releases import Release

Standing = Literal["managed", "unmanaged"]
"""managed: its host is a client host of the inventory."""

FIRST_CLOSING = Release(4, 9, 1)
NOT_AFFECTED = {
    "GO": "the Go client asks every nameserver in turn in each query, so a hung one costs it time, not the route",
    "CPP": "the C++ client closes the connection after every timed-out call, and goes on to the next nameserver",
    "PYTHON": "the Python client is the C++ one underneath, which closes the connection after every timed-out call",
}
"""Read in rocketmq-client-go 2 (internal/route.go) and rocketmq-client-cpp 2 (TcpRemotingClient.cpp)."""


class Told(Shape):
    """One client as a broker names it. address: without the port; version: as the client sends it."""

    address: str
    client_id: str
    language: str
    version: int

    @property
    def release(self) -> str | None:
        """Only Java sends its own: the Go and C++ clients send the same ordinal in every release."""
        return Release.name(self.version) if self.language == "JAVA" else None


class PeerClient(Shape):
    """Clients of one language and release behind an address. affected: by a hung nameserver; None: not known."""

    language: str
    release: str | None
    instances: int
    affected: bool | None
    sentence: str


class Peer(Shape):
    """An address that is connected. host: of the inventory, where it is known there; servers: where it is connected."""

    address: str
    standing: Standing
    host: str | None
    servers: tuple[str, ...]
    connections: int
    clients: tuple[PeerClient, ...]


def judge_peers(
    cluster: Cluster,
    connected: Mapping[str, Iterable[str]],
    told: Sequence[Told],
    owners: Mapping[str, str],
) -> tuple[Peer, ...]:
    """connected: server host → "ip:port" of its peers; owners: address → host of the inventory.

    The cluster's own servers are left out, as are a server's connections to itself.
    """
    clients = {client.host.name for client in cluster.clients}
    servers = {server.host.name for server in cluster.servers} - clients
    seen: dict[str, list[str]] = {}
    for server, peers in connected.items():
        for peer in peers:
            address = without_port(peer)
            own = address.startswith("127.") or address == "::1" or owners.get(address) in servers
            if not own:
                seen.setdefault(address, []).append(server)
    return tuple(
        Peer(
            address=address,
            standing="managed" if owners.get(address) in clients else "unmanaged",
            host=owners.get(address),
            servers=tuple(sorted(set(at))),
            connections=len(at),
            clients=tuple(_clients([one for one in told if one.address == address])),
        )
        for address, at in sorted(seen.items())
    )


def without_port(peer: str) -> str:
    """The address of "ip:port", "[ip6]:port" or "/ip:port"; a text without a port is an address already."""
    text = peer.lstrip("/")
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def _clients(told: Sequence[Told]) -> Iterator[PeerClient]:
    kinds: dict[tuple[str, str | None], set[str]] = {}
    for one in told:
        kinds.setdefault((one.language, one.release), set()).add(one.client_id)
    for (language, release), instances in sorted(kinds.items(), key=str):
        affected, sentence = _judge(language, release)
        yield PeerClient(
            language=language, release=release, instances=len(instances), affected=affected, sentence=sentence
        )


def _judge(language: str, release: str | None) -> tuple[bool | None, str]:
    if language in NOT_AFFECTED:
        return False, f"not affected: {NOT_AFFECTED[language]}"
    if language != "JAVA":
        return None, f"what a {language} client does about a hung nameserver is not known"
    if release is None or release.startswith("MQVersion"):
        return None, "its release is not known"
    if Release.parse(release) < FIRST_CLOSING:
        return True, "stays with a hung nameserver, unless it was switched on: its host can tell"
    return False, "leaves a hung nameserver, unless it was switched off: its host can tell"
