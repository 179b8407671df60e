"""Real client services on the client hosts of a lab; docs/zoo.md tells what lives there."""

import io
import subprocess
import tarfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conftest import Lab, until

from opskit.change.topic import create_on_every_master
from opskit.inventory.cluster import Cluster
from opskit.lab import overlay
from opskit.plan.judge import accept

from . import isolation, seen
from .build import built
from .jdks import runtime
from .seen import Query, Seen
from .variants import LOGS, ROOT, RUN, TOPIC, Variant, chosen, command, unit

INVENTORY = Path(__file__).parent / "inventory"
QUEUES = 4
START_SECONDS = 60
STOP_SECONDS = 30
ATTACH_SECONDS = 40
"""A poll of the poller, every 30 s, and a registration of the brokers, every 10 s."""
NAMESERVER_UNIT = "rocketmq-nameserver.service"

_PREPARE = f"""
for user in zoo zoo-isolated; do id $user >/dev/null 2>&1 || useradd --system --no-create-home $user; done
for name in $NAMES; do install -d -m 0777 {LOGS}/$name; done
install -d -m 0777 {LOGS} {RUN}
systemctl daemon-reload
"""
_CLEAN = f"rm -rf /etc/systemd/system/zoo-*.service* {ROOT} {LOGS} {RUN}; systemctl daemon-reload"


