"""The fault freeze-host: the whole host stops, from outside. In the lab only, by what `opskit.lab` gives."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Host
from opskit.reach.sweep import sweep
from opskit.verify.history import Clock, Effect, Record
from opskit.verify.victims import Victim

LOOK_SECONDS = 1.0
AWAKE_SECONDS = 30.0


class Pauser(Protocol):
    """Pauses whole hosts; the undo is armed before the pause and also comes when this process is gone."""

    async def pause(self, host: Host, undo_seconds: float) -> None: ...
    async def is_paused(self, host: Host) -> bool: ...
    async def resume(self, host: Host) -> None: ...


class PausedHosts:
    """All victims of a drill paused. What they show is what the container host sees: they cannot speak."""

    def __init__(self, victims: Sequence[Victim], pauser: Pauser, record: Callable[[Record], None]) -> None:
        self.victims = tuple(victims)
        self._pauser, self._record = pauser, record

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """As `opskit.verify.victims.Fault.held`."""
        before = await asyncio.to_thread(self._snapshots)
        for victim in self.victims:
            victim.before = before[victim.host]
            # a container's clock is this machine's own
            self._record(Clock(victim.host, victim.before["boot_id"], time.monotonic_ns(), 0, 0))
        looks = []
        try:
            for victim in self.victims:
                await self._pauser.pause(victim.target.host, victim.request["undo_seconds"])
                looks.append(asyncio.create_task(self._look(victim)))
            await asyncio.gather(*(victim.in_effect.wait() for victim in self.victims))
            yield
        finally:
            for look in looks:
                look.cancel()
            await asyncio.shield(self._resume())

    async def _look(self, victim: Victim) -> None:
        while True:
            at = time.monotonic_ns()
            shown = await self._pauser.is_paused(victim.target.host)
            self._record(Effect(victim.host, shown, "the container is paused" if shown else "it is not paused", at))
            victim.saw(shown, "the container is paused")
            await asyncio.sleep(LOOK_SECONDS)

    async def _resume(self) -> None:
        for victim in self.victims:
            try:
                await self._pauser.resume(victim.target.host)
            except OpskitError as error:
                victim.error = error.what
        after = await asyncio.to_thread(self._snapshots)
        for victim in self.victims:
            victim.after = after[victim.host]
            if not victim.error:
                victim.restored.set()

    def _snapshots(self) -> dict[str, Any]:
        requests = {victim.host: {**victim.request, "op": "snapshot"} for victim in self.victims}
        answers = sweep(requests, [victim.target.host.endpoint for victim in self.victims], AWAKE_SECONDS)
        for host, answer in answers.items():
            if answer.outcome != "ok":
                raise OpskitError(answer.error, where=host, code=Exit.UNJUDGED)
        return {host: answer.value for host, answer in answers.items()}
