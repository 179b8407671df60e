"""One way to open an SSH connection: the key of the inventory, the host key always verified."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncssh

from opskit.inventory.cluster import Endpoint

CONNECT_SECONDS = 10.0
"""For a login: a host that hangs takes the connection and never says a word."""
KEEPALIVE_SECONDS = 5.0
"""The connection is given up after three of them without an answer."""
CHEAPEST_FIRST = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
"""Before asyncssh's own order, whose first, chacha20, is a dozen calls from Python a packet."""
CONNECT_ERRORS = (OSError, ValueError, asyncssh.Error)
"""What a host out of reach raises, or a key that cannot be read; TimeoutError is an OSError."""


def why(error: Exception, endpoint: Endpoint) -> str:
    """One of CONNECT_ERRORS in the operator's words."""
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return "its SSH host key is not the one in known_hosts: is it still that host?"
        case asyncssh.PermissionDenied():
            return f"it refuses the SSH login of {endpoint.user or 'this user'}"
        case TimeoutError():
            return f"no answer to SSH within {CONNECT_SECONDS:g} s"
        case socket.gaierror():
            return f"its address {endpoint.address} does not resolve"
        case OSError(errno=int(number), filename=None):
            return f"no SSH connection to {endpoint.address} port {endpoint.port}: {os.strerror(number).lower()}"
        case _:
            return f"no SSH connection: {error or type(error).__name__}"


@asynccontextmanager
async def connect(endpoint: Endpoint, timeout_seconds: float) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Connect to a host, through its jump host where it has one; raises one of CONNECT_ERRORS.

    An endpoint without a known_hosts file is verified against the user's own; an unknown key is refused.
    """
    options: dict[str, Any] = {
        "port": endpoint.port,
        "known_hosts": _pinned(endpoint.known_hosts),
        "encryption_algs": CHEAPEST_FIRST,
        "connect_timeout": timeout_seconds,
        "login_timeout": timeout_seconds,
        "keepalive_interval": KEEPALIVE_SECONDS,
        "config": None,
    }
    if endpoint.user:
        options["username"] = endpoint.user
    if endpoint.identity:
        options |= {"client_keys": [endpoint.identity], "agent_path": None}
    if endpoint.jump:
        options["tunnel"] = endpoint.jump
    async with asyncssh.connect(endpoint.address, **options) as connection:
        yield connection


def _pinned(path: str | None) -> asyncssh.SSHKnownHosts | tuple[()]:
    """The keys of a known_hosts file, or of the user's own; empty, where there is none, means that none is known.

    Read once for all hosts: a file has a line for each, so to read it for each takes the square of their number.
    """
    file = Path(path) if path else Path("~/.ssh/known_hosts").expanduser()
    if path is None and not os.access(file, os.R_OK):
        return ()
    return _read(file, file.stat().st_mtime_ns)


@cache
def _read(file: Path, _changed_ns: int) -> asyncssh.SSHKnownHosts:
    return asyncssh.read_known_hosts(str(file))
