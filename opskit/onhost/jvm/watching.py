"""Tell again and again where JVMs of this host are connected, while the controller listens.

Events, each a JSON line: held {jvms}, once, their connections to brokers; then look {jvms}, their connections to
nameservers. jvms: [{pid, flows, why}]; flows is null where the process is gone, or, with a why, where they cannot be
told. A failure is {error: sentence}.
"""

import io
import time
from typing import Any, Dict, List

from .. import processes, talk
from ..errors import sentence
from . import flows

EVERY_SECONDS = 1.0
"""Between two looks; a look at a connection that may be stuck takes a second of its own."""
_GONE = (FileNotFoundError, ProcessLookupError)


def run(request: Dict[str, Any], lines: io.BufferedReader, out: int) -> int:
    """Look until the controller has no more to say. Touches nothing.

    request: {jvms: [{pid, start_ticks}], nameservers, brokers: ports, quiet_seconds}.
    """
    with talk.controller(lines, out, request["quiet_seconds"]) as controller:
        try:
            controller.say("held", jvms=look(request["jvms"], request["brokers"]))
            while True:
                began = time.monotonic()
                controller.say("look", jvms=look(request["jvms"], request["nameservers"]))
                if controller.listen(began + EVERY_SECONDS):
                    return 0
        except Exception as error:
            controller.fail(sentence(error))
            return 1


def look(jvms: List[Dict[str, int]], ports: List[int]) -> List[Dict[str, Any]]:
    """One entry a JVM, as the events have it."""
    held, closed = {}, {}  # type: Dict[int, Dict[str, str]], Dict[int, str]
    for jvm in jvms:
        found = processes.look(jvm["pid"])
        if found and found.start_ticks == jvm["start_ticks"]:
            try:
                held[jvm["pid"]] = flows.links(jvm["pid"])
            except _GONE:
                continue  # it ended meanwhile
            except PermissionError as error:
                closed[jvm["pid"]] = sentence(error)
    seen, unknown = flows.of_all(held, ports)
    unknown.update(closed)
    return [
        {"pid": pid, "flows": None if pid in unknown else seen.get(pid), "why": unknown.get(pid)}
        for pid in (jvm["pid"] for jvm in jvms)
    ]
