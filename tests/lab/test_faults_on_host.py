"""Faults on real systemd hosts, over real SSH: each is proved, and each is undone however the drill ends.

The victim is a small server of two processes that systemd restarts at once. The tests share one lab, and nothing is
deployed to it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Lab, lab

from opskit.inventory.cluster import Cluster, Endpoint
from opskit.onhost import faults
from opskit.plan.judge import accept
from opskit.reach.hands import Hand, hold_program
from opskit.reach.sweep import HostResult, sweep
from opskit.verify.restored import differences

INVENTORY = Path(__file__).parent / "inventories" / "small"
VICTIMS = {"freeze": "ns1", "blackhole": "broker-a", "kill": "broker-a-s"}
UNIT, PORT = "victim.service", 9999
SERVER = f"""
import os, socketserver
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
server = Server(("", {PORT}), Echo)
if os.fork():
    os.wait()
else:
    server.serve_forever()
"""
SERVICE = "[Service]\nExecStart=/usr/bin/python3 /root/victim.py\nRestart=always\nRestartSec=100ms\n"
UNDO_SECONDS, QUIET_SECONDS = 8, 2
PROMPT_SECONDS = 20
"""On a machine with much else to do; a timer of systemd's ordinary accuracy would be up to a minute late."""
HOLDER = "pgrep -f '^/usr/bin/python3 -I -S -c import json'"
ESTABLISHED = f"ss -Htn state established sport = :{PORT} | sed 's/$/ /'"
Figure = Callable[[str], None]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(str(INVENTORY), tmp_path_factory.mktemp("state")) as running:
        for host in VICTIMS.values():
            running.on(host, f"cat > /root/victim.py <<'END'\n{SERVER}END\n")
            running.on(host, f"cat > /etc/systemd/system/{UNIT} <<'END'\n{SERVICE}END\nsystemctl start {UNIT}")
        yield running


@pytest.fixture(scope="module")
def declared(cluster: Lab) -> Cluster:
    found, _ = accept((cluster.inventory, cluster.state / "labs" / cluster.name / "inventory.yml"))
    return found


class Drill:
    """One fault held on one host; it beats until it is told not to. events: what the host said, as it was heard."""

    def __init__(self, cluster: Lab, endpoint: Endpoint, kind: str) -> None:
        self.cluster, self.endpoint, self.kind, self.host = cluster, endpoint, kind, endpoint.host
        self.events: list[dict[str, Any]] = []
        self.beating = True
        self.request: dict[str, Any] = {
            "op": "fault",
            "id": f"{kind}-{time.monotonic_ns()}",
            "subject": self.host,
            "kind": kind,
            "units": [UNIT],
            "serves": [PORT],
            "dials": [],
            "ssh_port": endpoint.port,
            "undo_seconds": 60,
            "quiet_seconds": 60,
        }

    def hear(self, line: str) -> None:
        self.events.append({**json.loads(line), "heard": time.monotonic()})

    def said(self, event: str) -> list[dict[str, Any]]:
        return [found for found in self.events if found.get("event") == event]

    def errors(self) -> list[str]:
        return [found["error"] for found in self.events if "error" in found]

    def shown(self) -> list[dict[str, Any]]:
        return [found for found in self.said("effect") if found["shown"]]

    def story(self) -> str:
        """What the host said, without its beats."""
        told = [str(found) for found in self.events if found.get("event") != "beat"]
        return "\n".join([self.kind, *told])

    async def beat(self, hand: Hand) -> None:
        while True:
            if self.beating:
                hand.say("beat")
            await asyncio.sleep(0.3)

    async def on(self, script: str) -> str:
        return await asyncio.to_thread(self.cluster.on, self.host, script)

    async def ask(self, **request: Any) -> HostResult:
        return (await asyncio.to_thread(sweep, {self.host: request}, [self.endpoint]))[self.host]

    async def serves(self) -> bool:
        """Whether a new connection is answered; each is also a packet for a blackhole to drop."""
        try:
            async with asyncio.timeout(0.3), connected(self) as (reader, writer):
                writer.write(b"anybody?\n")
                return await reader.readline() != b""
        except OSError:
            return False

    async def broken(self) -> bool:
        """It does not serve, and the host has shown why."""
        return not await self.serves() and bool(self.shown())

    async def restored(self) -> None:
        """The host is what it was, and no timer is left."""
        after = await self.ask(op="snapshot", units=[UNIT])
        assert differences(self.said("hello")[0]["snapshot"], after.value, self.kind) == ()
        assert await self.on("systemctl list-units --all --no-legend 'opskit-undo-*'") == ""


