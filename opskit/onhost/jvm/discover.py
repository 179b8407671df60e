"""Every JVM on this host that holds a RocketMQ client, from /proc: no contact with the JVM, no signal, no pause."""

import os
import pwd
from typing import Any, Dict, List, Optional, Tuple

from .. import processes
from . import cgroups, flows, holdings, options, process, roots

BECOME = "set ansible_become: true, for sudo"
_GONE = (FileNotFoundError, ProcessLookupError)

Jvm = Dict[str, Any]
Links = Dict[int, Dict[str, str]]


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    """request: {"ports": of nameservers}. refused: sentences about what could not be looked into."""
    found, refused = sweep(request.get("ports", []))
    return {"jvms": found, "boot_id": processes.boot_id(), "refused": refused}


def jvms(ports: List[int]) -> List[Jvm]:
    """One JSON-able entry a JVM that holds a client, or has a connection to one of the ports."""
    return sweep(ports)[0]


def sweep(ports: List[int], among: Optional[List[int]] = None) -> Tuple[List[Jvm], List[str]]:
    """The same, and what could not be looked into. among: the pids that are looked at; None for all."""
    readings, first = holdings.Readings(), process.text(1, "cgroup")
    found, held, closed = [], {}, 0  # type: List[Jvm], Links, int
    every = (int(name) for name in os.listdir(roots.PROC) if name.isdigit())
    for pid in sorted(every if among is None else among):
        try:
            jvm = _look(pid, first, readings, held)
        except PermissionError:
            jvm, closed = _closed(pid, first), closed + 1
        except _GONE:
            continue  # it ended meanwhile
        if jvm:
            found.append(jvm)
    refused = [f"other users' processes, {closed} of them, could not be looked into: {_remedy()}"] if closed else []
    seen, unknown = flows.of_all(held, ports)
    told = [
        {**jvm, "flows": seen.get(jvm["pid"], []), "unread": jvm["unread"] or unknown.get(jvm["pid"])}
        for jvm in found
        if processes.look(jvm["pid"])
    ]
    refused += sorted({f"of some processes {why}" for why in unknown.values()})
    return [jvm for jvm in told if jvm["clients"] or jvm["flows"] or jvm["unread"]], refused


def constructed(clients: List[Dict[str, Any]], given: Dict[str, Any]) -> Dict[str, str]:
    """What a client that is made from now on has, as its class, the property and agents at start make it.

    Blind to an agent that was attached later. One client that is off makes the process off.
    """
    judged = [_judged(client, given) for client in clients]
    for value in ("off", "unknown", "on"):
        whys = [why for found, why in judged if found == value]
        if whys:
            return {"value": value, "why": whys[0]}
    return {"value": "unknown", "why": "no jar that it holds open or names has a RocketMQ client"}


def _judged(client: Dict[str, Any], given: Dict[str, Any]) -> Tuple[str, str]:
    state, jar = client["state"], os.path.basename(client["jar"])
    if state == "off" and options.agent_on(given["agents"]):
        return "on", "opskit's agent switches it on at start"
    if state == "property":
        # at a start no client is loaded yet, so the agent has nothing to set, in either mode (Rewriter, Switch)
        said = f"says {given['property']}" if given["property"] else "is not given, and true by default"
        return ("off" if given["property"] == "false" else "on"), f"{jar} obeys the property, which {said}"
    whys = {
        "on": "constructs it on",
        "off": "constructs it off, whatever the property says",
        "absent": "has no such setting",
    }
    return (
        state if state in ("on", "off") else "unknown"
    ), f"the class in {jar} {whys.get(state, 'is not understood')}"


def _look(pid: int, first: str, readings: holdings.Readings, held: Links) -> Optional[Jvm]:
    """One process; None where it is no JVM. held: gets what it has open."""
    java = process.runtime(pid)
    if java is None:
        return None
    how, given = process.started(pid, java["major"])
    held[pid] = flows.links(pid)
    clients, unread = holdings.clients(pid, held[pid], how.class_path, readings)
    return {
        **_outside(pid, first),
        "namespaced": not (process.shares(pid, "mnt") and process.shares(pid, "pid")),
        "java": java,
        "main": how.main,
        "options": given,
        "clients": clients,
        "constructed": constructed(clients, given),
        "flows": [],
        "unread": unread,
    }


def _closed(pid: int, first: str) -> Optional[Jvm]:
    """A process that nobody but its user and root may look into; None unless its command is java."""
    try:
        command = process.text(pid, "cmdline").split("\0")
        if os.path.basename(command[0]) != "java":
            return None
        outside = _outside(pid, first)
    except (*_GONE, PermissionError):
        return None
    unread = f"it is another user's: {_remedy()}"
    return {
        **outside,
        "namespaced": False,
        "java": {"major": None, "version": None, "home": None, "vm": None},
        "main": options.launch(command, {}, None, lambda _: None).main,
        "options": options.facts(options.Launch([], [], ""), {}),
        "clients": [],
        "constructed": {"value": "unknown", "why": unread},
        "flows": [],
        "unread": unread,
    }


def _outside(pid: int, first: str) -> Jvm:
    """What anybody may see of a process. Raises ProcessLookupError where it has ended."""
    found = processes.look(pid)
    if found is None:
        raise ProcessLookupError
    who, place = process.identity(process.text(pid, "status")), cgroups.place(process.text(pid, "cgroup"), first)
    return {
        "pid": pid,
        "start_ticks": found.start_ticks,
        "ns_pid": who.ns_pid,
        "boot_id": processes.boot_id(),
        "uid": who.uid,
        "gid": who.gid,
        "user": user(pid, who.uid, place.container),
        "unit": place.unit,
        "container": place.container,
    }


def _remedy() -> str:
    return "root itself may not, for want of CAP_SYS_PTRACE" if os.geteuid() == 0 else BECOME


def user(pid: int, uid: int, container: Optional[str]) -> Optional[str]:
    """Name of a user: a container has a list of its own, in which this host's number means another or nobody."""
    if container is None:
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return None
    try:
        rows = [row.split(":") for row in roots.read(pid, "/etc/passwd", 1 << 20).decode(errors="replace").splitlines()]
    except OSError:
        return None
    return next((row[0] for row in rows if len(row) > 2 and row[2] == str(uid)), None)
