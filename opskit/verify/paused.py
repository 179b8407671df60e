"""The fault freeze-host: the whole host stops, from outside. In the lab only, by what `opskit.lab` gives."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Host
from opskit.reach.patience import to_the_end
from opskit.reach.sweep import HostResult, sweep
from opskit.verify.history import Clock, Effect, Record
from opskit.verify.victims import Victim

LOOK_SECONDS = 1.0
EFFECT_SECONDS = 20.0
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
        before = await asyncio.to_thread(self._snapshots, self.victims)
        for victim in self.victims:
            if before[victim.host].outcome != "ok":
                raise OpskitError(before[victim.host].error, where=victim.host, code=Exit.UNJUDGED)
            victim.before = before[victim.host].value
            # a container's clock is this machine's own
            self._record(Clock(victim.host, victim.before["boot_id"], time.monotonic_ns(), 0, 0))
        looks: list[asyncio.Task[None]] = []
        try:
            for victim in self.victims:
                await self._pauser.pause(victim.target.host, victim.request["undo_seconds"])
                looks.append(asyncio.create_task(self._look(victim)))
            pairs = zip(self.victims, looks, strict=True)
            await asyncio.gather(*(self._effective(victim, look) for victim, look in pairs))
            yield
        finally:
            for look in looks:
                look.cancel()
            await to_the_end(self._resume())

    async def _look(self, victim: Victim) -> None:
        """Every second. Raises OpskitError where podman cannot tell; once it was in effect, that is not shown."""
        while True:
            at = time.monotonic_ns()
            try:
                shown = await self._pauser.is_paused(victim.target.host)
                proof = "the container is paused" if shown else "the container is not paused"
            except OpskitError as error:
                if not victim.in_effect.is_set():
                    raise
                shown, proof = False, error.what
            self._record(Effect(victim.host, shown, proof, at))
            victim.saw(shown, proof)
            await asyncio.sleep(LOOK_SECONDS)

    async def _effective(self, victim: Victim, look: asyncio.Task[None]) -> None:
        shown = asyncio.create_task(victim.in_effect.wait())
        try:
            await asyncio.wait((shown, look), timeout=EFFECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            shown.cancel()
        if look.done():
            # it ends by an error only
            look.result()
        if not victim.in_effect.is_set():
            raise OpskitError(
                f"the fault could not be brought into effect: nothing showed it within {EFFECT_SECONDS:g} s",
                where=victim.host,
                remedy="What was paused goes on again; nothing was measured.",
                code=Exit.UNJUDGED,
            )

    async def _resume(self) -> None:
        """What cannot be resumed, or says nothing afterwards, keeps no other from it: the victim's error says so."""
        await asyncio.gather(*(self._let_go(victim) for victim in self.victims))
        awake = [victim for victim in self.victims if not victim.error]
        answers = await asyncio.to_thread(self._snapshots, awake)
        for victim in awake:
            answer = answers[victim.host]
            if answer.outcome == "ok":
                victim.after = answer.value
                victim.restored.set()
            else:
                victim.error = answer.error

    async def _let_go(self, victim: Victim) -> None:
        try:
            await self._pauser.resume(victim.target.host)
        except OpskitError as error:
            victim.error = error.what
        except OSError as error:
            victim.error = str(error)

    def _snapshots(self, victims: Sequence[Victim]) -> dict[str, HostResult]:
        requests = {victim.host: {**victim.request, "op": "snapshot"} for victim in victims}
        return sweep(requests, [victim.target.host.endpoint for victim in victims], AWAKE_SECONDS)
