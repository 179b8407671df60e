"""The controller, at the other end of stdin and stdout. It may be silent, gone, or not listening: nothing here waits
for it longer than it says, and nothing here raises because of it."""

import io
import json
import os
import select
import signal
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator

STOPS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
WRITE_SECONDS = 1.0


class Controller:
    """Events go out as JSON lines; the words beat and undo come in, one a line."""

    def __init__(self, lines: io.BufferedReader, out: int, stops: int, quiet_seconds: float) -> None:
        self._in, self._out, self._stops = lines.fileno(), out, stops
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        # what was read ahead together with the request
        self._pending = lines.read(len(lines.peek()))
        self._quiet_seconds, self._heard = quiet_seconds, time.monotonic()
        self._deaf = False

    def say(self, event: str, **fields: Any) -> None:
        self._write({"event": event, **fields})

    def fail(self, sentence: str) -> None:
        """An error, in the form of any reply."""
        self._write({"error": sentence})

    def listen(self, until: float) -> str:
        """Answer what comes in until a monotonic instant.

        Returns why the fault must end: undo · gone · silence · signal; "" where it may go on.
        """
        while True:
            *lines, self._pending = self._pending.split(b"\n")
            if any(self._answer(line.strip()) for line in lines):
                return "undo"
            quiet_at = self._heard + self._quiet_seconds
            wait = max(0.0, min(until, quiet_at) - time.monotonic())
            readable, _, _ = select.select([self._in, self._stops], [], [], wait)
            if self._stops in readable:
                return "signal"
            if self._in in readable:
                data = self._read()
                if not data:
                    return "gone"
                self._pending, self._heard = self._pending + data, time.monotonic()
            elif self._deaf:
                return "gone"
            elif time.monotonic() >= quiet_at:
                return "silence"
            elif time.monotonic() >= until:
                return ""

    def _answer(self, word: bytes) -> bool:
        """Whether it asks for the undo."""
        if word == b"beat":
            self.say("beat", mono_ns=time.monotonic_ns(), wall_ns=time.time_ns())
        return word == b"undo"

    def _read(self) -> bytes:
        try:
            return os.read(self._in, 65536)
        except OSError:
            return b""

    def _write(self, message: Dict[str, Any]) -> None:
        data, end = json.dumps(message).encode() + b"\n", time.monotonic() + WRITE_SECONDS
        while data and not self._deaf:
            try:
                data = data[os.write(self._out, data) :]
            except BlockingIOError:
                left = end - time.monotonic()
                # half a line may be out: no other can follow it
                self._deaf = left <= 0
                select.select([], [self._out], [], max(0.0, left))
            except OSError:
                self._deaf = True


@contextmanager
def controller(lines: io.BufferedReader, out: int, quiet_seconds: float) -> Iterator[Controller]:
    """The controller, with the signals that stop a program turned into a reason to end the fault.

    quiet_seconds: after so long without a line the connection counts as dead.
    """
    stops, wake = os.pipe()
    os.set_blocking(wake, False)
    before_fd = signal.set_wakeup_fd(wake)
    before = {signum: signal.signal(signum, lambda *_: None) for signum in STOPS}
    try:
        yield Controller(lines, out, stops, quiet_seconds)
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        signal.set_wakeup_fd(before_fd)
        os.close(stops)
        os.close(wake)
