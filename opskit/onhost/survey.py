"""One look at a host: files, units, ports, Java, memory, disk, clock. Touches nothing."""

import os
import re
import subprocess
import time
from typing import Any, Dict, Optional

from . import files, sockets, stores, units


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    """Facts of this host.

    request: {files: [path], contents: bool, units: [name], java: path, folders: [path], store: {path, unit}}; folders
    are asked for free bytes (of the nearest folder that exists) and for whether they hold anything; the store is that
    of the broker that the unit runs.
    """
    return {
        "files": {path: files.state(path, request.get("contents", False)) for path in request.get("files", ())},
        "units": {unit: units.state(unit) for unit in request.get("units", ())},
        "ports": {str(port): holder for port, holder in sockets.holders().items()},
        "java": java_major(request["java"]) if request.get("java") else None,
        "memory_bytes": memory_bytes(),
        "folders": {path: folder(path) for path in request.get("folders", ())},
        "store": stores.state(**request["store"]) if request.get("store") else None,
        "boot_id": read("/proc/sys/kernel/random/boot_id"),
        # last: what the rest takes would look like a clock that is behind
        "at_ns": time.time_ns(),
    }


def java_major(java: str) -> Optional[int]:
    """Major version of a java binary (8, 11, 17 …); None where it is missing or does not run."""
    try:
        shown = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', shown)
    return int(match.group(1)) if match else None


def memory_bytes() -> int:
    """Memory of this host: the cgroup's limit where there is one, else all of it."""
    with open("/proc/meminfo") as file:
        total = int(file.readline().split()[1]) * 1024
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        if os.path.exists(limit):
            text = read(limit)
            if text.isdigit():
                return min(total, int(text))
    return total


def folder(path: str) -> Dict[str, Any]:
    """{exists, empty, free_bytes}."""
    exists = os.path.isdir(path)
    nearest = path
    while not os.path.isdir(nearest):
        nearest = os.path.dirname(nearest)
    space = os.statvfs(nearest)
    return {
        "exists": exists,
        "empty": not (exists and os.listdir(path)),
        "free_bytes": space.f_bavail * space.f_frsize,
    }


def read(path: str) -> str:
    with open(path) as file:
        return file.read().strip()
