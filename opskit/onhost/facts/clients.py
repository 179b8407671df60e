"""JVMs with clients: which were switched on while they ran, and what opskit's agent says in those that hold it."""

import base64
import os
import time
from typing import Any, Dict, List

from ..jvm import records

SECONDS = 17.0
"""From the beginning of a look, for all agents: a controller waits 20 s for a host."""
LEAST_SECONDS = 2.0

Jvm = Dict[str, Any]


def flipped(jvms: List[Jvm]) -> List[int]:
    """Pids of those that the host's records say were switched on while they ran. Raises OSError."""
    standing = [one for one in records.standing() if one["state"] == records.APPLIED]
    if not standing:
        return []
    from ..jvm import steps

    switched = [one["process"] for one in standing if any(step["way"] == steps.FLIP for step in one["steps"])]
    there = {(one["pid"], one["start_ticks"]) for one in switched}
    return [jvm["pid"] for jvm in jvms if (jvm["pid"], jvm["start_ticks"]) in there]


def holders(jvms: List[Jvm], pids: List[int]) -> List[Jvm]:
    """Those that hold opskit's agent: since their start, or by a record, of which these are the pids.

    One that came at the start of a JVM into which nothing is loaded is not asked: nobody loaded anything since, so its
    start options tell all.
    """
    if not jvms:
        return []
    from ..jvm import options

    def came_at_start(jvm: Jvm) -> bool:
        return any(options.AGENT in os.path.basename(one.partition("=")[0]) for one in jvm["options"]["agents"])

    return [jvm for jvm in jvms if jvm["pid"] in pids or (came_at_start(jvm) and _may_be_asked(jvm))]


def ask(jvms: List[Jvm], asking: Dict[str, Any], began: float) -> List[Dict[str, Any]]:
    """What their agents report, some at once, each {pid, report} or {pid, error}.

    asking: {jar_b64, options, seconds: for each}; began: monotonic seconds at which the look at this host began.
    """
    from ..jvm import agents, inside

    jar, told = base64.b64decode(asking["jar_b64"]), []
    for at in range(0, len(jvms), inside.AT_ONCE):
        some = jvms[at : at + inside.AT_ONCE]
        left = began + SECONDS - time.monotonic() - inside.GRACE_SECONDS
        if left < LEAST_SECONDS:
            answers = [{"error": "it was not asked: the rest of this host took all of its time"}] * len(some)
        else:
            refs = [{key: jvm[key] for key in ("pid", "start_ticks")} for jvm in some]
            answers = agents.ask_all(refs, jar, asking["options"], min(asking["seconds"], left))
        told += [dict(answer, pid=jvm["pid"]) for jvm, answer in zip(some, answers)]
    return told


def _may_be_asked(jvm: Jvm) -> bool:
    from ..jvm import attach

    return attach.refusal(jvm["java"], jvm["options"]) is None
