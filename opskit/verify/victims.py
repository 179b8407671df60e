"""The controller's side of a fault: a program held on each victim arms the undo, injects, proves, and undoes.

It undoes at once by itself when this side falls silent; the timer that it armed on the victim is the net below that.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from opskit.errors import Exit, OpskitError
from opskit.reach.hands import Hand, hold_program
from opskit.reach.patience import to_the_end
from opskit.reach.sweep import sweep
from opskit.verify.clocks import Clocks
from opskit.verify.history import Effect, Record
from opskit.verify.scenario import Target

BEAT_SECONDS = 1.0
EFFECT_SECONDS = 20.0
"""Within which the fault must be in effect; a blackhole shows only once a packet came."""
UNDO_SECONDS = 120.0
"""A killed broker may take a minute and more to start again; a connection that dies is noticed long before."""


class Victim:
    """One victim while the drill goes on.

    before, after: its snapshots. restored: it said that the undo is done, and why it was.
    """

    def __init__(self, target: Target, request: Mapping[str, Any]) -> None:
        self.target, self.request = target, request
        self.before: Mapping[str, Any] = {}
        self.after: Mapping[str, Any] = {}
        self.proof, self.shown, self.missed = "", 0, 0
        self.in_effect, self.restored = asyncio.Event(), asyncio.Event()
        self.error = ""
        self.by_hand: tuple[str, ...] = ()
        self.boot_id = ""
        self.why = "its program is gone"
        self.hand: Hand | None = None

    @property
    def host(self) -> str:
        return self.target.host.name

    def saw(self, shown: bool, proof: str) -> None:
        """One look at whether the fault is in effect."""
        if shown:
            self.shown, self.proof = self.shown + 1, proof
            self.in_effect.set()
        elif self.in_effect.is_set():
            self.missed += 1

    @property
    def ended(self) -> bool:
        """Its program is gone: it undid the fault, or the timer will."""
        return self.hand is not None and self.hand.ended.done()


class Fault(Protocol):
    """A fault on all victims of a drill."""

    @property
    def victims(self) -> Sequence[Victim]: ...

    def held(self) -> AbstractAsyncContextManager[None]:
        """The fault is in effect on every victim while the body runs, and undone on every way out.

        Raises OpskitError (exit 3) where it cannot be brought into effect everywhere; what was is undone.
        """


class HeldFault:
    """The fault of programs held on the victims. record: takes what they show of it."""

    def __init__(self, victims: Sequence[Victim], record: Callable[[Record], None]) -> None:
        self.victims = tuple(victims)
        self._record, self._clocks = record, Clocks(record)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """As `Fault.held`."""
        async with AsyncExitStack() as stack:
            try:
                for victim in self.victims:
                    listen = self._listener(victim)
                    held = hold_program(victim.target.host.endpoint, victim.request, listen)
                    victim.hand = await stack.enter_async_context(held)
                    stack.callback(asyncio.create_task(self._beat(victim, victim.hand)).cancel)
                await asyncio.gather(*(self._effective(victim, victim.hand) for victim in self.victims if victim.hand))
                yield
            finally:
                await to_the_end(self._undo_all())

    async def _undo_all(self) -> None:
        """On every victim, whatever becomes of the others."""
        injected = ((victim, victim.hand) for victim in self.victims if victim.hand)
        ends = await asyncio.gather(*(self._undo(victim, hand) for victim, hand in injected), return_exceptions=True)
        for error in ends:
            if error:
                raise error

    def _listener(self, victim: Victim) -> Callable[[str], None]:
        def listen(line: str) -> None:
            try:
                event = json.loads(line)
            except ValueError:
                victim.error = line
                return
            match event.get("event", "reply"):
                case "hello":
                    victim.boot_id, victim.before = event["boot_id"], event["snapshot"]
                case "beat":
                    self._clocks.heard(victim.host, victim.host, victim.boot_id, event["mono_ns"])
                case "armed":
                    victim.by_hand = tuple(event["by_hand"])
                case "effect":
                    self._show(victim, event)
                case "undone":
                    victim.after, victim.why = event["snapshot"], event["why"]
                    victim.restored.set()
                case "undo-failed":
                    victim.error = event["error"]
                case "reply":
                    victim.error = event.get("error", victim.error)

        return listen

    def _show(self, victim: Victim, event: Mapping[str, Any]) -> None:
        self._record(Effect(victim.host, event["shown"], event["proof"], event["mono_ns"]))
        victim.saw(event["shown"], event["proof"])

    async def _beat(self, victim: Victim, hand: Hand) -> None:
        while True:
            self._clocks.asking(victim.host)
            hand.say("beat")
            await asyncio.sleep(BEAT_SECONDS)

    async def _effective(self, victim: Victim, hand: Hand) -> None:
        shown = asyncio.create_task(victim.in_effect.wait())
        await asyncio.wait((shown, hand.ended), timeout=EFFECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not shown.done():
            shown.cancel()
            words = hand.ended.result() if hand.ended.done() else f"nothing showed it within {EFFECT_SECONDS:g} s"
            raise OpskitError(
                f"the fault could not be brought into effect: {victim.error or words}",
                where=victim.host,
                remedy="Nothing was measured.",
                code=Exit.UNJUDGED,
            )

    async def _undo(self, victim: Victim, hand: Hand) -> None:
        """Ask the held program; where it is gone or silent, a new connection."""
        hand.say("undo")
        done = asyncio.create_task(victim.restored.wait())
        await asyncio.wait((done, hand.ended), timeout=UNDO_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        done.cancel()
        if not victim.restored.is_set():
            await asyncio.to_thread(self._undo_afresh, victim)

    def _undo_afresh(self, victim: Victim) -> None:
        """Through a connection of its own; the record on the victim is what is undone, so twice is once."""
        endpoint = victim.target.host.endpoint
        for request in ({"op": "undo-all", "patience": UNDO_SECONDS}, {**victim.request, "op": "snapshot"}):
            answer = sweep({victim.host: request}, [endpoint], UNDO_SECONDS * 2)[victim.host]
            if answer.outcome != "ok":
                victim.error = victim.error or answer.error
                return
        victim.after = answer.value
        victim.restored.set()
