"""The probes: one JVM of the official client for each release on each client host, held open while the drill goes on.

Each writes its history on its own host, so that a cut connection loses nothing; what it says meanwhile is counts.
"""

import asyncio
import gzip
import json
import secrets
import shlex
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from opskit.artifacts.bundles import Bundle
from opskit.artifacts.probe import drill_heap_mb, probe_command
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Client, Cluster
from opskit.reach.hands import Hand, fetch, hold_command, remove
from opskit.render.layout import CLIENT_RELEASES
from opskit.verify.clocks import Clocks
from opskit.verify.history import FOREVER, Attached, ClientHeader, Gap, Op, Record, record_of
from opskit.verify.options import WINDOWED
from opskit.verify.plan import DrillPlan

TOPIC = "opskit-drill"
"""opskit's own topic; it stays, so that a second drill creates nothing."""
QUEUES = 4
READY_SECONDS = 90.0
ATTACH_SECONDS = 60.0
QUIET_SECONDS = 40.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class PathCount:
    """Operations of one path of one client so far. last_…_ns: on the host's clock, 0 where there is none."""

    attempted: int
    failed: int
    last_ok_ns: int
    last_failed_ns: int


@dataclass
class Probe:
    """One JVM on one client host, and what it said last.

    lost: whether its connection or itself is gone, why. cut: it was lost before the drill was over.
    """

    client: Client
    release: str
    folder: str
    headers: tuple[ClientHeader, ...] = ()
    nameservers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    counts: dict[tuple[str, str], PathCount] = field(default_factory=dict)
    now_ns: int = 0
    unaccounted: int = 0
    error: str = ""
    boot_id: str = ""
    hand: Hand | None = None
    cut: bool = False
    said: dict[str, asyncio.Event] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return self.client.host.name

    @property
    def name(self) -> str:
        return f"{self.host}/{self.release}"

    @property
    def history(self) -> str:
        return f"{self.folder}/history.jsonl.gz"

    @property
    def lost(self) -> bool:
        return bool(self.error) or (self.hand is not None and self.hand.ended.done())

    @property
    def why(self) -> str:
        words = self.hand.ended.result() if self.hand and self.hand.ended.done() else ""
        return self.error or words or "it said nothing of it"


