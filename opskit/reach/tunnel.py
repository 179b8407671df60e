"""Streams to ports of hosts through SSH (direct-tcpip), one connection a host, every host key verified.

Imported only where SSH is needed: asyncssh takes 0.3 s to import.
"""

import asyncio
import contextlib
from collections import defaultdict

import asyncssh

from opskit.inventory.cluster import Endpoint, Host
from opskit.reach.connect import CONNECT_ERRORS, connect, why
from opskit.reach.line import Deadline, LineError, Opened

CONNECTS_PER_SSHD = 8
"""sshd drops connects at random from its tenth unauthenticated one on (MaxStartups 10:30:100)."""
LOGIN_SECONDS = 3.0
"""For a login, which costs what it costs and says nothing of the server: its deadline begins after it."""
ACCEPT_SECONDS = 0.5
"""For a plain connect to sshd after a login that took too long: it tells a host that hangs from one out of reach."""
CLOSE_SECONDS = 0.5


class Tunnels:
    """SSH connections to hosts, opened by whoever needs one first and shared from then on."""

    def __init__(self) -> None:
        self._logins: dict[Endpoint, asyncio.Task[asyncssh.SSHClientConnection]] = {}
        self._gates: dict[tuple[str, int], asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(CONNECTS_PER_SSHD)
        )
        self._connections = contextlib.AsyncExitStack()

    async def open(self, host: Host, port: int, seconds: float) -> Opened:
        """A stream to a port, opened from the host itself, with `seconds` from the login on; raises LineError."""
        try:
            connection = await self._connection(host.endpoint)
            deadline = Deadline(seconds)
            async with asyncio.timeout_at(deadline.at):
                reader, writer = await connection.open_connection(host.address, port)
        except TimeoutError:
            raise LineError("silent", f"sshd on its host did not open port {port} within {seconds:g} s") from None
        except asyncssh.ChannelOpenError as error:
            raise _not_opened(error, port) from None
        except (OSError, asyncssh.Error) as error:
            raise LineError("unreachable", f"the SSH connection to its host broke: {error}") from None
        return (_Reader(reader), writer), deadline

    async def close(self) -> None:
        pending = [login for login in self._logins.values() if not login.done()]
        for login in pending:
            login.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        with contextlib.suppress(TimeoutError):  # a host that hangs does not answer the goodbye
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connections.aclose()

    async def _connection(self, endpoint: Endpoint) -> asyncssh.SSHClientConnection:
        login = self._logins.get(endpoint)
        if login is None or (login.done() and (login.exception() or login.result().is_closed())):
            login = self._logins[endpoint] = asyncio.create_task(self._login(endpoint))
        return await asyncio.shield(login)

    async def _login(self, endpoint: Endpoint) -> asyncssh.SSHClientConnection:
        try:
            async with self._gates[endpoint.address, endpoint.port], asyncio.timeout(LOGIN_SECONDS):
                return await self._connections.enter_async_context(connect(endpoint, LOGIN_SECONDS))
        except TimeoutError:
            if endpoint.jump is None and await _accepts(endpoint):
                raise LineError("silent", "sshd on its host accepts connections but does not answer") from None
            raise LineError("unreachable", f"no SSH connection to its host within {LOGIN_SECONDS:g} s") from None
        except asyncssh.HostKeyNotVerifiable:
            raise LineError("unreachable", "the SSH key of its host is not the one in known_hosts") from None
        except asyncssh.PermissionDenied:
            raise LineError(
                "unreachable", f"its host refuses the SSH login of {endpoint.user or 'this user'}"
            ) from None
        except CONNECT_ERRORS as error:
            raise LineError("unreachable", why(error, endpoint)) from None


class _Reader:
    """A channel whose end by an SSH failure reads as a broken connection."""

    def __init__(self, reader: asyncssh.SSHReader[bytes]) -> None:
        self._reader = reader

    async def read(self, n: int) -> bytes:
        try:
            return await self._reader.read(n)
        except asyncssh.Error as error:
            raise ConnectionError(f"SSH: {error}") from error


async def _accepts(endpoint: Endpoint) -> bool:
    """Whether the SSH port takes a connection at all."""
    try:
        async with asyncio.timeout(ACCEPT_SECONDS):
            _, writer = await asyncio.open_connection(endpoint.address, endpoint.port)
    except OSError:
        return False
    writer.close()
    return True


def _not_opened(error: asyncssh.ChannelOpenError, port: int) -> LineError:
    """Why sshd did not open a port; OpenSSH gives the C library's words as its reason."""
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        return LineError("unreachable", "sshd on its host forbids forwarding (AllowTcpForwarding, PermitOpen)")
    if "refused" in error.reason.lower():
        return LineError("refused", f"nothing listens on port {port}")
    return LineError("unreachable", f"its host could not open port {port}: {error.reason.lower()}")
