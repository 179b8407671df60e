"""One onhost program on many hosts at once, each over one SSH connection and one round trip.

The program travels on stdin with its request and runs from memory: nothing is left on the host.
"""

import asyncio
import contextlib
import json
import shlex
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import asyncssh

from opskit.inventory.cluster import Endpoint
from opskit.reach.connect import CONNECT_ERRORS, CONNECT_SECONDS, connect, why
from opskit.reach.program import program

Outcome = Literal["ok", "unreachable", "timeout", "failed", "garbled"]

CONNECTS_AT_ONCE = 8
SLOW_SECONDS = 5.0
"""After which a host that has not answered is waited for beside the others."""
MOST_BYTES = 16 << 20
"""Of what a host may print; hundreds of JVMs need less than one."""
MOST_LETTERS = 300
"""Of what a host printed in place of an answer."""
BOOT = (
    "import json,os,sys;i=sys.stdin.buffer;n=int(i.readline());f=os.memfd_create('opskit');os.write(f,i.read(n));"
    "sys.path.insert(0,'/proc/self/fd/%d'%f);from onhost.operations import main;main()"
)


class _FloodError(Exception):
    """A host prints and prints."""


@dataclass(frozen=True)
class HostResult:
    """What one host answered; value is set where outcome is ok, error says why elsewhere.

    heard_ns: this machine's wall time when the answer came.
    """

    host: str
    outcome: Outcome
    value: Any = None
    error: str = ""
    heard_ns: int = 0


def sweep(
    requests: Mapping[str, Mapping[str, Any]], endpoints: Sequence[Endpoint], timeout_seconds: float = 30.0
) -> dict[str, HostResult]:
    """Run each host's request on it; results by host name, in the order of `endpoints`.

    requests: host name → request of `opskit.onhost.operations`; timeout_seconds bounds each host on its own.
    """
    return asyncio.run(asweep(requests, endpoints, timeout_seconds))


async def asweep(
    requests: Mapping[str, Mapping[str, Any]],
    endpoints: Sequence[Endpoint],
    timeout_seconds: float = 30.0,
    deadline_seconds: float = float("inf"),
    done: Callable[[HostResult], None] = lambda _: None,
) -> dict[str, HostResult]:
    """`sweep`, for callers with an event loop.

    deadline_seconds bounds all hosts together: who was not asked by then is out of time. done is told of each host.
    """
    gate, end = asyncio.Semaphore(CONNECTS_AT_ONCE), asyncio.get_running_loop().time() + deadline_seconds

    async def one(endpoint: Endpoint) -> HostResult:
        async with _place(gate):
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                result = HostResult(endpoint.host, "timeout", error=f"its turn did not come in {deadline_seconds:g} s")
            else:
                result = await _ask(endpoint, requests[endpoint.host], min(timeout_seconds, left))
            done(result)
            return result

    wanted = [endpoint for endpoint in endpoints if endpoint.host in requests]
    return {result.host: result for result in await asyncio.gather(*(one(endpoint) for endpoint in wanted))}


@asynccontextmanager
async def _place(gate: asyncio.Semaphore) -> AsyncIterator[None]:
    """One of few places, which a host that is slow gives to others: those that hang must not use up all of them."""
    await gate.acquire()
    given = asyncio.get_running_loop().call_later(SLOW_SECONDS, gate.release)
    try:
        yield
    finally:
        if given.when() > asyncio.get_running_loop().time():
            given.cancel()
            gate.release()


async def _ask(endpoint: Endpoint, request: Mapping[str, Any], timeout_seconds: float) -> HostResult:
    try:
        async with asyncio.timeout(timeout_seconds) as deadline, connect(endpoint, CONNECT_SECONDS) as connection:
            stdout, stderr = await _run(connection, command(endpoint), payload(request))
    except _FloodError:
        return HostResult(endpoint.host, "garbled", error=f"it printed more than {MOST_BYTES >> 20} MiB")
    except CONNECT_ERRORS as error:
        if deadline.expired():
            return HostResult(endpoint.host, "timeout", error=f"no answer within {timeout_seconds:g} s")
        return HostResult(endpoint.host, "unreachable", error=why(error, endpoint))
    return replace(_read(endpoint.host, stdout, stderr), heard_ns=time.time_ns())


async def _run(connection: asyncssh.SSHClientConnection, words: str, given: bytes) -> tuple[bytes, bytes]:
    """What a command prints when it is given this on stdin. Raises _FloodError for more than anybody wants."""
    async with connection.create_process(words, encoding=None) as process:
        # it may have ended without a look at its stdin; what it printed says why
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(given)
            process.stdin.write_eof()
        return await asyncio.gather(_bounded(process.stdout), _bounded(process.stderr))


async def _bounded(reader: asyncssh.SSHReader[bytes]) -> bytes:
    whole = bytearray()
    while part := await reader.read(1 << 16):
        whole += part
        if len(whole) > MOST_BYTES:
            raise _FloodError
    return bytes(whole)


def _read(host: str, stdout: bytes, stderr: bytes) -> HostResult:
    """The reply is the last line of stdout; anything else says why there is none."""
    try:
        match json.loads(stdout.strip().splitlines()[-1]):
            case {"error": str(error)}:
                return HostResult(host, "failed", error=error)
            case {"ok": value}:
                return HostResult(host, "ok", value=value)
    except (ValueError, LookupError, RecursionError):
        pass  # told below
    said = (stderr or stdout).decode(errors="replace").strip()
    return HostResult(host, "garbled", error=said.splitlines()[-1][:MOST_LETTERS] if said else "it answered nothing")


def command(endpoint: Endpoint) -> str:
    """The shell command that takes a payload on stdin and runs it.

    Isolated: what others installed into the host's Python, or say in its environment, is neither needed nor waited for.
    """
    sudo = "sudo -n " if endpoint.become else ""
    return f'{sudo}{shlex.quote(endpoint.python)} -I -S -c "{BOOT}"'


def payload(request: Mapping[str, Any]) -> bytes:
    """The onhost program behind its length, and, as one line, what it is asked."""
    whole = program()
    return b"%d\n%b%b\n" % (len(whole), whole, json.dumps(request).encode())
