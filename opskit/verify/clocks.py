"""Samples of the hosts' monotonic clocks against the controller's."""

import time
from collections import defaultdict, deque
from collections.abc import Callable

from opskit.verify.history import Clock


class Clocks:
    """Turns questions and their answers into `clock` records. A host answers in the order it was asked."""

    def __init__(self, record: Callable[[Clock], None]) -> None:
        self._record = record
        self._asked: defaultdict[str, deque[int]] = defaultdict(deque)

    def asking(self, who: str) -> None:
        """A question leaves now. who: one connection."""
        self._asked[who].append(time.monotonic_ns())

    def heard(self, who: str, host: str, boot_id: str, mono_ns: int) -> None:
        """The answer came now; mono_ns: the host's clock when it answered."""
        now, asked = time.monotonic_ns(), self._asked[who].popleft()
        self._record(Clock(host, boot_id, now, (asked + now) // 2 - mono_ns, (now - asked + 1) // 2))
