"""How much memory a JVM may take, by its start options. Pure."""

import re
from collections.abc import Sequence

QUARTER = 25.0
"""Percent of the memory that a heap without a size takes: MaxRAMPercentage of HotSpot."""
_SIZE = re.compile(r"(\d{1,20})([kmgt]?)", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_HEAP = ("-Xmx", "-XX:MaxHeapSize=")
_DIRECT = ("-XX:MaxDirectMemorySize=",)
_SHARE = re.compile(r"-XX:MaxRAMPercentage=(\d{1,3}(?:\.\d{1,9})?)", re.ASCII)


def wanted_bytes(options: Sequence[str], memory: int) -> int:
    """Heap and direct memory; of an option that is given twice the later one counts. memory: the host's, in bytes.

    Direct memory without a limit of its own is not counted: it could grow to the size of the heap, and rarely does. An
    option that no JVM starts with is passed over: what looks like one may be anybody's process.
    """
    heap = _last(options, _HEAP)
    if heap is None:
        shares = [float(match[1]) for match in map(_SHARE.fullmatch, options) if match]
        heap = int(memory * (shares[-1] if shares else QUARTER) / 100)
    return heap + (_last(options, _DIRECT) or 0)


def _last(options: Sequence[str], names: tuple[str, ...]) -> int | None:
    found = None
    for option in options:
        name = next((name for name in names if option.startswith(name)), None)
        size = _SIZE.fullmatch(option[len(name) :]) if name else None
        if size:
            found = int(size[1]) * _UNITS[size[2].lower()]
    return found