class Probes:
    """All probes of a drill."""

    def __init__(
        self, cluster: Cluster, clients: int, bundles: Mapping[str, Bundle], plan: DrillPlan, seconds: float
    ) -> None:
        """clients: of each layout in each JVM. seconds: the longest that the drill can take; a probe that nobody stops
        ends by itself then.
        """
        self.interval, self._traffic = plan.interval_seconds, plan.traffic
        run = secrets.token_hex(4)
        self.each = tuple(
            Probe(client, release, f"/var/tmp/opskit-drill-{run}-{release}")  # noqa: S108 - made anew, mode 0700
            for client in cluster.clients
            for release in client.releases
        )
        self._cluster, self._clients, self._bundles, self._seconds = cluster, clients, bundles, seconds
        self._route_interval, self._fresh_interval = plan.route_interval_seconds, plan.fresh_interval_seconds

    @asynccontextmanager
    async def running(self, record: Callable[[Record], None]) -> AsyncIterator[None]:
        """Start all and wait until every path of every client had its first success; stopped on every way out.

        Raises OpskitError (exit 3) where one does not get so far.
        """
        clocks = Clocks(record)
        async with AsyncExitStack() as stack:
            for probe in self.each:
                command = self._command(probe)
                listen = self._listener(probe, clocks)
                held = hold_command(probe.client.host.endpoint, command, self._seconds, self._keys(), listen)
                probe.hand = await stack.enter_async_context(held)
            started = ((probe, probe.hand) for probe in self.each if probe.hand)
            await asyncio.gather(*(self._until(probe, hand, "ready", READY_SECONDS) for probe, hand in started))
            asking = asyncio.create_task(self._ask_clocks(clocks))
            try:
                yield
            finally:
                asking.cancel()
                for probe in self.each:
                    probe.cut = probe.lost
                # also where the drill broke off: a probe that nobody stops goes on until its time is over
                await self._all("stop", "done", STOP_SECONDS)

    def commands(self) -> tuple[str, ...]:
        """What runs on the client hosts, as a person would type it."""
        return tuple(f"{probe.host}: {shlex.join(self._java(probe))}" for probe in self.each)

    @property
    def headers(self) -> tuple[ClientHeader, ...]:
        return tuple(header for probe in self.each for header in probe.headers)

    def attached(self) -> dict[str, int]:
        """Nameserver's address → how many clients have an instance attached to it."""
        counts: dict[str, int] = {}
        for probe in self.each:
            for nameservers in probe.nameservers.values():
                for address in nameservers:
                    counts[address] = counts.get(address, 0) + 1
        return counts

    def waiting(self, in_flight: int) -> bool:
        """Whether more acknowledged messages than so many a client have not been received yet."""
        return any(probe.unaccounted > in_flight * len(probe.headers) for probe in self.each)

    async def attach(self, nameserver: str) -> None:
        """Make every client use this nameserver (ip:port): fresh instances are started until they do."""
        await self._all("attach " + nameserver, "attached", ATTACH_SECONDS)

    async def where(self, now_ns: int) -> tuple[Attached, ...]:
        """Which nameservers the clients are attached to now; now_ns: on the controller's clock."""
        await self._all("where", "attached", ATTACH_SECONDS)
        return tuple(
            Attached(name, nameservers, now_ns)
            for probe in self.each
            for name, nameservers in probe.nameservers.items()
        )

    async def stop_sending(self) -> None:
        """No new operations; waits for those under way, which may hang until their timeouts."""
        await self._all("stop-sending", "quiet", QUIET_SECONDS)

    async def collect(self, folder: Path) -> AsyncIterator[Record]:
        """Every operation that the probes wrote down, and a `gap` for what is missing. Copies stay until `tidy`.

        Raises OSError where the disk of this machine is full.
        """
        for probe in (one for one in self.each if one.headers):
            local = self._local(folder, probe)
            try:
                await fetch(probe.client.host.endpoint, probe.history, local)
            except OpskitError as error:
                for header in probe.headers:
                    yield Gap(header.name, 0, FOREVER, f"its history is still in {probe.folder}: {error.what}")
                continue
            ops, whole = operations(local)
            for op in ops:
                yield op
            if probe.cut or not whole:
                # what it wrote after it was cut off shows its own host's trouble, not the cluster's
                since = probe.now_ns if probe.cut else max((op.end_ns for op in ops), default=0)
                for header in probe.headers:
                    yield Gap(header.name, since, FOREVER, f"its probe was lost: {probe.why}")

    async def tidy(self, folder: Path) -> tuple[str, ...]:
        """Remove the probes' folders and the copies of their histories; where that failed, HOST:FOLDER."""
        left = []
        for probe in self.each:
            if not await remove(probe.client.host.endpoint, probe.folder):
                left.append(f"{probe.host}:{probe.folder}")
            self._local(folder, probe).unlink(missing_ok=True)
        return tuple(left)

    def _local(self, folder: Path, probe: Probe) -> Path:
        return folder / f"{probe.host}-{probe.release}.jsonl.gz"

    def _command(self, probe: Probe) -> list[str]:
        script = 'umask 077; mkdir "$1" || exit; shift; exec "$@"'
        return ["sh", "-c", script, "sh", probe.folder, *self._java(probe)]

    def _java(self, probe: Probe) -> list[str]:
        masters = ",".join(broker.broker_name for broker in self._cluster.brokers if broker.is_master)
        words = ["--nameservers", self._cluster.nameserver_addresses, "--topic", TOPIC, "--brokers", masters]
        words += ["--name", probe.name, "--clients", str(self._clients), "--history", probe.history]
        if self._traffic == "core":
            words += ["--paths", ",".join(WINDOWED)]
        words += ["--interval-ms", f"{self.interval * 1000:.0f}"]
        words += ["--route-interval-ms", f"{self._route_interval * 1000:.0f}"]
        words += ["--bootstrap-interval-ms", f"{self._fresh_interval * 1000:.0f}"]
        words += ["--bootstrap-attempts", str(probe.client.bootstrap_attempts)]
        words += ["--max-seconds", f"{self._seconds:.0f}"]
        if probe.client.settings:
            words += ["--set", ";".join(f"{name}={_text(value)}" for name, value in probe.client.settings.items())]
        lib = f"{CLIENT_RELEASES}/{self._bundles[probe.release].folder}/lib"
        heap = drill_heap_mb(2 * self._clients)
        return probe_command(self._cluster.java, lib, probe.release, ["drill", *words], probe.folder, heap)

    def _keys(self) -> dict[str, str]:
        acl = self._cluster.acl
        if acl is None:
            return {}
        return {"OPSKIT_ACCESS_KEY": acl.access_key, "OPSKIT_SECRET_KEY": acl.secret_key.get_secret_value()}

    def _listener(self, probe: Probe, clocks: Clocks) -> Callable[[str], None]:
        def listen(line: str) -> None:
            try:
                event = json.loads(line)
            except ValueError:
                probe.error = probe.error or line
                return
            kind = event.get("event", "error")
            match kind:
                case "ready":
                    probe.boot_id = event["boot_id"]
                    probe.headers = tuple(
                        ClientHeader(one["name"], probe.host, event["client"], one["layout"])
                        for one in event["clients"]
                    )
                    probe.nameservers = _nameservers(event["clients"])
                case "attached":
                    probe.nameservers = _nameservers(event["clients"])
                case "progress":
                    probe.now_ns, probe.unaccounted = event["mono_ns"], event["unaccounted"]
                    probe.counts = {
                        (one["client"], one["path"]): PathCount(
                            one["attempted"],
                            one["failed"] + one["indeterminate"],
                            one["last_ok_ns"] or 0,
                            one["last_failed_ns"] or 0,
                        )
                        for one in event["paths"]
                    }
                case "clock":
                    clocks.heard(probe.name, probe.host, probe.boot_id, event["mono_ns"])
                case "quiet":
                    probe.unaccounted = event["unaccounted"]
                case "error" | "refused":
                    probe.error = event.get("error", line)
            probe.said.setdefault(kind, asyncio.Event()).set()

        return listen

    async def _ask_clocks(self, clocks: Clocks) -> None:
        while True:
            for probe in self.each:
                if probe.hand and not probe.lost:
                    clocks.asking(probe.name)
                    probe.hand.say("clock 0")
            await asyncio.sleep(1)

    async def _all(self, command: str, answer: str, seconds: float) -> None:
        """Tell every probe that is not lost, and wait for its answer."""
        heard = []
        for probe in self.each:
            if probe.hand and not probe.lost:
                probe.said[answer] = asyncio.Event()
                probe.hand.say(command)
                heard.append(self._until(probe, probe.hand, answer, seconds))
        await asyncio.gather(*heard)

    async def _until(self, probe: Probe, hand: Hand, answer: str, seconds: float) -> None:
        said = asyncio.create_task(probe.said.setdefault(answer, asyncio.Event()).wait())
        await asyncio.wait((said, hand.ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not said.done():
            said.cancel()
            if not hand.ended.done():
                probe.error = probe.error or f"it did not answer {answer!r} within {seconds:g} s"
            if answer == "ready":
                raise OpskitError(
                    f"the probe with the {probe.release} client could not start: {probe.why}",
                    where=probe.host,
                    remedy=f"Nothing was injected. The client's log is in {probe.folder} on that host.",
                    code=Exit.UNJUDGED,
                )


def operations(path: Path) -> tuple[list[Op], bool]:
    """What a probe wrote, and whether the file is whole: where its JVM or its host died it is cut off or damaged."""
    found: list[Op] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                record = record_of(line)
                if isinstance(record, Op):
                    found.append(record)
    except (EOFError, OSError, ValueError, TypeError, zlib.error):
        return found, False
    return found, bool(found)


def _nameservers(clients: Sequence[Mapping[str, object]]) -> dict[str, tuple[str, ...]]:
    return {str(one["name"]): tuple(map(str, one["nameservers"])) for one in clients}  # type: ignore[call-overload]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
