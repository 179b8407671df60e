"""One way to open an SSH connection: the key of the inventory, the host key always verified."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncssh

from opskit.inventory.cluster import Endpoint


@asynccontextmanager
async def connect(endpoint: Endpoint, timeout_seconds: float) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Connect to a host, through its jump host where it has one; raises asyncssh.Error or OSError.

    An endpoint without a known_hosts file is verified against the user's own; an unknown key is refused.
    """
    options: dict[str, Any] = {
        "port": endpoint.port,
        "known_hosts": endpoint.known_hosts or (),
        "connect_timeout": timeout_seconds,
        "login_timeout": timeout_seconds,
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
