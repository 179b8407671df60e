"""TCP sockets of a network namespace, from the kernel's tables.

To read those takes milliseconds however few sockets there are, so it is done once for all that ask.
"""

import os
from typing import Dict, Iterator, List, NamedTuple, Set, Tuple

from ..jvm import roots

LISTEN = " 0A "


class Tables(NamedTuple):
    """space: the network namespace; text: /proc/net/tcp and tcp6, the same columns in both."""

    space: str
    text: str


def read(process: str) -> Tables:
    """As a process sees them; "self" is this one. Raises OSError."""
    texts = []
    for name in ("tcp", "tcp6"):
        path = f"{roots.PROC}/{process}/net/{name}"
        if os.path.exists(path):
            with open(path) as file:
                texts.append(file.read())
    return Tables(_space(process), "".join(texts))


def ports(pid: int, links: List[str], own: Tables) -> Set[int]:
    """On which the sockets of a process listen. links: where all leads that it has open; own: this program's tables."""
    tables = own if _space(str(pid)) == own.space else read(str(pid))
    held = set(links)
    return {port for inode, port in _listening(tables.text) if f"socket:[{inode}]" in held}


def peers(tables: Tables, wanted: List[int]) -> Dict[str, List[str]]:
    """Port → "ip:port" of who is connected to it."""
    from .. import peers as shown

    found = {port: [] for port in wanted}  # type: Dict[int, List[str]]
    for port, peer in shown.established(tables.text):
        if port in found:
            found[port].append(peer)
    return {str(port): sorted(told) for port, told in found.items()}


def _listening(text: str) -> Iterator[Tuple[str, int]]:
    """Inode and port of each socket that listens."""
    for line in text.splitlines():
        if LISTEN in line:
            fields = line.split()
            yield fields[9], int(fields[1].rpartition(":")[2], 16)


def _space(process: str) -> str:
    return os.readlink(f"{roots.PROC}/{process}/ns/net")
