"""Fifty client JVMs on ten hosts, each with a log of its pauses; the services are the zoo's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from conftest import Lab
from zoo import Zoo
from zoo.variants import LOGS, Variant, chosen

from .pauses import Pause, Work, pauses, works

INVENTORY = Path(__file__).parent / "inventory"
PLAIN = ("thin", "thin", "thin")
OTHERS = (
    ("fat-boot3", "agent"),
    ("shaded", "poller"),
    ("fat-boot2", "jdk21"),
    ("exploded", "thin"),
    ("signed", "thin"),
)
"""Beside the plain ones, host by host; then again from the first."""


class Fleet(Zoo):
    """The same services on every host, some of them of another kind."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab, *PLAIN[:1])
        hosts = [client.host.name for client in self.cluster.clients]
        placed = [
            (_numbered(kind, f"{host}-{number}"), host)
            for index, host in enumerate(hosts)
            for number, kind in enumerate(PLAIN + OTHERS[index % len(OTHERS)])
        ]
        self.variants = {variant.name: variant for variant, _ in placed}
        self._places = {variant.name: host for variant, host in placed}

    def start_in_turn(self) -> None:
        """One of each host at a time: fifty JVMs that start at once would take the machine's cores for minutes."""
        for number in range(len(PLAIN + OTHERS[0])):
            self.start(*(name for name in self.variants if name.endswith(f"-{number}")))

    def vm_threads(self) -> dict[str, Work]:
        """What the VM thread of each service, which does the work of a safepoint, has had so far of the cores."""
        each = (
            "for pid in $(pgrep -u zoo java); do for task in /proc/$pid/task/*; do read name <$task/comm;"
            ' [ "$name" != "VM Thread" ] || echo $pid $(cat $task/schedstat); done; done'
        )
        pids = {(self.host(name), one.pid): name for name, one in self.look().items()}
        return {
            pids[host, work.pid]: work
            for host in sorted(set(self._places.values()))
            for work in works(self.lab.on(host, each))
        }

    def pauses(self, since_ms: int, until_ms: int) -> dict[str, list[Pause]]:
        """Of each service, between two instants on the hosts' clock, which is this machine's too."""
        found: dict[str, list[Pause]] = {}
        for host in sorted(set(self._places.values())):
            logs = self.lab.on(host, f"cd {LOGS} && grep -H Total *.pauses").splitlines()
            for name in (name for name in self.variants if self.host(name) == host):
                mine = "\n".join(row.partition(":")[2] for row in logs if row.startswith(f"{name}.pauses:"))
                found[name] = [one for one in pauses(mine) if since_ms <= one.at_ms <= until_ms]
        return found


@contextmanager
def fleet(lab: Lab) -> Iterator[Fleet]:
    """Installed and started; all gone at the end."""
    made = Fleet(lab)
    try:
        made.install()
        made.start_in_turn()
        yield made
    finally:
        made.remove()


def _numbered(kind: str, place: str) -> Variant:
    (variant,) = chosen([kind])
    name = f"{kind}-{place}"
    return replace(variant, name=name, options=(*variant.options, f"-Xlog:safepoint:file={LOGS}/{name}.pauses:tm"))