class Zoo:
    """Chosen services, each on one client host; all of them where none is named."""

    def __init__(self, lab: Lab, *names: str) -> None:
        self.lab = lab
        self.variants = {variant.name: variant for variant in chosen(names)}
        self.cluster = _declared(lab)
        clients = [client.host.name for client in self.cluster.clients]
        self._places = {name: clients[index % len(clients)] for index, name in enumerate(self.variants)}
        self._ports = {one.port for one in self.cluster.nameservers}
        self._names = {lab.address(one.host.name): one.host.name for one in self.cluster.nameservers}
        self._nameservers = ";".join(f"{one.host.address}:{one.port}" for one in self.cluster.nameservers)
        self._isolated: dict[str, subprocess.Popen[bytes]] = {}

    def host(self, name: str) -> str:
        return self._places[name]

    def install(self) -> None:
        """Lay jars, runtimes and units down by SSH. Nothing is started; the topic is made."""
        jars = built()
        create_on_every_master(self.cluster, TOPIC, QUEUES)
        for host in set(self._places.values()):
            here = self._on(host)
            _lay_down(self.lab, host, self._tar(here, jars))
            self.lab.on(host, f"NAMES='{' '.join(variant.name for variant in here)}'\n{_PREPARE}")

    def start(self, *names: str) -> None:
        """Start services, all where none is named, and wait until each had an answer since."""
        began = now_ms()
        wanted = self._chosen(names)
        for host in set(self._places.values()):
            if ours := [variant.unit for variant in wanted if self._is_unit_on(variant, host)]:
                self.lab.on(host, f"systemctl start {' '.join(ours)}")
        for variant in wanted:
            if variant.isolated and variant.name not in self._isolated:
                text = isolation.script(variant, command(variant, self._nameservers))
                self._isolated[variant.name] = isolation.start(self.lab, self.host(variant.name), text)
        for variant in wanted:
            until(START_SECONDS, lambda one=variant: self._answered(one.name, began), f"an answer for {variant.name}")

    def stop(self, *names: str) -> None:
        """Stop services, all where none is named."""
        wanted = self._chosen(names)
        for host in set(self._places.values()):
            if ours := [variant.unit for variant in wanted if self._is_unit_on(variant, host)]:
                self.lab.on(host, f"systemctl stop {' '.join(ours)}")
        for variant in wanted:
            if process := self._isolated.pop(variant.name, None):
                # the JVM is the first of its namespaces: those, and what entered them, end with it
                pid = self.look(variant.name)[variant.name].pid
                if pid:
                    self.lab.on(self.host(variant.name), f"kill {pid}")
                process.wait(STOP_SECONDS)

    def remove(self) -> None:
        """Stop everything and take it away."""
        self.stop()
        for host in set(self._places.values()):
            self.lab.on(host, _CLEAN)

    def look(self, *names: str) -> dict[str, Seen]:
        """What the services are now; one command a host."""
        found: dict[str, Seen] = {}
        wanted = self._chosen(names)
        for host in {self.host(variant.name) for variant in wanted}:
            found |= self._look(host, [variant for variant in wanted if self.host(variant.name) == host])
        return {variant.name: found[variant.name] for variant in wanted}

    def refs(self, *names: str) -> dict[str, dict[str, int]]:
        """Pid and start time of each, by which a host knows a process for good."""
        found = {}
        for name, one in self.look(*names).items():
            after_name = self.lab.on(self.host(name), f"cat /proc/{one.pid}/stat").rpartition(") ")[2].split()
            # starttime is field 22; the state, field 3, is the first one here
            found[name] = {"pid": one.pid, "start_ticks": int(after_name[19])}
        return found

    def queries(self, name: str, since_ms: int = 0, what: Sequence[str] = ("route", "poll")) -> list[Query]:
        """Lines of a service since an instant on the hosts' clock, which is this machine's too."""
        lines = self.lab.on(self.host(name), f"tail -n 5000 {self.variants[name].log}")
        return [query for query in seen.queries(lines) if query.at_ms >= since_ms and query.what in what]

    def attach(self, nameserver: str, *names: str) -> None:
        """Bring services, all where none is named, onto this nameserver.

        Their connection to another is closed under them, and a client takes the next in its list then.
        """

        def settled() -> bool:
            looks = self.look(*names)
            astray = [name for name, one in looks.items() if one.nameservers != (nameserver,)]
            for host in {self.host(name) for name in astray}:
                pids = {looks[name].pid for name in astray if self.host(name) == host}
                self._evict(host, pids, nameserver)
            return not astray

        until(ATTACH_SECONDS, settled, f"every service on {nameserver}")
        since, asking = now_ms(), [one.name for one in self._chosen(names) if "poll-only" not in one.words]
        for name in asking:
            # a nameserver that was hung for long has no routes until brokers register again
            until(ATTACH_SECONDS, lambda one=name: self._answered(one, since), f"an answer for {name}")

    def fingerprint(self, name: str) -> str:
        """Checksum and mode of each file that a rollout may touch: jars, unit, drop-ins."""
        variant = self.variants[name]
        places = f"{variant.folder} /etc/systemd/system/{variant.unit}*"
        find = f"find {places} -type f -exec stat -c '%a %U %n' {{}} + -exec sha256sum {{}} + | sort"
        return self.lab.on(self.host(name), find)

    @contextmanager
    def hung(self, nameserver: str) -> Iterator[int]:
        """The process of a nameserver is stopped while the body runs, never longer; since when, in milliseconds."""
        pid = self.lab.on(nameserver, f"systemctl show -P MainPID {NAMESERVER_UNIT}").strip()
        assert int(pid) > 1, f"no nameserver runs on {nameserver}"
        try:
            self.lab.on(nameserver, f"kill -STOP {pid}")
            yield now_ms()
        finally:
            self.lab.on(nameserver, f"kill -CONT {pid}")

    def _chosen(self, names: Iterable[str]) -> list[Variant]:
        return [self.variants[name] for name in names or self.variants]

    def _on(self, host: str) -> list[Variant]:
        return [variant for variant in self.variants.values() if self.host(variant.name) == host]

    def _is_unit_on(self, variant: Variant, host: str) -> bool:
        return not variant.isolated and self.host(variant.name) == host

    def _answered(self, name: str, since_ms: int) -> bool:
        if (process := self._isolated.get(name)) and process.poll() is not None:
            raise AssertionError(f"{name} ended with {process.returncode}")
        return any(query.ok for query in self.queries(name, since_ms))

    def _tar(self, variants: Sequence[Variant], jars: Path) -> bytes:
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as tar:
            for variant in variants:
                tar.add(jars / variant.build, variant.folder, filter=_owned_by_root)
                if not variant.isolated:
                    _add(tar, f"/etc/systemd/system/{variant.unit}", unit(variant, self._nameservers))
            for java in {variant.java for variant in variants if variant.java != 17}:
                tar.add(runtime(java), f"{ROOT}/runtimes/{java}", filter=_owned_by_root)
        return made.getvalue()

    def _look(self, host: str, variants: Sequence[Variant]) -> dict[str, Seen]:
        ports = " or ".join(f"dport = :{port}" for port in self._ports)
        units = " ".join(variant.unit for variant in variants)
        health = "; ".join(f"stat -c %Y {variant.health} 2>/dev/null || echo 0" for variant in variants)
        script = (
            f"systemctl show -p Id,MainPID,NRestarts {units}; echo ---; ss -Htnp state established '( {ports} )'; "
            f"echo ---; {health}; echo ---; pgrep -u zoo-isolated -x java || echo 0"
        )
        shown, listed, healthy, isolated = self.lab.on(host, script).split("---\n")
        units_of, flows = seen.units(shown), seen.flows(listed)
        found = {}
        for variant, at in zip(variants, healthy.split(), strict=True):
            one = {"MainPID": isolated.split()[0], "NRestarts": "0"} if variant.isolated else units_of[variant.unit]
            pid = int(one["MainPID"])
            peers = tuple(sorted({self._names.get(peer, peer) for _, peer in flows.get(pid, ())}))
            found[variant.name] = Seen(pid, int(one["NRestarts"]), peers, int(at) * 1000, now_ms())
        return found

    def _evict(self, host: str, pids: set[int], but: str) -> None:
        """Close connections of these processes to other nameservers; other clients keep theirs."""
        for port in self._ports:
            flows = seen.flows(self.lab.on(host, f"ss -Htnp state established dport = :{port}"))
            for pid in pids:
                for local, peer in flows.get(pid, ()):
                    if self._names.get(peer) != but:
                        self.lab.on(host, f"ss -K -tn dst {peer} dport = :{port} sport = :{local}")


@contextmanager
def zoo(lab: Lab, *names: str) -> Iterator[Zoo]:
    """Services installed, started and attached somewhere; all gone at the end."""
    made = Zoo(lab, *names)
    try:
        made.install()
        made.start()
        yield made
    finally:
        made.remove()


def _declared(lab: Lab) -> Cluster:
    overlay_file = lab.state / "labs" / lab.name / "inventory.yml"
    found, _ = accept((lab.inventory, overlay_file, *lab.overlays))
    return found


def _lay_down(lab: Lab, host: str, tar: bytes) -> None:
    folder = lab.state / "labs" / lab.name
    options = overlay.ssh_options(folder / "known_hosts")
    place = f"{overlay.USER}@{lab.address(host)}"
    command = ("ssh", "-i", str(folder / "id"), *options, place, "sudo tar -x -f - -C /")
    subprocess.run(command, input=tar, check=True, capture_output=True, timeout=120)


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def _add(tar: tarfile.TarFile, path: str, text: str) -> None:
    member = tarfile.TarInfo(path)
    member.size = len(text.encode())
    tar.addfile(member, io.BytesIO(text.encode()))


def now_ms() -> int:
    return time.time_ns() // 1_000_000
