"""The application-level question to each nameserver, asked from the controller while the drill goes on."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from opskit.inventory.cluster import Cluster, Nameserver
from opskit.reach.dial import Dialer
from opskit.rocketmq import admin
from opskit.verify.history import Op

CLIENT = "controller"
EVERY_SECONDS = 1.0
DEADLINE_SECONDS = 3.0


@asynccontextmanager
async def asking(cluster: Cluster, record: Callable[[Op], None]) -> AsyncIterator[None]:
    """Ask each nameserver for a route every second, over the network as clients do, never through SSH.

    One that does not answer this machine at the start, behind a firewall for instance, is not asked at all.
    """

    async def error_of(nameserver: Nameserver) -> str:
        async with direct.line(nameserver.host, nameserver.port, DEADLINE_SECONDS) as line:
            reply = await line.ask(admin.route(cluster.name))
        return "" if reply.outcome == "answered" else f"{reply.outcome}: {reply.detail}"

    async def ask(nameserver: Nameserver, sequence: int) -> None:
        path, start, wall = f"nameserver@{nameserver.host.name}", time.monotonic_ns(), time.time_ns()
        error = await error_of(nameserver)
        end = time.monotonic_ns()
        record(Op(CLIENT, path, sequence, start, end, wall, "fail" if error else "ok", error))

    async def keep_asking(nameserver: Nameserver) -> None:
        async with asyncio.TaskGroup() as group:
            for sequence in itertools.count():
                group.create_task(ask(nameserver, sequence))
                await asyncio.sleep(EVERY_SECONDS)

    async with Dialer("direct", cluster.acl) as direct:
        errors = await asyncio.gather(*map(error_of, cluster.nameservers))
        reached = [one for one, error in zip(cluster.nameservers, errors, strict=True) if not error]
        tasks = [asyncio.create_task(keep_asking(nameserver)) for nameserver in reached]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
