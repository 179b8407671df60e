"""Who is connected to given ports of this host, from the kernel's tables."""

import os
import socket
import struct
from typing import Any, Dict, List, Tuple

ESTABLISHED = "01"
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    """request: {"ports": [int]}; {"peers": {port: ["ip:port", …]}}."""
    found = {port: [] for port in request["ports"]}  # type: Dict[int, List[str]]
    for table in TABLES:
        if os.path.exists(table):
            with open(table) as file:
                for port, peer in established(file.read()):
                    if port in found:
                        found[port].append(peer)
    return {"peers": {str(port): sorted(peers) for port, peers in found.items()}}


def established(table: str) -> List[Tuple[int, str]]:
    """(local port, peer "ip:port") of each established connection in the text of /proc/net/tcp or tcp6."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3] == ESTABLISHED:
            found.append((int(fields[1].rpartition(":")[2], 16), endpoint(fields[2])))
    return found


def endpoint(text: str) -> str:
    """ "ip:port" of the kernel's form: words of 32 bits in the host's byte order; IPv4 in IPv6 reads as IPv4."""
    words, _, port = text.rpartition(":")
    raw = b"".join(struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8))
    if len(raw) == 16 and raw.startswith(b"\0" * 10 + b"\xff\xff"):
        raw = raw[12:]
    family = socket.AF_INET6 if len(raw) == 16 else socket.AF_INET
    address = socket.inet_ntop(family, raw)
    return f"[{address}]:{int(port, 16)}" if family == socket.AF_INET6 else f"{address}:{int(port, 16)}"
