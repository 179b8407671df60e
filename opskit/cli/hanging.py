"""Nameservers hung for `prove --drill` by what `opskit verify` hangs them with: neither room knows the other."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Cluster, Nameserver
from opskit.reach.dial import Dialer
from opskit.status.ask import ask
from opskit.status.judge import judge
from opskit.verify.drill import NAMESERVER_SECONDS, TICK_SECONDS
from opskit.verify.request import fault_request
from opskit.verify.scenario import Target
from opskit.verify.undone import left
from opskit.verify.victims import HeldFault, Victim


class HeldNameserver:
    """A nameserver that hangs, held by a program on its host."""

    def __init__(self, victim: Victim) -> None:
        self._victim = victim

    def ended(self) -> str:
        """Why it hangs no longer; "" while it does."""
        return f"{self._victim.host} ended it ({self._victim.why})" if self._victim.ended else ""


class Freezes:
    """SIGSTOP to the nameserver's unit, the undo armed on its host before."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def ills(self, within_seconds: float) -> tuple[str, ...]:
        """Why the cluster is not healthy by then; empty as soon as it is."""
        end = time.monotonic() + within_seconds
        async with Dialer(self._cluster.dial, self._cluster.acl) as dialer:
            while True:
                status = judge(self._cluster, await ask(self._cluster, NAMESERVER_SECONDS, dialer))
                if status.judgement == "holds":
                    return ()
                if time.monotonic() >= end:
                    return status.ills or ("no server answers",)
                await asyncio.sleep(TICK_SECONDS)

    @asynccontextmanager
    async def hung(self, nameserver: Nameserver, run: str, seconds: float) -> AsyncIterator[HeldNameserver]:
        """It hangs while the body runs. Raises OpskitError: exit 3 where it cannot be hung, exit 4 where the undo is
        not confirmed.
        """
        target = Target(nameserver.host, (nameserver,))
        victim = Victim(target, fault_request(self._cluster, "freeze", target, run, seconds))
        try:
            async with HeldFault([victim], lambda _: None).held():
                yield HeldNameserver(victim)
        finally:
            if still := left([victim]):
                raise OpskitError(
                    "the undo is not confirmed: " + " ".join(still),
                    remedy="Run opskit verify restore until nothing is armed.",
                    code=Exit.UNDO_FAILED,
                )
