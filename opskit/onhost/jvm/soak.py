"""Watch the JVMs of a rollout for a while: do they stand, are they well, do their connections stay?"""

import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from .. import processes
from . import flows, restarts, roots

CLIENT_LOG = "rocketmq_client.log"
_COMPLAINT = re.compile(rb" (?:WARN|ERROR) ")
MOST_LOG_BYTES = 1 << 20


class Limits(NamedTuple):
    """For one JVM and soak: new connections, and warnings or errors in the client's own log."""

    connections: int = 10
    complaints: int = 20


class Look(NamedTuple):
    """process: None where it is gone; log_bytes: of the client's own log, None where none is open."""

    process: Optional[processes.Process]
    connections: List[str]
    stuck: List[str]
    log: Optional[str]
    log_bytes: int


def watch(jobs: List[Dict[str, Any]], nameservers: List[int], brokers: List[int], seconds: float) -> List[str]:
    """One sentence for each thing that is not well after so many seconds; none where all is.

    nameservers, brokers: their ports. Only nameservers' connections can be stuck: a broker holds a pull back.
    """
    before = [_look(job, nameservers, brokers) for job in jobs]
    time.sleep(seconds)
    said = []
    for job, earlier in zip(jobs, before):
        reasons = judge(earlier, _look(job, nameservers, brokers), Limits())
        health = restarts.check(job["health"])
        said += ["{}: {}".format(job["subject"], reason) for reason in reasons + ([health] if health else [])]
    return said


def judge(before: Look, after: Look, limits: Limits) -> List[str]:
    """What speaks against going on, of one JVM."""
    if before.process is None or after.process is None:
        return ["it is not running"]
    if (before.process.pid, before.process.start_ticks) != (after.process.pid, after.process.start_ticks):
        return ["it was started again while it was watched"]
    reasons = [f"its connection to {peer} is stuck: it asks and hears nothing" for peer in after.stuck]
    opened = set(after.connections) - set(before.connections)
    if len(opened) > limits.connections:
        reasons.append(f"it opened {len(opened)} new connections to nameservers and brokers meanwhile")
    added = _complaints(after.log, before.log_bytes) if after.log and after.log == before.log else 0
    if added > limits.complaints:
        reasons.append(f"{added} warnings and errors in {after.log} meanwhile")
    return reasons


def _look(job: Dict[str, Any], nameservers: List[int], brokers: List[int]) -> Look:
    process = restarts.jvm_of(job["unit"]) if job["restart"] else _same(job["process"])
    if process is None:
        return Look(None, [], [], None, 0)
    pid = process.pid
    found = flows.of(pid, nameservers)
    log = _client_log(pid)
    return Look(
        process,
        [str(flow["local"]) for flow in found + flows.of(pid, brokers)],
        [str(flow["peer"]) for flow in found if flow["stuck"]],
        log,
        os.stat(log).st_size if log else 0,
    )


def _same(named: Dict[str, int]) -> Optional[processes.Process]:
    """The process that was looked at; None where it is gone, whoever has its pid now."""
    found = processes.look(named["pid"])
    return found if found is not None and found.start_ticks == named["start_ticks"] else None


def _client_log(pid: int) -> Optional[str]:
    """Through the process's own file descriptor, wherever its root is."""
    for number, path in flows.links(pid).items():
        if path.endswith("/" + CLIENT_LOG):
            return f"{roots.PROC}/{pid}/fd/{number}"
    return None


def _complaints(log: str, since: int) -> int:
    with open(log, "rb") as file:
        file.seek(since)
        return len(_COMPLAINT.findall(file.read(MOST_LOG_BYTES)))
