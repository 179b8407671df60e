"""Drills with live progress on stderr: a moving line where it is a terminal, a line every few seconds where not."""

import random
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.text import Text

from opskit.cli.state import State, say_to_stderr, show_result
from opskit.errors import Exit, OpskitError, worst
from opskit.report.terminal import console

if TYPE_CHECKING:
    from opskit.inventory.cluster import Cluster
    from opskit.verify.drill import Tick
    from opskit.verify.options import Options

EVERY_SECONDS = 10.0
POLL_SECONDS = 30.0
"""pollNameServerInterval by default (ClientConfig): drills that are repeated begin at random phases of it."""
SENTENCES = {
    "baseline": "Baseline",
    "inject": "Injecting",
    "fault": "The fault is in effect",
    "undo": "Undoing",
    "thaw": "Undone, traffic goes on",
    "late": "Waiting for messages that are late",
    "end": "Over",
}


class DrillProgress:
    """Feeds on the ticks of a drill."""

    def __init__(self) -> None:
        self._console = console(stderr=True)
        self._status = self._console.status("")
        self._phase, self._told = "", 0.0

    def __enter__(self) -> "DrillProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def on_tick(self, tick: "Tick") -> None:
        """Show where the drill is."""
        failing = ", ".join(tick.failing) or "none"
        text = Text(
            f"{SENTENCES[tick.phase]}: {tick.seconds:.0f} of {tick.of_seconds:.0f} s · failing now: {failing}"
            f" · {tick.failed} of {tick.attempted} operations failed"
        )
        if self._console.is_terminal:
            self._status.update(text)
            self._status.start()
        elif tick.phase != self._phase or tick.seconds - self._told >= EVERY_SECONDS:
            self._phase, self._told = tick.phase, tick.seconds
            self._console.print(text, soft_wrap=True)


def run_drills(state: State, cluster: "Cluster", options: "Options", repeat: int = 1) -> Exit:
    """Make so many drills, each at another phase of the clients' route poll; show each result, the worst exit code."""
    from opskit.lab.pause import LabPauser
    from opskit.verify.run import verify
    from opskit.verify.showing.present import exit_code, present

    pauser = LabPauser() if options.fault == "freeze-host" else None
    codes = []
    for number in range(1, repeat + 1):
        if number > 1:
            pause = random.uniform(0, POLL_SECONDS)  # noqa: S311 - a phase, no secret
            say_to_stderr(f"Drill {number} of {repeat} begins in {pause:.0f} s, at another phase of the timers")
            time.sleep(pause)
        try:
            with DrillProgress() as progress:
                result = verify(cluster, options, say_to_stderr, progress.on_tick, pauser)
        except OpskitError as error:
            if repeat == 1:
                raise
            say_to_stderr(f"opskit: {error}")
            codes.append(error.code)
        else:
            show_result(state, result, list(present(result)))
            codes.append(exit_code(result))
        if codes[-1] is Exit.UNDO_FAILED:
            break
    return worst(codes)
