"""One drill: baseline, fault, undo, thaw, account. It records what happens; nothing is judged here but the way on.

On every way out the fault is undone first: Ctrl-C, a signal, an exception, a lost connection, a used-up budget.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Cluster
from opskit.reach.dial import Dialer
from opskit.runs.folder import Run
from opskit.status.ask import ask
from opskit.status.judge import judge as judge_status
from opskit.status.result import StatusReport
from opskit.verify.history import Header, Phase, PhaseName, Record
from opskit.verify.limits import Limits
from opskit.verify.nameservers import asking
from opskit.verify.options import Options, hold_seconds, late_seconds, settle_seconds
from opskit.verify.options import limits as limits_of
from opskit.verify.probes import Probes
from opskit.verify.request import fault_request
from opskit.verify.scenario import Target, choose
from opskit.verify.undone import armed, left
from opskit.verify.victims import Fault, Victim

BASELINE_SECONDS = 90.0
"""How long the traffic has to become steady before the drill gives up."""
HEALTHY_SECONDS = 120.0
"""How long the cluster has to become healthy again after the undo."""
TICK_SECONDS = 1.0
RECENT_SECONDS = 2.0
CALM_SECONDS = 3.0
"""Beyond the stable time: what is counted comes a second late, and a failure may be three seconds old when it ends."""
IN_FLIGHT = 5
"""More messages of a client than these are not on their way, but wait for a consumer that does not get them."""
NAMESERVER_SECONDS = 3.0


@dataclass(frozen=True)
class Tick:
    """Where the drill is: for the screen. failing: paths that failed in the last two seconds."""

    phase: PhaseName
    seconds: float
    of_seconds: float
    failed: int
    attempted: int
    failing: tuple[str, ...]


@dataclass
class Recording:
    """Everything that a drill leaves to be judged. stopped: why the fault was undone before its time."""

    targets: tuple[Target, ...] = ()
    records: list[Record] = field(default_factory=list)
    victims: tuple[Victim, ...] = ()
    before: StatusReport | None = None
    after: StatusReport | None = None
    stopped: str = ""


class Drill:
    """Runs once. tell: hears where it is; say: a sentence for what takes time."""

    def __init__(
        self,
        cluster: Cluster,
        options: Options,
        run: Run,
        probes: Probes,
        fault_on: Callable[[Sequence[Victim], Callable[[Record], None]], Fault],
        tell: Callable[[Tick], None],
        say: Callable[[str], None],
    ) -> None:
        self.recording = Recording()
        self._cluster, self._options, self._run, self._probes = cluster, options, run, probes
        self._fault_on, self._tell, self._say = fault_on, tell, say
        self._entered = time.monotonic()
        self._phase: PhaseName = "baseline"

    async def go(self) -> None:
        """The whole drill. Raises OpskitError (exit 3) where nothing can be measured; nothing is injected then."""
        async with Dialer(self._cluster.dial, self._cluster.acl) as dialer:
            self._say("Starting the probes on the client hosts")
            async with self._probes.running(self._record), asking(self._cluster, self._record):
                targets = await self._victims()
                limits = limits_of(self._cluster, self._options, targets)
                await self._baseline(limits, dialer)
                await self._hang(targets, limits)
                await self._thaw(dialer, limits)
                await self._account(late_seconds(limits.thaw_seconds))

    def header(self) -> Header:
        return Header(
            self._cluster.name,
            self._run.identity,
            self._options.scenario,
            self._options.fault,
            tuple(target.host.name for target in self.recording.targets),
            round(self._probes.interval * 1e9),
            self._probes.headers,
        )

    async def _victims(self) -> tuple[Target, ...]:
        """The final choice, and every client made to sit where it will hurt."""
        options = self._options
        targets = choose(self._cluster, options.scenario, options.victims, self._probes.attached())
        self.recording.targets = targets
        for target in targets:
            for address in target.nameserver_addresses:
                self._say(f"Attaching every client to the nameserver of {target.host.name}")
                await self._probes.attach(address)
        return targets

    async def _baseline(self, limits: Limits, dialer: Dialer) -> None:
        self._enter("baseline")
        steady_since = time.monotonic()
        while time.monotonic() - steady_since < limits.baseline_seconds:
            await asyncio.sleep(TICK_SECONDS)
            tick = self._show(BASELINE_SECONDS)
            if tick.failing:
                steady_since = time.monotonic()
            self._refuse_lost()
            if tick.seconds > BASELINE_SECONDS:
                raise OpskitError(
                    f"no {limits.baseline_seconds:g} s without a failure in {BASELINE_SECONDS:g} s of traffic: "
                    + ", ".join(tick.failing or ("failures come and go",)),
                    where=self._cluster.name,
                    remedy="The baseline is too weak, so nothing was injected. Is something overloaded?",
                    code=Exit.UNJUDGED,
                )
        self.recording.before = await self._status(dialer)
        if self.recording.before.judgement != "holds":
            raise unhealthy(self.recording.before)
        seen = await self._probes.where(time.monotonic_ns())
        self._refuse_lost()
        sitting = [one for one in seen if set(one.nameservers) & set(limits.victim_nameservers)]
        if len(sitting) < limits.required_attached:
            raise OpskitError(
                f"{len(sitting)} of {limits.required_attached} clients sit on the nameserver that would hang",
                where=", ".join(limits.victim_nameservers),
                remedy="Their recovery could not be seen, so nothing was injected.",
                code=Exit.UNJUDGED,
            )
        for attached in seen:
            self._record(attached)

    async def _hang(self, targets: tuple[Target, ...], limits: Limits) -> None:
        seconds = hold_seconds(self._options, limits)
        requests = [
            fault_request(self._cluster, self._options.fault, target, self._run.identity, seconds) for target in targets
        ]
        victims = tuple(Victim(target, request) for target, request in zip(targets, requests, strict=True))
        fault, self.recording.victims = self._fault_on(victims, self._record), victims
        self._enter("inject")
        self._say(f"Arming the undo, then {self._options.fault} on {', '.join(target.host.name for target in targets)}")
        try:
            async with fault.held():
                self._enter("fault")
                await self._hold(seconds)
                self._enter("undo")
        finally:
            for sentence in left(victims) or ("Undone on every victim" if armed(victims) else "Nothing was injected",):
                self._say(sentence)

    async def _hold(self, seconds: float) -> None:
        """Until the time is over, or there is a reason to end it early."""
        before = self._failed()
        while (held := time.monotonic() - self._entered) < seconds and not self.recording.stopped:
            await asyncio.sleep(min(TICK_SECONDS, seconds - held))
            self._show(seconds)
            self.recording.stopped = self._reason_to_stop(self._failed() - before)

    def _reason_to_stop(self, failed: int) -> str:
        budget, probes = self._options.failure_budget, self._probes.each
        ended = [f"{victim.host} ended it ({victim.why})" for victim in self.recording.victims if victim.ended]
        if budget is not None and failed > budget:
            ended.append(f"{failed} operations failed, the budget is {budget}")
        if all(probe.lost for probe in probes):
            ended.append("no probe is left")
        return ", ".join(ended)

    async def _thaw(self, dialer: Dialer, limits: Limits) -> None:
        """Traffic stays on: waking up is a second fault."""
        self._enter("thaw")
        least, most = settle_seconds(self._cluster, self._options, limits)
        calm_since = self._entered
        while (gone := time.monotonic() - self._entered) < most:
            if gone > least and time.monotonic() - calm_since > limits.stable_seconds + CALM_SECONDS:
                break
            await asyncio.sleep(TICK_SECONDS)
            if self._show(most).failing or self._probes.waiting(IN_FLIGHT):
                calm_since = time.monotonic()
        while True:
            self.recording.after = await self._status(dialer)
            if self.recording.after.judgement == "holds" or time.monotonic() - self._entered > HEALTHY_SECONDS:
                return
            await asyncio.sleep(TICK_SECONDS)

    async def _account(self, most: float) -> None:
        self._enter("late")
        await self._probes.stop_sending()
        while any(probe.unaccounted for probe in self._probes.each if not probe.lost):
            if time.monotonic() - self._entered > most:
                break
            await asyncio.sleep(TICK_SECONDS)
            self._show(most)
        self._enter("end")

    async def _status(self, dialer: Dialer) -> StatusReport:
        return judge_status(self._cluster, await ask(self._cluster, NAMESERVER_SECONDS, dialer))

    def _refuse_lost(self) -> None:
        for probe in self._probes.each:
            if probe.lost:
                raise OpskitError(
                    f"the probe with the {probe.release} client is lost: {probe.why}",
                    where=probe.host,
                    remedy="Nothing was injected.",
                    code=Exit.UNJUDGED,
                )

    def _record(self, record: Record) -> None:
        self.recording.records.append(record)

    def _enter(self, phase: PhaseName) -> None:
        self._phase, self._entered = phase, time.monotonic()
        self._record(Phase(phase, time.monotonic_ns()))

    def _failed(self) -> int:
        return sum(count.failed for probe in self._probes.each for count in probe.counts.values())

    def _show(self, of_seconds: float) -> Tick:
        counts = [count for probe in self._probes.each for count in probe.counts.values()]
        tick = Tick(
            self._phase,
            time.monotonic() - self._entered,
            of_seconds,
            sum(count.failed for count in counts),
            sum(count.attempted for count in counts),
            tuple(sorted(_failing(self._probes))),
        )
        self._tell(tick)
        return tick


def unhealthy(status: StatusReport) -> OpskitError:
    """The cluster is not as it should be before a drill: nothing is injected."""
    return OpskitError(
        "the cluster is not healthy, so nothing was injected: " + "; ".join(status.ills or ["no server answers"]),
        where=status.cluster,
        remedy="Look at `opskit status`; a drill starts from a healthy cluster only.",
        code=Exit.UNJUDGED,
    )


def _failing(probes: Probes) -> set[str]:
    """Paths with a failure within the last seconds, or without a success: what hangs has not failed yet."""
    since = RECENT_SECONDS * 1e9
    return {
        path
        for probe in probes.each
        for (_, path), count in probe.counts.items()
        if not path.startswith("bootstrap")
        and (probe.now_ns - count.last_failed_ns < since or probe.now_ns - count.last_ok_ns > since)
    }
