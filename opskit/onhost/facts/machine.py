"""The machine below: memory, kernel settings, clock, and whether it is a container."""

import os
import struct
from typing import Any, Dict, List, Optional, Tuple

from ..jvm import roots

CGROUPS = "/sys/fs/cgroup"
RUN = "/run"
MARKS = (("/run/.containerenv", "podman"), ("/.dockerenv", "docker"))
"""Images carry them into virtual machines too, so they tell only which kind it is."""
OTHER = "other"
FIRST_PIDS = "pid:[4026531836]"
"""The namespace in which a machine's own processes are (PROC_PID_INIT_INO)."""
_TIMEX_BYTES = 256
"""More than struct timex has on any architecture."""
_UNSYNC, _TIME_ERROR = 0x0040, 5
_NO_LIMIT = 1 << 60
"""From here on a number is no limit: version 1 writes the highest page that it can count."""


def memory() -> Dict[str, int]:
    """Of the machine, in bytes."""
    host = {name: int(rest.split()[0]) * 1024 for name, rest in _fields(f"{roots.PROC}/meminfo") if rest}
    # kernels before 3.14 do not say what is available
    free = host.get("MemAvailable", host.get("MemFree", 0) + host.get("Cached", 0))
    return {
        "total": host["MemTotal"],
        "available": free,
        "swap_total": host.get("SwapTotal", 0),
        "swap_used": host.get("SwapTotal", 0) - host.get("SwapFree", 0),
    }


def limited(host: Dict[str, int]) -> Dict[str, int]:
    """The same within the limits of the cgroup at the root, where this host is a container that has lower ones.

    What the kernel can take back at once, its cache of files, counts as free. Raises OSError, ValueError.
    """
    limit, used, swap, swapped = _of_cgroup()
    found = dict(host)
    if limit is not None and limit < host["total"]:
        found.update(total=limit, available=max(0, min(host["available"], limit - used)))
    if swap is not None and swap < host["swap_total"]:
        found.update(swap_total=swap, swap_used=min(swapped, swap))
    return found


def sysctl(names: List[str]) -> Tuple[Dict[str, str], List[str]]:
    """Values of those that exist here, and why some could not be read."""
    found, refused = {}, []  # type: Dict[str, str], List[str]
    for name in names:
        try:
            found[name] = " ".join(_text(f"{roots.PROC}/sys/{name.replace('.', '/')}").split())
        except FileNotFoundError:
            continue
        except OSError as error:
            refused.append(f"sysctl {name} could not be read: {error.strerror}")
    return found, refused


def clock() -> Dict[str, Any]:
    """What the kernel says of this clock's synchronization; it needs no rights to ask."""
    try:
        import ctypes

        timex = ctypes.create_string_buffer(_TIMEX_BYTES)
        state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    except (ImportError, OSError, AttributeError) as error:
        return {"synchronized": None, "why": f"the kernel could not be asked: {error}"}
    if state < 0:
        return {"synchronized": None, "why": f"the kernel did not tell: {os.strerror(ctypes.get_errno())}"}
    return told_clock(state, timex.raw)


def told_clock(state: int, timex: bytes) -> Dict[str, Any]:
    """From what adjtimex gave: struct timex begins with modes, offset, freq, maxerror, esterror and status."""
    _, _, _, most_error, _, status = struct.unpack_from("@Illlli", timex)
    if state == _TIME_ERROR or status & _UNSYNC:
        return {"synchronized": False, "error_seconds": None, "why": "nothing keeps the kernel's clock synchronized"}
    return {"synchronized": True, "error_seconds": most_error / 1e6}


def container() -> Optional[str]:
    """Kind of container that this host is; None for a machine."""
    if os.path.exists(f"{RUN}/systemd/container"):
        return _text(f"{RUN}/systemd/container").strip() or OTHER
    if os.readlink(f"{roots.PROC}/self/ns/pid") == FIRST_PIDS:
        return None
    for mark, kind in MARKS:
        if os.path.exists(mark):
            return kind
    try:
        words = _text(f"{roots.PROC}/1/environ").split("\0")
    except PermissionError:
        return OTHER
    return next((word[len("container=") :] for word in words if word.startswith("container=")), OTHER)


def _of_cgroup() -> Tuple[Optional[int], int, Optional[int], int]:
    """Limit and use of memory and of swap; None for no limit."""
    one, two = f"{CGROUPS}/memory/memory.", f"{CGROUPS}/memory."
    base = one if os.path.exists(one + "limit_in_bytes") else two
    stat = {name: int(rest) for name, rest in _fields(base + "stat", " ")}
    if base == two:
        used = (_number(two + "current") or 0) - stat.get("inactive_file", 0)
        return _number(two + "max"), used, _number(two + "swap.max"), _number(two + "swap.current") or 0
    limit, both = _number(one + "limit_in_bytes"), _number(one + "memsw.limit_in_bytes")
    used = (_number(one + "usage_in_bytes") or 0) - stat.get("total_inactive_file", 0)
    swap = None if limit is None or both is None else both - limit
    return limit, used, swap, stat.get("total_swap", 0)


def _fields(path: str, mark: str = ":") -> List[Tuple[str, str]]:
    """Names and what follows, a line each; none where there is no such file."""
    try:
        lines = [line.partition(mark) for line in _text(path).splitlines()]
    except FileNotFoundError:
        return []
    return [(name, rest.strip()) for name, _, rest in lines]


def _number(path: str) -> Optional[int]:
    """None where there is no such file, or it sets no limit."""
    try:
        text = _text(path).strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdigit() and int(text) < _NO_LIMIT else None


def _text(path: str) -> str:
    with open(path, errors="replace") as file:
        return file.read()
