"""One RocketMQ server that runs here, from /proc: nothing touches it."""

import os
import pwd
import re
import time
from typing import Any, Dict, List, Optional, Tuple

from ..jvm import cgroups, options, process, roots
from ..masking import MASK
from . import connections, paths

CONFIGS = {"proxy": ("-pc", "--proxyConfigPath")}
CONFIG = ("-c", "--configFile")
"""Options of a server that name its settings, by kind (ProxyStartup) and of all others."""
UNREAD = "only root with CAP_SYS_PTRACE may: set ansible_become: true, for sudo"
_JAR = re.compile(r"/rocketmq-([a-z-]+)-(\d+\.\d+\.\d+)[^/]*\.jar$")
_OWN_JAR = {"nameserver": "namesrv"}
"""What its jar is called, where it is not as the kind."""
_LIMIT = re.compile(r"^(Max open files|Max locked memory) +(\S+)", re.MULTILINE)
_SECRET = re.compile(r"secret|passw|credential|token|access[-_.]?key|api[-_.]?key", re.IGNORECASE)
_USER_OF_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_VALUED = ("-cp", "-classpath", "--class-path")

Server = Dict[str, Any]


def look(pid: int, kind: str, first: str, own: connections.Tables) -> Optional[Server]:
    """One process; None where it has ended. first: cgroups of process 1; own: this program's TCP sockets.

    unread: why some of it could not be looked into, "" where all could.
    """
    try:
        return _look(pid, kind, first, own)
    except (FileNotFoundError, ProcessLookupError):
        return None


def shown(words: List[str]) -> List[str]:
    """Options of a JVM as they may be told."""
    return [_masked(word) for word in words if word.startswith("-") and word not in _VALUED]


def release(kind: str, files: List[str]) -> Optional[str]:
    """By the names of RocketMQ's jars among these files; that of the server itself before all others."""
    found = [match.groups() for match in map(_JAR.search, files) if match]
    own = [number for name, number in found if name == _OWN_JAR.get(kind, kind)]
    return next(iter(own + [number for _, number in found]), None)


def config(kind: str, words: Tuple[str, ...]) -> Optional[str]:
    """The file of settings that a command line names; commons-cli takes it as the next word, or after a sign."""
    names = CONFIGS.get(kind, CONFIG)
    for at, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name in names:
            return (value if sign else "".join(words[at + 1 : at + 2])) or None
    return None


def limits(text: str) -> Dict[str, int]:
    """Soft limits in /proc/PID/limits; -1 for none."""
    return {name: -1 if value == "unlimited" else int(value) for name, value in _LIMIT.findall(text)}


def _look(pid: int, kind: str, first: str, own: connections.Tables) -> Server:
    told = _open_to_all(pid, kind, first)
    try:
        java = process.runtime(pid) or {}
        how, _ = process.started(pid, java.get("major"))
        links = _links(pid)
        base = roots.own_path(pid, os.readlink(f"{roots.PROC}/{pid}/cwd"))
    except PermissionError:
        bare = options.launch(process.text(pid, "cmdline").split("\0"), {}, None, lambda _: None)
        return dict(told, options=shown(bare.words), release=release(kind, bare.class_path), unread=UNREAD)
    return dict(
        told,
        config=told["config"] and os.path.normpath(os.path.join(base, told["config"])),
        options=shown(how.words),
        java=java.get("major"),
        release=release(kind, [roots.own_path(pid, link) for link in links if link.startswith("/")] + how.class_path),
        ports=sorted(connections.ports(pid, links, own)),
        unread="",
    )


def _open_to_all(pid: int, kind: str, first: str) -> Server:
    """What anybody may see."""
    stat = process.text(pid, "stat")
    ticks = int(stat[stat.rindex(")") + 2 :].split()[19])
    status = process.text(pid, "status")
    who, place = process.identity(status), cgroups.place(process.text(pid, "cgroup"), first)
    sizes = dict(re.findall(r"^(VmRSS|VmSwap):\s*(\d+) kB$", status, re.MULTILINE))
    most = limits(process.text(pid, "limits"))
    words = tuple(process.text(pid, "cmdline").split("\0"))
    return {
        "kind": kind,
        "pid": pid,
        "start_ticks": ticks,
        "started": time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK"),
        "user": _user(pid, who.uid, place.container),
        "unit": place.unit,
        "container": place.container,
        "config": config(kind, words),
        "open_files_limit": most.get("Max open files"),
        "locked_memory_limit": most.get("Max locked memory"),
        "resident_bytes": int(sizes["VmRSS"]) * 1024 if "VmRSS" in sizes else None,
        "swapped_bytes": int(sizes["VmSwap"]) * 1024 if "VmSwap" in sizes else None,
    }


def _user(pid: int, uid: int, container: Optional[str]) -> Optional[str]:
    if container is None:
        return paths.name(pwd.getpwuid, uid)
    from ..jvm import discover

    return discover.user(pid, uid, container)


def _links(pid: int) -> List[str]:
    """Where all leads that it has open."""
    folder, found = f"{roots.PROC}/{pid}/fd", []
    for number in os.listdir(folder):
        try:
            found.append(os.readlink(f"{folder}/{number}"))
        except FileNotFoundError:
            continue  # closed meanwhile
    return found


def _masked(word: str) -> str:
    name, sign, value = word.partition("=")
    if name.startswith("-javaagent:"):
        return "-javaagent:" + options.agents([word])[0]
    if name.startswith(("-agentpath:", "-XX:OnError", "-XX:OnOutOfMemoryError")):
        return name + sign + (value and MASK)
    if name.startswith("-D") and _SECRET.search(name):
        return name + sign + (value and MASK)
    return _USER_OF_URL.sub(MASK, word)
