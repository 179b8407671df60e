"""Programs that are held open on hosts while a drill goes on: lines in, lines out, and a file fetched at the end."""

import asyncio
import contextlib
import errno
import shlex
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Endpoint
from opskit.reach.connect import CONNECT_ERRORS, CONNECT_SECONDS, connect, why
from opskit.reach.sweep import command, payload

FETCH_SECONDS = 120.0
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Hand:
    """One held program. `ended` is done once it has no more to say; its result is the last it said on stderr."""

    def __init__(self, host: str, process: "asyncssh.SSHClientProcess[bytes]") -> None:
        self.host = host
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._process = process

    def say(self, line: str) -> None:
        """Send one line; one that is gone does not hear it, which `ended` tells."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode() + b"\n")


@asynccontextmanager
async def hold_program(
    endpoint: Endpoint, request: Mapping[str, Any], on_line: Callable[[str], None]
) -> AsyncIterator[Hand]:
    """Run one operation of `opskit.onhost` and keep its stdin open. Raises OpskitError (exit 3) where out of reach."""
    async with _held(endpoint, command(endpoint), payload(request), on_line) as hand:
        yield hand


@asynccontextmanager
async def hold_command(
    endpoint: Endpoint,
    words: Sequence[str],
    seconds: float,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
) -> AsyncIterator[Hand]:
    """Run a command as the SSH user for so many seconds at most, also where the connection is lost.

    environment travels on stdin and is never on a command line. Raises OpskitError (exit 3) where out of reach.
    """
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    script = f"{exports}exec timeout -k 5 {seconds:.0f} {shlex.join(words)}\n"
    async with _held(endpoint, "sh -s", script.encode(), on_line) as hand:
        yield hand


async def fetch(endpoint: Endpoint, remote: str, local: Path) -> None:
    """Copy a file from a host.

    Raises OpskitError (exit 3) where it cannot be had, OSError where this machine's disk is full.
    """
    try:
        async with _files(endpoint) as sftp:
            await sftp.get(remote, local)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise OpskitError(why(error, endpoint), where=endpoint.host, code=Exit.UNJUDGED) from error
    except (ValueError, asyncssh.Error) as error:
        raise OpskitError(f"{remote} could not be fetched: {error}", where=endpoint.host, code=Exit.UNJUDGED) from error


async def remove(endpoint: Endpoint, folder: str) -> bool:
    """Remove a folder of a host; whether that could be done."""
    try:
        async with _files(endpoint) as sftp:
            await sftp.rmtree(folder, ignore_errors=True)
            return not await sftp.exists(folder)
    except CONNECT_ERRORS:
        return False


@asynccontextmanager
async def _files(endpoint: Endpoint) -> AsyncIterator[asyncssh.SFTPClient]:
    async with (
        asyncio.timeout(FETCH_SECONDS),
        connect(endpoint, CONNECT_SECONDS) as connection,
        connection.start_sftp_client() as sftp,
    ):
        yield sftp


@asynccontextmanager
async def _held(endpoint: Endpoint, remote: str, first: bytes, on_line: Callable[[str], None]) -> AsyncIterator[Hand]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(connect(endpoint, CONNECT_SECONDS))
            process = await connection.create_process(remote, encoding=None)
            process.stdin.write(first)
        except CONNECT_ERRORS as error:
            raise OpskitError(why(error, endpoint), where=endpoint.host, code=Exit.UNJUDGED) from error
        # closing politely would wait for a peer that may hang
        stack.callback(connection.abort)
        hand = Hand(endpoint.host, process)
        reader = asyncio.create_task(_read(process, hand, on_line))
        try:
            yield hand
        finally:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader


async def _read(process: "asyncssh.SSHClientProcess[bytes]", hand: Hand, on_line: Callable[[str], None]) -> None:
    words, said = "", asyncio.create_task(_last_line(process.stderr))
    try:
        async for line in process.stdout:
            on_line(line.decode(errors="replace").rstrip("\n"))
        words = await said
    except CONNECT_ERRORS as error:
        words = f"the SSH connection was lost: {error or type(error).__name__}"
    finally:
        said.cancel()
        hand.ended.set_result(words)


async def _last_line(stream: "asyncssh.SSHReader[bytes]") -> str:
    """The last line that says something; all are read, since a full pipe would stop the program."""
    last = b""
    async for line in stream:
        last = line.strip() or last
    return last.decode(errors="replace")
