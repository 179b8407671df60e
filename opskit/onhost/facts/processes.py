"""Which processes of this host are JVMs, and which of those are RocketMQ servers, from /proc."""

import os
from typing import Dict, List, NamedTuple, Optional, Tuple

from ..jvm import roots

KINDS = {
    "org.apache.rocketmq.namesrv.NamesrvStartup": "nameserver",
    "org.apache.rocketmq.broker.BrokerStartup": "broker",
    "org.apache.rocketmq.controller.ControllerStartup": "controller",
    "org.apache.rocketmq.proxy.ProxyStartup": "proxy",
    "org.apache.rocketmq.container.BrokerContainerStartup": "container",
}
"""By main class."""
HIDDEN = "this host hides other users' processes: set ansible_become: true, for sudo"
_LIBRARIES = (b"/libjvm.so", b"/libj9vm")
_LINKS_OF_ONE_THREAD = 3
"""Of /proc/PID/task, a folder with one folder in it."""
_ASKING = "jcmd"
"""It is given the main class of the JVM that it asks."""


class Found(NamedTuple):
    """servers: pid → kind; jvms: pids of the others; hidden: why there may be more, "" where all were seen."""

    servers: Dict[int, str]
    jvms: List[int]
    hidden: str = ""


def look() -> Found:
    """Every JVM, whose ever it is."""
    found = Found({}, [])
    # to users who may not see all, a host may show nothing of others' processes (hidepid)
    hidden = not os.path.exists(f"{roots.PROC}/1/cmdline")
    for pid in sorted(int(name) for name in os.listdir(roots.PROC) if name.isdigit()):
        try:
            words = _is_jvm(pid)
            kind = kind_of(words) if words else None
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        except PermissionError:
            hidden = True
            continue
        if kind:
            found.servers[pid] = kind
        elif words:
            found.jvms.append(pid)
    return found._replace(hidden=HIDDEN if hidden else "")


def kind_of(words: Tuple[str, ...]) -> Optional[str]:
    """Which server a JVM with this command line is; a wrapper's main class may come before the server's own."""
    if os.path.basename(words[0]) == _ASKING:
        return None
    return next((KINDS[word] for word in words if word in KINDS), None)


def _is_jvm(pid: int) -> Tuple[str, ...]:
    """The command line of a JVM; nothing of another process, such as the shell that started one and waits for it."""
    base = f"{roots.PROC}/{pid}"
    with open(f"{base}/cmdline", errors="replace") as file:
        words = tuple(file.read().split("\0"))
    # a JVM has threads for its collector and compiler; to count them is cheaper than to read maps
    if not words[0] or os.stat(f"{base}/task").st_nlink == _LINKS_OF_ONE_THREAD:
        return ()
    try:
        with open(f"{base}/maps", "rb") as file:
            maps = file.read()
    except PermissionError:
        return words if os.path.basename(words[0]) == "java" else ()
    return words if any(library in maps for library in _LIBRARIES) else ()
