"""Pause whole lab hosts from outside, as a hypervisor would: no process on them runs, SSH and timers neither.

What undoes it cannot live on the host, so it lives here: a watcher, started before the pause, that lets the container
go on at the deadline, or as soon as the opskit that started it is gone.
"""

import asyncio
import contextlib
import sys

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Host
from opskit.lab import runtime
from opskit.lab.podman import LABEL, Podman
from opskit.reach.patience import to_the_end

WATCHER_SECONDS = 30.0
WATCHER = """
import select, subprocess, sys
# readable once the opskit that holds its other end has closed it or is gone
select.select([sys.stdin], [], [], float(sys.argv[1]))
subprocess.run(sys.argv[2:], capture_output=True)
"""


class LabPauser:
    """Pauses the containers that carry these hosts' addresses; refuses any host that is no container of a lab."""

    def __init__(self) -> None:
        self._podman = Podman(runtime.global_options(runtime.detect()))
        self._watchers: dict[str, asyncio.subprocess.Process] = {}

    async def pause(self, host: Host, undo_seconds: float) -> None:
        """Arm the watcher, then pause. Raises OpskitError (exit 3) where the host is no lab's or podman fails.

        A cancel waits: podman that is killed on the way leaves what is frozen and counts as running, and so cannot be
        unpaused.
        """
        await to_the_end(self._pause(host, undo_seconds))

    async def _pause(self, host: Host, undo_seconds: float) -> None:
        name = await self._container(host)
        self._watchers[host.name] = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            WATCHER,
            str(undo_seconds),
            *self._podman.words("unpause", name),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        await self._podman("pause", name)

    async def is_paused(self, host: Host) -> bool:
        state = await self._podman("inspect", "--format", "{{.State.Status}}", await self._container(host))
        return state.strip() == "paused"

    async def resume(self, host: Host) -> None:
        """Let it go on, now; nothing to do where it was not paused. The watcher does it, so that there is one way.

        Raises OpskitError (exit 3) where podman fails; it may be tried again then.
        """
        watcher = self._watchers.get(host.name)
        if watcher is None:
            return
        if watcher.stdin:
            watcher.stdin.close()
        # where it hangs, what it was to do is tried below
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(watcher.wait(), WATCHER_SECONDS)
        if await self.is_paused(host):
            await self._podman("unpause", await self._container(host))
        del self._watchers[host.name]

    async def _container(self, host: Host) -> str:
        marks = (f"--filter=label={LABEL}.address={host.endpoint.address}", f"--filter=label={LABEL}.host={host.name}")
        names = (await self._podman("ps", "--all", *marks, "--format", "{{.Names}}")).split()
        if len(names) != 1:
            raise OpskitError(
                "it is no host of an embedded lab on this machine, so it cannot be paused from outside",
                where=host.name,
                remedy="Take --fault freeze: it hangs RocketMQ's processes on any host.",
                code=Exit.USAGE,
            )
        return names[0]
