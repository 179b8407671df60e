"""Which nameserver is at the other end of a connection, by the addresses that the inventory gives."""

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor

from opskit.inventory.cluster import Cluster

RESOLVED_AT_ONCE = 32


class Names:
    """Asks the resolver of this machine once for each address, when it is made."""

    def __init__(self, cluster: Cluster) -> None:
        self._known = {
            (address, str(one.port)): one.host.name
            for one in cluster.nameservers
            for given in (one.host.endpoint.address, one.host.address)
            for address in addresses(given)
        }
        self._local = {(one.host.name, str(one.port)) for one in cluster.nameservers}

    def of(self, host: str, peer: str) -> str | None:
        """Host of the nameserver at "ip:port", as seen from a host; None where it is no nameserver of the cluster."""
        address, _, port = peer.rpartition(":")
        bare = address.strip("[]").partition("%")[0]
        if ipaddress.ip_address(bare).is_loopback:
            return host if (host, port) in self._local else None
        return self._known.get((bare, port))


def addresses(name: str) -> set[str]:
    """None where this machine cannot resolve the name: the host is then known by its JVMs' connections only."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def owners(cluster: Cluster) -> dict[str, str]:
    """IP address → host of the inventory, as this machine resolves what is declared."""
    named = [(host.name, name) for host in cluster.hosts for name in {host.address, host.endpoint.address}]
    # a resolver that is down takes many seconds a name
    with ThreadPoolExecutor(RESOLVED_AT_ONCE) as pool:
        resolved = pool.map(addresses, [name for _, name in named])
    found: dict[str, str] = {}
    for (host, _), known in zip(named, resolved, strict=True):
        for address in known:
            found.setdefault(address, host)
    return found
