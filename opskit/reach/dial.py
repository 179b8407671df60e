"""Dial a RocketMQ server: directly, or through SSH to its host where only port 22 is open."""

import asyncio
import contextlib
import importlib
import ipaddress
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from opskit.inventory.cluster import Acl, Host
from opskit.reach.line import Deadline, Line, LineError, Opened, Streams

if TYPE_CHECKING:
    from opskit.reach.tunnel import Tunnels

Mode = Literal["auto", "direct", "ssh"]

DIRECT_SHARE = 0.4
"""Of the deadline: how long a direct connect has in mode auto before SSH is tried beside it."""
_PLAINEST = ("refused", "silent", "unreachable")
"""Where both ways fail, the outcome that says most comes first."""


class Dialer:
    """Opens lines to servers, and keeps the SSH connections that they need until it is left."""

    def __init__(self, mode: Mode = "auto", acl: Acl | None = None) -> None:
        self._mode, self._acl = mode, acl
        self._opened: Tunnels | None = None

    async def __aenter__(self) -> Self:
        if self._mode == "ssh":
            await self._tunnels()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._opened:
            await self._opened.close()

    @asynccontextmanager
    async def line(self, host: Host, port: int, seconds: float) -> AsyncIterator[Line]:
        """A line to a port of a host. seconds: for dialling, asking and answering together.

        An SSH login is not counted: it has up to 3 s of its own, once a host.
        """
        ways = {"auto": self._either, "direct": _direct, "ssh": self._by_ssh}
        began = Deadline(seconds)
        try:
            streams, deadline = await ways[self._mode](host, port, seconds)
            line = Line(streams, deadline, self._acl)
        except LineError as lost:
            line = Line(lost, began)
        try:
            yield line
        finally:
            await line.close()

    async def _tunnels(self) -> "Tunnels":
        module = await asyncio.to_thread(importlib.import_module, "opskit.reach.tunnel")
        self._opened = self._opened or module.Tunnels()
        return self._opened

    async def _by_ssh(self, host: Host, port: int, seconds: float) -> Opened:
        return await (await self._tunnels()).open(host, port, seconds)

    async def _either(self, host: Host, port: int, seconds: float) -> Opened:
        """The direct connection; where it fails or takes long, it or the one through SSH, whichever comes first."""
        tries = {asyncio.create_task(_direct(host, port, seconds))}
        won: asyncio.Task[Opened] | None = None
        try:
            done, pending = await asyncio.wait(tries, timeout=seconds * DIRECT_SHARE)
            won = _won(done)
            if not won:
                by_ssh = asyncio.create_task(self._by_ssh(host, port, seconds))
                tries.add(by_ssh)
                pending.add(by_ssh)
            while pending and not won:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                won = _won(done)
            if won:
                return won.result()
            raise min((_lost(attempt) for attempt in tries), key=lambda lost: _PLAINEST.index(lost.outcome))
        finally:
            for attempt in tries - {won}:
                attempt.cancel()
            for result in await asyncio.gather(*(tries - {won}), return_exceptions=True):
                if not isinstance(result, BaseException):
                    streams, _ = result
                    streams[1].close()


def _won(done: set[asyncio.Task[Opened]]) -> asyncio.Task[Opened] | None:
    return next((attempt for attempt in done if not attempt.exception()), None)


def _lost(attempt: asyncio.Task[Opened]) -> LineError:
    error = attempt.exception()
    if isinstance(error, LineError):
        return error
    raise error or AssertionError("an attempt that was not lost")


async def _direct(host: Host, port: int, seconds: float) -> Opened:
    deadline = Deadline(seconds)
    try:
        async with asyncio.timeout_at(deadline.at):
            return await _connect(await _resolve(host.address), port), deadline
    except TimeoutError:
        raise LineError("unreachable", f"no connection to port {port} within {seconds:g} s") from None
    except ConnectionRefusedError:
        raise LineError("refused", f"nothing listens on port {port}") from None
    except socket.gaierror:
        raise LineError("unreachable", f"its address {host.address} does not resolve") from None
    except OSError as error:
        raise LineError("unreachable", (error.strerror or str(error)).lower()) from None


async def _connect(addresses: list[str], port: int) -> Streams:
    """The first address that takes the connection; the last one's error where none does."""
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(address, port)
    return await asyncio.open_connection(addresses[-1], port)


async def _resolve(address: str) -> list[str]:
    """Numeric addresses of a name, looked up in a thread that nobody waits for once its deadline has passed.

    The event loop's own resolver threads cannot be left behind: a name server that hangs would hold the program.
    """
    try:
        return [str(ipaddress.ip_address(address))]
    except ValueError:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()
        threading.Thread(target=_look_up, args=(address, loop, found), daemon=True).start()
        return await found


def _look_up(name: str, loop: asyncio.AbstractEventLoop, found: "asyncio.Future[list[str]]") -> None:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        result: list[str] | OSError = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    except OSError as error:
        result = error
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_settle, found, result)


def _settle(found: "asyncio.Future[list[str]]", result: list[str] | OSError) -> None:
    if found.done():
        return
    if isinstance(result, OSError):
        found.set_exception(result)
    else:
        found.set_result(result)
