"""Questions that may never be answered, such as those to a disk on a network that is gone: each has its own thread."""

# `threading` would take longer to import than the threads take to run
import _thread
import time
from typing import Any, Callable, Dict, Hashable, NamedTuple

from ..errors import sentence

Question = Callable[[], Any]


class Outcome(NamedTuple):
    """error: why there is no value; "" where there is one."""

    value: Any
    error: str = ""


class Asked:
    """Questions that are asked at once, and have so many seconds in all. One that hangs or fails costs the others
    nothing; what hangs is left behind, and ends with this process.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._end = seconds, time.monotonic() + seconds
        self._open: Dict[Hashable, Any] = {}
        self._found: Dict[Hashable, Outcome] = {}

    def put(self, key: Hashable, question: Question) -> None:
        """Ask a question, under a key that is new."""
        lock = self._open[key] = _thread.allocate_lock()
        lock.acquire()

        def work() -> None:
            self._found[key] = outcome(question)
            lock.release()

        try:
            _thread.start_new_thread(work, ())
        except RuntimeError:
            work()  # this user may have no more threads

    def is_asked(self, key: Hashable) -> bool:
        return key in self._open

    def get(self, key: Hashable) -> Outcome:
        """Wait for its answer; to be called once a question."""
        if self._open[key].acquire(timeout=max(0.0, self._end - time.monotonic())):
            return self._found[key]
        return Outcome(None, f"no answer within {self._seconds:g} s")


def outcome(question: Question) -> Outcome:
    """What became of a question that is asked here and now."""
    try:
        return Outcome(question())
    except Exception as error:
        return Outcome(None, sentence(error))
