"""Looks while a drill goes on: at the JVMs' connections, by a program held on each client host, and at how far consumer
groups are, by asking every master.
"""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Broker, Cluster
from opskit.observe.brokers import RETRY
from opskit.observe.model import Flow
from opskit.reach.dial import Dialer
from opskit.reach.hands import Hand, hold_program
from opskit.rocketmq import admin
from opskit.rollout.drill_judge import Look, Offsets
from opskit.rollout.result import ProvenJvm

EVERY_SECONDS = 1.0
QUIET_SECONDS = 10
"""A host stops looking after so long without a word from here."""
FIRST_SECONDS = 30.0
"""Within which each host must have looked once."""
ANSWER_SECONDS = 5.0

JvmKey = tuple[str, int]
"""Host and pid."""
GroupKey = tuple[str, str]
"""Consumer group and name of the broker."""


class Watch:
    """What was seen so far. held: connections of each JVM to brokers, as "ip:port" of its own end, when it began.

    untold: why the connections of a JVM could not be seen. unasked: brokers that did not tell who consumes, and why.
    """

    def __init__(self, cluster: Cluster, wanted: Sequence[ProvenJvm]) -> None:
        self.looks: defaultdict[JvmKey, list[Look]] = defaultdict(list)
        self.offsets: defaultdict[GroupKey, list[Offsets]] = defaultdict(list)
        self.held: dict[JvmKey, frozenset[str]] = {}
        self.untold: dict[JvmKey, str] = {}
        self.groups: dict[str, tuple[str, ...]] = {}
        self.unasked: tuple[str, ...] = ()
        self._cluster, self._wanted = cluster, wanted
        self._masters = [broker for broker in cluster.brokers if broker.is_master]
        self._errors: dict[str, str] = {}
        self._hands: dict[str, Hand] = {}

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        """It looks while the body runs. Raises OpskitError (exit 3) where a host cannot be looked at."""
        async with AsyncExitStack() as stack:
            dialer = await stack.enter_async_context(Dialer(self._cluster.dial, self._cluster.acl))
            for host, members in _by_host(self._wanted).items():
                endpoint = next(one.host.endpoint for one in self._cluster.clients if one.host.name == host)
                request = {
                    "op": "watch-flows",
                    "jvms": [{"pid": one.jvm.pid, "start_ticks": one.jvm.start_ticks} for one in members],
                    "nameservers": sorted({one.port for one in self._cluster.nameservers}),
                    "brokers": sorted({port for one in self._cluster.brokers for port in (one.port, one.port - 2)}),
                    "quiet_seconds": QUIET_SECONDS,
                }
                hand = await stack.enter_async_context(hold_program(endpoint, request, self._listener(host)))
                self._hands[host] = hand
                await stack.enter_async_context(_going(_beat(hand)))
            await self._first_looks()
            await self._who_consumes(dialer)
            await stack.enter_async_context(_going(self._keep_asking(dialer)))
            yield

    def is_gone(self, key: JvmKey) -> bool:
        """Whether the process had ended at the last look."""
        looks = self.looks.get(key, [])
        return any(look.flows is None for look in looks[-1:])

    def now(self, key: JvmKey) -> tuple[Flow, ...]:
        """Its connections to nameservers at the last look; none where it is gone."""
        looks = self.looks.get(key)
        return (looks[-1].flows or ()) if looks else ()

    def _listener(self, host: str) -> "_Listener":
        return _Listener(self, host, self._errors)

    async def _first_looks(self) -> None:
        hosts = _by_host(self._wanted)
        keys = {(one.process.host, one.jvm.pid) for one in self._wanted}
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                while keys - self.looks.keys() - self.untold.keys():
                    for host, hand in self._hands.items():
                        if hand.ended.done() or host in self._errors:
                            why = self._errors.get(host) or hand.ended.result() or "its program ended"
                            raise OpskitError(f"the JVMs cannot be watched: {why}", where=host, code=Exit.UNJUDGED)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise OpskitError(
                f"the JVMs could not be watched within {FIRST_SECONDS:g} s",
                where=", ".join(sorted(hosts)),
                code=Exit.UNJUDGED,
            ) from None

    async def _who_consumes(self, dialer: Dialer) -> None:
        """Groups of these JVMs: as their agents report, and as brokers see who is connected."""
        owners: defaultdict[str, set[str]] = defaultdict(set)
        for one in self._wanted:
            for instance in one.proof.report.instances if one.proof.report else ():
                for group in instance.consumers:
                    owners[group].add(one.service)
        services = {
            local: one.service
            for one in self._wanted
            for local in self.held.get((one.process.host, one.jvm.pid), frozenset())
        }
        unasked = []
        for broker in self._masters:
            members, why = await _members(dialer, broker)
            unasked += [f"{broker.broker_name}: {why}"] if why else []
            for group, addresses in members.items():
                owners[group] |= {services[address] for address in addresses if address in services}
        self.groups = {group: tuple(sorted(found)) for group, found in sorted(owners.items()) if found}
        self.unasked = tuple(unasked)

    async def _keep_asking(self, dialer: Dialer) -> None:
        while self.groups:
            await asyncio.gather(*(self._ask(dialer, broker) for broker in self._masters), asyncio.sleep(EVERY_SECONDS))

    async def _ask(self, dialer: Dialer, broker: Broker) -> None:
        async with dialer.line(broker.host, broker.port, ANSWER_SECONDS) as line:
            replies = await asyncio.gather(*(line.ask(admin.consume_stats(group)) for group in self.groups))
        at = asyncio.get_running_loop().time()
        for group, reply in zip(self.groups, replies, strict=True):
            if reply.value and reply.value.offset_table:
                seen = Offsets(at, reply.value.stored, reply.value.consumed)
                self.offsets[group, broker.broker_name].append(seen)


