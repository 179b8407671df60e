"""Everything about this host in one look: parts that are asked at once, none of which loses another."""

import time
from functools import partial
from typing import Any, Dict, Hashable, List

from .. import processes as ids
from . import bounded, connections, machine, processes

SECONDS = 12.0
"""At most, for all but agents, which have a bound of their own."""

Facts = Dict[str, Any]


class _Look(bounded.Asked):
    """refused: sentences about what could not be looked into."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.began, self.refused = time.monotonic(), []  # type: float, List[str]

    def value(self, key: Hashable, what: str, empty: Any) -> Any:
        """What was answered to a question; the empty value where it was not asked, or not answered."""
        return self.noted(self.get(key), what, empty) if self.is_asked(key) else empty

    def noted(self, outcome: bounded.Outcome, what: str, empty: Any) -> Any:
        """A value, or why there is none goes to what was refused."""
        if not outcome.error:
            return outcome.value
        self.refused.append(f"{what} could not be looked into: {outcome.error}")
        return empty


def answer(request: Dict[str, Any]) -> Facts:
    """Facts, as opskit.observe.facts.HostFacts has them.

    request: {ports: of nameservers, server_ports: whose peers are told, files, settings: those files whose properties
    are told, units, folders, sysctl: names, agent: None or {jar_b64, options, seconds}, seconds: for all
    but agents}. What could not be looked into is left out, and `refused` says why.
    """
    look = _Look(min(SECONDS, request["seconds"]))
    look.put("processes", processes.look)
    _ask_systemd_and_disks(look, request)
    running = look.value("processes", "processes", processes.Found({}, []))
    look.noted(bounded.Outcome(None, running.hidden), "processes", None)
    sockets = connections.Tables("", "")
    if running.servers or request["server_ports"]:
        sockets = look.noted(bounded.outcome(partial(connections.read, "self")), "the TCP sockets", sockets)
    _ask_processes(look, running, request["ports"], sockets)
    found = _machine(look, request["sysctl"])
    found.update(_clients(look, request["agent"]))
    found["servers"] = _servers(look, running)
    found["units"] = look.value("units", "units", {})
    found["peers"] = connections.peers(sockets, request["server_ports"]) if sockets.text else {}
    files = {path: look.get(("file", path)) for path in request["files"]}
    found["files"] = {path: one.value or {"exists": None, "error": one.error} for path, one in files.items()}
    folders = {path: look.value(("folder", path), path, None) for path in request["folders"]}
    found["folders"] = {path: one for path, one in folders.items() if one}
    # the time last: what the rest takes would look like a clock that is behind
    found.update(refused=look.refused, at=time.time())
    return {key: _told(one) for key, one in found.items()}


def _ask_systemd_and_disks(look: _Look, request: Dict[str, Any]) -> None:
    if request["units"]:
        from . import units

        look.put("units", partial(units.look, request["units"]))
    if request["files"] or request["folders"]:
        from . import paths

        for path in request["files"]:
            look.put(("file", path), partial(paths.file, path, path in request["settings"]))
        for path in request["folders"]:
            look.put(("folder", path), partial(paths.folder, path))


def _ask_processes(look: _Look, running: processes.Found, ports: List[int], sockets: connections.Tables) -> None:
    if running.servers:
        from ..jvm import process
        from . import servers

        # hidden where others' processes are; then this host counts as no container
        first = bounded.outcome(partial(process.text, 1, "cgroup")).value or ""
        for pid, kind in running.servers.items():
            look.put(("server", pid), partial(servers.look, pid, kind, first, sockets))
    if running.jvms:
        from ..jvm import discover

        look.put("jvms", partial(discover.sweep, ports, running.jvms))


def _machine(look: _Look, names: List[str]) -> Facts:
    """What no disk or process can hold up."""
    kernel, unread = machine.sysctl(names)
    memory = machine.memory()
    limited = bounded.outcome(partial(machine.limited, memory))
    look.refused += unread
    return {
        "boot_id": ids.boot_id(),
        "up_seconds": time.clock_gettime(time.CLOCK_BOOTTIME),
        "container": look.noted(bounded.outcome(machine.container), "whether this host is a container", None),
        "memory": look.noted(limited, "the limits of this host's cgroup", memory),
        "sysctl": kernel,
        "clock": machine.clock(),
    }


def _servers(look: _Look, running: processes.Found) -> List[Facts]:
    told = []
    for pid, kind in running.servers.items():
        server = look.value(("server", pid), f"the {kind} that is process {pid}", None)
        if server:
            why = server.pop("unread")
            told.append(look.noted(bounded.Outcome(server, why), f"the {kind} that is process {pid}", server))
    return told


def _clients(look: _Look, agent: Any) -> Facts:
    """JVMs with clients, and what is in force in them as far as records and agents tell."""
    jvms, refused = look.value("jvms", "JVMs with clients", ([], []))
    look.refused += refused
    if not jvms:
        return {}
    from . import clients

    flipped = look.noted(bounded.outcome(partial(clients.flipped, jvms)), "what was switched on in JVMs", [])
    found = {"jvms": jvms, "flipped": flipped}
    holders = clients.holders(jvms, flipped) if agent else []
    if holders:
        asked = bounded.outcome(partial(clients.ask, holders, agent, look.began))
        found["agents"] = look.noted(asked, "opskit's agents", [])
    return found


def _told(value: Any) -> Any:
    """Without what is no text: names of files are bytes, and halves of characters break the reader of all the rest."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_told(key): _told(one) for key, one in value.items()}
    return [_told(one) for one in value] if isinstance(value, (list, tuple)) else value
