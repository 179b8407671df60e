"""TCP connections of a JVM to given ports, and whether the server at the other end has stopped answering.

The kernel acknowledges for a process that hangs, so queues and timers look healthy. What tells is the age of the last
data each way (tcp_info, as `ss -i` shows it).
"""

import os
import re
import subprocess
import time
from typing import Dict, Iterable, List, NamedTuple, Tuple

from ..errors import FaultError, sentence
from . import process, roots

BEHIND_MS = 5000
"""A server that answers gets data sent this long after its own last data only at the start of a new question."""
UNANSWERED_MS = 1000
"""Such a question without an answer for so long: nameservers answer in milliseconds."""
SS_SECONDS = 10.0
_AGE = re.compile(r"\b(lastsnd|lastrcv):(\d+)")
_INODE = re.compile(r"\bino:(\d+)")


class Flow(NamedTuple):
    """local, peer: "ip:port"; sent_ms, received_ms: since data was last sent and received; 0 where ss does not tell."""

    inode: str
    local: str
    peer: str
    sent_ms: int
    received_ms: int


class Look(NamedTuple):
    """error: why there are no flows; "" where there is no such reason."""

    pids: List[int]
    flows: List[Flow]
    error: str


def of(pid: int, ports: List[int]) -> List[Dict[str, object]]:
    """Established connections of one process to these ports. Raises FaultError where `ss` cannot tell."""
    found, unknown = of_all({pid: links(pid)}, ports)
    if pid in unknown:
        raise FaultError(unknown[pid])
    return found[pid]


def of_all(
    held: Dict[int, Dict[str, str]], ports: List[int]
) -> Tuple[Dict[int, List[Dict[str, object]]], Dict[int, str]]:
    """The same for many processes, and why those of some are unknown; held: pid → `links` of it.

    One `ss` for each network namespace, and a second one where a question may still be answered.
    """
    first = {space: _shown(pids, ports) for space, pids in _spaces(held if ports else {}).items()}
    doubtful = {
        space for space, look in first.items() if any(not answered(one) and not stuck(one) for one in look.flows)
    }
    if doubtful:
        time.sleep(UNANSWERED_MS / 1000)
    last = {space: _shown(look.pids, ports) if space in doubtful else look for space, look in first.items()}
    found = {pid: [] for pid in held}  # type: Dict[int, List[Dict[str, object]]]
    for space, look in last.items():
        for pid in look.pids:
            own = set(held[pid].values())
            mine = [flow for flow in look.flows if f"socket:[{flow.inode}]" in own]
            found[pid] = [_told(flow, first[space].flows) for flow in mine]
    return found, {pid: look.error for look in last.values() if look.error for pid in look.pids}


def links(pid: int) -> Dict[str, str]:
    """Descriptor → where it leads, of all that a process has open."""
    folder, found = f"{roots.PROC}/{pid}/fd", {}
    for number in os.listdir(folder):
        try:
            found[number] = os.readlink(os.path.join(folder, number))
        except FileNotFoundError:
            continue  # closed meanwhile
    return found


def answered(flow: Flow) -> bool:
    """Whether nothing was sent long after the last answer."""
    return flow.received_ms - flow.sent_ms <= BEHIND_MS


def stuck(flow: Flow) -> bool:
    """Whether one look is enough: what was sent long after the last answer has waited long enough for its own."""
    return not answered(flow) and flow.sent_ms >= UNANSWERED_MS


def stuck_since(before: Flow, now: Flow) -> bool:
    """Whether two looks, UNANSWERED_MS apart, show it: a client that asks every second never has an old question."""
    return stuck(now) or (not (answered(before) or answered(now)) and now.received_ms > before.received_ms)


def parse(text: str) -> List[Flow]:
    """Established connections in what `ss -tnie` prints: a line, and a folded one with its figures."""
    found = []
    for row in re.sub(r"\n[ \t]+", " ", text).splitlines():
        fields, inode = row.split(), _INODE.search(row)
        if fields[:1] == ["ESTAB"] and inode:
            ages = {name: int(age) for name, age in _AGE.findall(row)}
            local, peer = _address(fields[3]), _address(fields[4])
            found.append(Flow(inode.group(1), local, peer, ages.get("lastsnd", 0), ages.get("lastrcv", 0)))
    return found


def _told(flow: Flow, first: Iterable[Flow]) -> Dict[str, object]:
    before = next((one for one in first if one.inode == flow.inode), None)
    return {
        "local": flow.local,
        "peer": flow.peer,
        "sent_ms": flow.sent_ms,
        "received_ms": flow.received_ms,
        "stuck": stuck(flow) or (before is not None and stuck_since(before, flow)),
    }


def _spaces(pids: Iterable[int]) -> Dict[str, List[int]]:
    """Processes by their network namespace; without those that have ended."""
    spaces = {}  # type: Dict[str, List[int]]
    for pid in pids:
        try:
            spaces.setdefault(os.readlink(f"{roots.PROC}/{pid}/ns/net"), []).append(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return spaces


def _shown(pids: List[int], ports: List[int]) -> Look:
    """What `ss` tells of the network namespace that these processes share."""
    wanted = " or ".join(f"dport = :{port}" for port in ports)
    try:
        enter = [] if process.shares(pids[0], "net") else ["nsenter", "-t", str(pids[0]), "-n"]
        command = [*enter, "ss", "-tnie", f"( {wanted} )"]
        done = subprocess.run(command, capture_output=True, timeout=SS_SECONDS, check=True)
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return Look(pids, [], f"its connections are unknown: {sentence(error)}")
    return Look(pids, parse(done.stdout.decode(errors="replace")), "")


def _address(text: str) -> str:
    """IPv4 as it is, also where a socket of IPv6 carries it."""
    host, _, port = text.rpartition(":")
    bare = host.strip("[]")
    return f"{bare[7:]}:{port}" if bare.startswith("::ffff:") else f"{host}:{port}"
