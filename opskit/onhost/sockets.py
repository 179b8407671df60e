"""Listening TCP ports and the processes that hold them, from /proc."""

import os
from typing import Dict, Iterator, Set, Tuple

LISTEN = "0A"


def listens(pid: int, port: int) -> bool:
    """Whether a socket of this very process listens on the port."""
    inodes = _sockets_of(pid)
    return any(inode in inodes for found, inode in _listening() if found == port)


def holders() -> Dict[int, Dict[str, object]]:
    """Port → {pid, command} of each listening port whose process can be seen (all, for root)."""
    ports = {}  # type: Dict[str, Set[int]]
    for port, inode in _listening():
        ports.setdefault(inode, set()).add(port)
    found = {}  # type: Dict[int, Dict[str, object]]
    for name in os.listdir("/proc"):
        if name.isdigit():
            for inode in _sockets_of(int(name)) & set(ports):
                for port in ports[inode]:
                    found[port] = {"pid": int(name), "command": _command(int(name))}
    return found


def _listening() -> Iterator[Tuple[int, str]]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(table):
            with open(table) as file:
                next(file)
                for line in file:
                    fields = line.split()
                    if fields[3] == LISTEN:
                        yield int(fields[1].rsplit(":", 1)[1], 16), fields[9]


def _sockets_of(pid: int) -> Set[str]:
    folder = f"/proc/{pid}/fd"
    found = set()
    try:
        for name in os.listdir(folder):
            target = os.readlink(os.path.join(folder, name))
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return found
    return found


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except FileNotFoundError:
        return "?"
