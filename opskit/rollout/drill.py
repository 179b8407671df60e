"""prove --drill: hang one nameserver after another under the JVMs that were proved, and watch them leave it.

How a nameserver is hung is given by the caller: `opskit.cli.hanging` takes it from the verify room.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from opskit.change.hosts import audit, locked
from opskit.change.stopping import until_stopped
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Cluster, Nameserver
from opskit.observe.model import Flow
from opskit.observe.nameservers import Names
from opskit.rollout.drill_judge import attached, consuming, hold_seconds, movement, not_tried
from opskit.rollout.drill_model import Consuming, DrillOutcome, Moved, Round
from opskit.rollout.drill_watch import JvmKey, Watch
from opskit.rollout.result import ProvenJvm, ProveResult, drilled
from opskit.runs.folder import Run, start

BASELINE_SECONDS = 7.0
"""Longer than a client may wait before it commits what it consumed (persistConsumerOffsetInterval, 5 s)."""
LEAST_GAP_SECONDS, MOST_GAP_SECONDS = 1.0, 60.0
HEALTHY_SECONDS = 120.0
"""Within which the cluster must be healthy again after a nameserver woke."""
TICK_SECONDS = 0.2
SLOW_SECONDS = 300.0
"""Beyond the hangs: looks, injections and undos on slow hosts, before the lock frees itself."""


class Hanging(Protocol):
    """A nameserver that hangs."""

    def ended(self) -> str:
        """Why it hangs no longer; "" while it does."""


class Hangs(Protocol):
    """How nameservers are hung."""

    async def ills(self, within_seconds: float) -> tuple[str, ...]:
        """Why the cluster is not healthy by then; empty as soon as it is."""

    def hung(self, nameserver: Nameserver, run: str, seconds: float) -> AbstractAsyncContextManager[Hanging]:
        """It hangs while the body runs, and never longer. Raises OpskitError: exit 3 where it cannot be hung, exit 4
        where the undo is not confirmed.
        """


def refuse(cluster: Cluster, gap_limit_seconds: float) -> None:
    """Raises OpskitError (exit 2) where no other nameserver would be left, or a gap could not be judged."""
    if not LEAST_GAP_SECONDS <= gap_limit_seconds <= MOST_GAP_SECONDS:
        raise OpskitError(
            f"must be {LEAST_GAP_SECONDS:g} to {MOST_GAP_SECONDS:g} seconds, not {gap_limit_seconds:g}",
            where="--consumer-gap",
            remedy="A client commits up to 5 s late, and no nameserver hangs for much more than a minute.",
        )
    if len(cluster.nameservers) < 2:
        raise OpskitError(
            "there is no second nameserver to which a client could go",
            where="--drill",
            remedy="A drill needs two nameservers; prove without --drill reads what is in force.",
        )


def drill(
    cluster: Cluster, proved: ProveResult, hangs: Hangs, gap_limit_seconds: float, say: Callable[[str], None]
) -> ProveResult:
    """The proof with what each JVM did while its nameserver hung, and the judgement of both.

    Raises OpskitError: exit 3 where the cluster is not healthy or a host cannot be watched, exit 4 where an undo is not
    confirmed. KeyboardInterrupt and SystemExit(143) come after the undo.
    """
    refuse(cluster, gap_limit_seconds)
    began = time.monotonic()
    if sick := asyncio.run(hangs.ills(0)):
        raise OpskitError(
            f"the cluster is not healthy, so nothing was hung: {'; '.join(sick)}",
            where=cluster.name,
            remedy="Look at `opskit status`; a drill starts from a healthy cluster only.",
            code=Exit.UNJUDGED,
        )
    run, endpoints = start(cluster.name, "prove"), [host.endpoint for host in cluster.hosts]
    rounds = _Rounds(cluster, proved.jvms, hangs, run, gap_limit_seconds, say)
    with locked(run, endpoints, len(cluster.nameservers) * (rounds.hold + HEALTHY_SECONDS) + SLOW_SECONDS):
        said = "broken off"
        try:
            until_stopped(rounds.go())
            result = drilled(
                proved, rounds.moves, rounds.outcome(), round(proved.seconds + time.monotonic() - began, 1)
            )
            said = result.judgement
        finally:
            audit(run, endpoints, said)
    run.finish(result)
    return result


class _Rounds:
    """One round for each nameserver to which JVMs are attached that were not tried yet."""

    def __init__(
        self,
        cluster: Cluster,
        jvms: Sequence[ProvenJvm],
        hangs: Hangs,
        run: Run,
        limit: float,
        say: Callable[[str], None],
    ) -> None:
        self.hold = hold_seconds(cluster)
        self.moves: dict[JvmKey, Moved] = {}
        self._cluster, self._hangs, self._run, self._limit, self._say = cluster, hangs, run, limit, say
        self._jvms = {(one.process.host, one.jvm.pid): one for one in jvms}
        self._names = Names(cluster)
        self._watch = Watch(cluster, jvms)
        self._rounds: list[Round] = []
        self._sick: tuple[str, ...] = ()

    def outcome(self) -> DrillOutcome:
        return DrillOutcome(
            run=self._run.identity,
            hold_seconds=self.hold,
            gap_limit_seconds=self._limit,
            rounds=tuple(self._rounds),
            unasked=self._watch.unasked,
            sick=self._sick,
        )

    async def go(self) -> None:
        async with self._watch.on():
            await asyncio.sleep(BASELINE_SECONDS)
            hung: set[str] = set()
            while not self._sick and (found := self._next(hung)):
                victim, tried = found
                hung.add(victim.host.name)
                await self._round(victim, tried)
                self._say("Waiting until the cluster is healthy again")
                self._sick = await self._hangs.ills(HEALTHY_SECONDS)
        for key in self._jvms.keys() - self.moves.keys():
            self.moves[key] = not_tried(self._watch.untold.get(key) or self._why_not(key))

    def _why_not(self, key: JvmKey) -> str:
        if self._watch.is_gone(key):
            return "it ended"
        if self._sick:
            return "the cluster was not healthy after the nameserver before"
        return "it had no connection to a nameserver of this cluster"

    def _next(self, hung: set[str]) -> tuple[Nameserver, list[JvmKey]] | None:
        """The nameserver with most JVMs that were not tried yet, and those."""
        sitting: dict[str, list[JvmKey]] = {}
        for key in self._jvms.keys() - self.moves.keys():
            flows = attached(self._jvms[key].jvm, self._watch.now(key))
            for name in {self._names.of(key[0], flow.peer) for flow in flows} - {None}:
                sitting.setdefault(str(name), []).append(key)
        victims = [one for one in self._cluster.nameservers if one.host.name in sitting.keys() - hung]
        if not victims:
            return None
        victim = max(victims, key=lambda one: len(sitting[one.host.name]))
        return victim, sitting[victim.host.name]

    async def _round(self, victim: Nameserver, tried: Sequence[JvmKey]) -> None:
        name, loop = victim.host.name, asyncio.get_running_loop()
        count = f"{len(tried)} JVM{' is' if len(tried) == 1 else 's are'}"
        self._say(f"Hanging the nameserver of {name} for {self.hold:.0f} s at most; {count} attached to it")
        async with self._hangs.hung(victim, self._run.identity, self.hold) as hanging:
            began = loop.time()
            stopped = await self._until_judged(name, tried, began, hanging)
            ended = loop.time()
        self._say(f"Undone on {name} after {ended - began:.0f} s")
        self.moves |= {key: self._moved(key, name, began, ended) for key in tried}
        consumers = self._consumers(began, ended)
        self._rounds.append(
            Round(
                nameserver=name, seconds=round(ended - began, 1), tried=len(tried), consumers=consumers, stopped=stopped
            )
        )

    async def _until_judged(self, name: str, tried: Sequence[JvmKey], began: float, hanging: Hanging) -> str:
        """Until the time is over, or nobody is left and a gap of consumers would have shown; why it ended early."""
        loop, calm_since, waiting = asyncio.get_running_loop(), None, list(tried)
        while (now := loop.time()) < began + self.hold:
            if why := hanging.ended():
                return why
            waiting = [key for key in waiting if not self._is_over(key, name, began, now)]
            if calm_since is None and not waiting:
                calm_since = now
            rest = self._limit + TICK_SECONDS if self._watch.groups else 0.0
            if calm_since is not None and now >= calm_since + rest:
                return ""
            await asyncio.sleep(TICK_SECONDS)
        return ""

    def _is_over(self, key: JvmKey, name: str, began: float, now: float) -> bool:
        """Whether there is nothing more to wait for."""
        return self._watch.is_gone(key) or self._moved(key, name, began, now).verdict == "moved"

    def _moved(self, key: JvmKey, name: str, began: float, ended: float) -> Moved:
        def is_victim(flow: Flow) -> bool:
            return self._names.of(key[0], flow.peer) == name

        return movement(self._jvms[key].jvm, self._watch.looks[key], is_victim, began, ended, name)

    def _consumers(self, began: float, ended: float) -> tuple[Consuming, ...]:
        return tuple(
            consuming(group, broker, self._watch.groups[group], looks, began, ended, self._limit)
            for (group, broker), looks in sorted(self._watch.offsets.items())
        )
