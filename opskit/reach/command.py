"""One command on one host, its output taken line by line as it comes."""

import asyncio
import shlex
from collections.abc import Callable, Mapping, Sequence

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Endpoint
from opskit.reach.connect import CONNECT_ERRORS, CONNECT_SECONDS, connect, why

KILL_SECONDS = 5


def execute(
    endpoint: Endpoint,
    command: Sequence[str],
    timeout_seconds: float,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] = lambda _: None,
) -> tuple[int, str, str]:
    """(exit status, stdout, stderr) of a command run as the SSH user.

    It bounds itself on the host (`timeout`, status 124), so that a lost connection leaves nothing behind. environment
    travels on stdin and is never on a command line. Raises OpskitError (exit 3) where the host is out of reach.
    """
    return asyncio.run(_execute(endpoint, command, timeout_seconds, environment or {}, on_line))


async def _execute(
    endpoint: Endpoint,
    command: Sequence[str],
    timeout_seconds: float,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
) -> tuple[int, str, str]:
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    bounded = f"timeout -k {KILL_SECONDS} {timeout_seconds:g} {shlex.join(command)}"
    try:
        async with connect(endpoint, CONNECT_SECONDS) as connection, connection.create_process("sh -s") as process:
            process.stdin.write(f"{exports}exec {bounded}\n")
            process.stdin.write_eof()
            lines = []
            async for line in process.stdout:
                lines.append(line)
                on_line(line.rstrip("\n"))
            stderr = await process.stderr.read()
            done = await process.wait()
    except CONNECT_ERRORS as error:
        raise OpskitError(why(error, endpoint), where=endpoint.host, code=Exit.UNJUDGED) from error
    return done.exit_status if done.exit_status is not None else -1, "".join(lines), str(stderr)