class _Listener:
    """Takes the lines of one host's program."""

    def __init__(self, watch: Watch, host: str, errors: dict[str, str]) -> None:
        self._watch, self._host, self._errors = watch, host, errors

    def __call__(self, line: str) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            self._errors[self._host] = line
            return
        if "error" in told:
            self._errors[self._host] = told["error"]
        at = asyncio.get_running_loop().time()
        for one in told.get("jvms", ()):
            key = (self._host, int(one["pid"]))
            flows = None if one["flows"] is None else tuple(Flow.model_validate(flow) for flow in one["flows"])
            if told["event"] == "held":
                self._watch.held[key] = frozenset(flow.local for flow in flows or ())
            elif one["why"]:
                self._watch.untold[key] = one["why"]
            else:
                self._watch.looks[key].append(Look(at, flows))


async def _members(dialer: Dialer, broker: Broker) -> tuple[dict[str, set[str]], str]:
    """Consumer group → "ip:port" of its clients on this broker, and why not all is known."""
    async with dialer.line(broker.host, broker.port, ANSWER_SECONDS) as line:
        topics = await line.ask(admin.topic_table())
        names = topics.value.topic_config_table if topics.value else {}
        groups = [name.removeprefix(RETRY) for name in names if name.startswith(RETRY)]
        replies = await asyncio.gather(*(line.ask(admin.consumer_connections(group)) for group in groups))
    why = topics.detail or next((reply.detail for reply in replies if reply.outcome != "answered"), "")
    return {
        group: {one.client_addr.lstrip("/") for one in reply.value.connection_set}
        for group, reply in zip(groups, replies, strict=True)
        if reply.value
    }, why


async def _beat(hand: Hand) -> None:
    while True:
        hand.say("beat")
        await asyncio.sleep(EVERY_SECONDS)


@asynccontextmanager
async def _going(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """It goes on beside the body; an error of its own is raised at the end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _by_host(wanted: Sequence[ProvenJvm]) -> Mapping[str, list[ProvenJvm]]:
    found: dict[str, list[ProvenJvm]] = {}
    for one in wanted:
        found.setdefault(one.process.host, []).append(one)
    return found
