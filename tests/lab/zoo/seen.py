"""What is read of the services on a host: texts of its commands → values. Pure."""

import re
from dataclasses import dataclass

_FLOW = re.compile(r"\[?(?:::ffff:)?([\d.]+)\]?:(\d+)\s+\[?(?:::ffff:)?([\d.]+)\]?:(\d+)\s.*?pid=(\d+),")


@dataclass(frozen=True)
class Query:
    """One line of a service: when it ended, on the host's clock."""

    at_ms: int
    what: str
    ok: bool
    ms: int
    detail: str


@dataclass(frozen=True)
class Seen:
    """A service now. pid: 0 where it does not run. nameservers: names of the hosts that it is connected to.

    healthy_ms: when its health file was written last, 0 for never; now_ms: the host's clock.
    """

    pid: int
    restarts: int
    nameservers: tuple[str, ...]
    healthy_ms: int
    now_ms: int

    def healthy(self, seconds: float = 5) -> bool:
        return self.now_ms - self.healthy_ms < seconds * 1000


def queries(log: str) -> list[Query]:
    """The service's own lines among what else its JVM prints."""
    found = []
    for line in log.splitlines():
        match line.split(" ", 4):
            case [at, what, ("ok" | "ERR") as outcome, ms, detail] if at.isdigit():
                found.append(Query(int(at), what, outcome == "ok", int(ms), detail))
    return found


def units(shown: str) -> dict[str, dict[str, str]]:
    """Unit → property → value, from `systemctl show` of several."""
    blocks = (dict(row.split("=", 1) for row in block.splitlines()) for block in shown.strip().split("\n\n"))
    return {block["Id"]: block for block in blocks if block}


def flows(listed: str) -> dict[int, list[tuple[str, str]]]:
    """Pid → (own port, peer address), from `ss -Htnp`."""
    found: dict[int, list[tuple[str, str]]] = {}
    for match in _FLOW.finditer(listed):
        found.setdefault(int(match[5]), []).append((match[2], match[3]))
    return found