@asynccontextmanager
async def connected(drill: Drill) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(drill.endpoint.address, PORT)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


@asynccontextmanager
async def held(drill: Drill) -> AsyncIterator[Hand]:
    async with hold_program(drill.endpoint, drill.request, drill.hear) as hand:
        beats = asyncio.create_task(drill.beat(hand))
        try:
            yield hand
        finally:
            beats.cancel()


async def eventually(seconds: float, condition: Callable[[], Any], drill: Drill) -> float:
    """Seconds until it holds; a coroutine's result counts, too."""
    began = time.monotonic()
    while True:
        found = condition()
        if await found if isinstance(found, Awaitable) else found:
            return time.monotonic() - began
        assert time.monotonic() - began < seconds, drill.story()
        await asyncio.sleep(0.05)


async def undo(drill: Drill, hand: Hand, connection: AsyncExitStack) -> float:
    hand.say("undo")
    return time.monotonic()


async def cut(drill: Drill, hand: Hand, connection: AsyncExitStack) -> float:
    await connection.aclose()
    return time.monotonic()


async def silence(drill: Drill, hand: Hand, connection: AsyncExitStack) -> float:
    drill.beating = False
    return time.monotonic() + QUIET_SECONDS


async def terminate(drill: Drill, hand: Hand, connection: AsyncExitStack) -> float:
    await drill.on(f"kill -TERM $({HOLDER})")
    return time.monotonic()


async def kill_9(drill: Drill, hand: Hand, connection: AsyncExitStack) -> float:
    await drill.on(f"kill -KILL $({HOLDER})")
    return float(drill.said("armed")[0]["heard"]) + UNDO_SECONDS


async def elsewhere(drill: Drill, hand: Hand, connection: AsyncExitStack) -> float:
    assert (await drill.ask(op="undo-all")).outcome == "ok"
    return time.monotonic()


ENDS: dict[Any, tuple[str, dict[str, int]]] = {
    undo: ("undo", {}),
    cut: ("", {}),
    silence: ("silence", {"quiet_seconds": QUIET_SECONDS}),
    terminate: ("signal", {}),
    kill_9: ("", {"undo_seconds": UNDO_SECONDS}),
    elsewhere: ("elsewhere", {}),
}
"""End, which returns when the undo is due → why the host says that it undid, where it can; what the drill asks for."""


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_every_fault_is_in_effect_and_undone_whatever_ends_it(
    end: Any, cluster: Lab, declared: Cluster, figure: Figure
) -> None:
    drills = each(cluster, declared)
    seconds = await asyncio.gather(*(through(drill, end) for drill in drills))
    took = ", ".join(f"{drill.kind} {late:.1f} s" for drill, late in zip(drills, seconds, strict=True))
    figure(f"{end.__name__}: serves again after {took}")


def each(cluster: Lab, declared: Cluster) -> list[Drill]:
    """A drill of each kind, on a host of its own."""
    endpoints = {host.name: host.endpoint for host in declared.hosts}
    return [Drill(cluster, endpoints[host], kind) for kind, host in VICTIMS.items()]


async def through(drill: Drill, end: Any) -> float:
    """Hold a fault, end it, see that the host is what it was; seconds from when the undo was due until it serves."""
    why, asked = ENDS[end]
    drill.request |= asked
    async with AsyncExitStack() as connection, connected(drill) as (reader, writer):
        hand = await connection.enter_async_context(held(drill))
        await eventually(PROMPT_SECONDS, drill.broken, drill)
        established = f":{writer.get_extra_info('sockname')[1]} " in await drill.on(ESTABLISHED)
        assert established == (drill.kind != "kill")
        writer.write(b"still there?\n")
        await asyncio.sleep(1.2)
        assert drill.said("beat")
        assert all(effect["shown"] for effect in drill.said("effect")[-2:]), drill.story()
        due = await end(drill, hand, connection)
        await eventually(UNDO_SECONDS + PROMPT_SECONDS, drill.serves, drill)
        late = time.monotonic() - due
        if why:
            await eventually(PROMPT_SECONDS, lambda: drill.said("undone"), drill)
            assert drill.said("undone")[0]["why"] == why
        assert drill.errors() == []
        if drill.kind != "kill":
            async with asyncio.timeout(20):  # TCP doubles its pause from try to try
                assert await reader.readline() == b"still there?\n"
    await drill.restored()
    assert late < PROMPT_SECONDS
    return late


async def test_the_commands_of_a_dry_run_do_what_a_drill_does_when_they_are_typed(
    cluster: Lab, declared: Cluster
) -> None:
    async def typed(drill: Drill) -> None:
        before = await drill.ask(op="snapshot", units=[UNIT])
        commands = faults.commands({**drill.request, "undo_seconds": UNDO_SECONDS})
        for lines, undo in ((commands["inject"], commands["undo"]), (commands["arm"] + commands["inject"], ["true"])):
            await drill.on("\n".join(("set -e", *lines)))
            assert not await drill.serves()
            await drill.on("\n".join(("set -e", *undo)))
            await eventually(UNDO_SECONDS + PROMPT_SECONDS, drill.serves, drill)
        after = await drill.ask(op="snapshot", units=[UNIT])
        assert differences(before.value, after.value, drill.kind) == ()

    await asyncio.gather(*map(typed, each(cluster, declared)))


async def test_a_second_fault_on_a_host_is_refused(cluster: Lab, declared: Cluster) -> None:
    first, second = each(cluster, declared)[0], each(cluster, declared)[0]
    async with held(first) as hand:
        await eventually(PROMPT_SECONDS, first.shown, first)
        async with held(second) as other:
            await other.ended
        assert second.errors() == [
            f"the freeze of {first.request['id']} is armed on this host: wait until it is over, or undo it"
        ]
        assert first.said("undone") == []
        hand.say("undo")
        await hand.ended
    await first.restored()


@pytest.mark.parametrize(
    ("kind", "before", "after", "sentence"),
    [
        ("freeze", f"systemctl kill --kill-who=main --signal=SIGSTOP {UNIT}", f"systemctl kill --signal=SIGCONT {UNIT}",
         "is stopped already"),
        ("blackhole", "mv /usr/sbin/nft /usr/sbin/nft.away", "mv /usr/sbin/nft.away /usr/sbin/nft",
         "nft is not installed here, and a blackhole needs it: install nftables"),
    ],
    ids=["a process stopped by somebody else", "no nft"],
)  # fmt: skip
async def test_what_cannot_be_done_is_refused_before_anything_is_touched(
    kind: str, before: str, after: str, sentence: str, cluster: Lab, declared: Cluster
) -> None:
    drill = next(drill for drill in each(cluster, declared) if drill.kind == kind)
    await drill.on(before)
    try:
        async with held(drill) as hand:
            await hand.ended
        (error,) = drill.errors()
        assert sentence in error
        assert drill.said("hello") == []
        assert (await drill.ask(op="snapshot", units=[UNIT])).value["armed"] == []
    finally:
        await drill.on(after)
