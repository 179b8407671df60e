"""Live progress of a playbook on stderr: a line for each change, a moving line for the rest where it is a terminal."""

from types import TracebackType

from rich.text import Text

from opskit.reach.playbook import Event
from opskit.report.shapes import Mark
from opskit.report.terminal import STYLES, SYMBOLS, console

QUIET_STEPS = ("Validating arguments", "Group by")


class PlaybookProgress:
    """Feeds on the events of `opskit.reach.playbook.play`."""

    def __init__(self, every_step: bool = False) -> None:
        self._every_step = every_step
        self._console = console(stderr=True)
        self._status = self._console.status("Starting Ansible")
        self._stage = ""

    def __enter__(self) -> "PlaybookProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def on_event(self, event: Event) -> None:
        """Show one step."""
        step = event.step.rsplit(" : ", 1)[-1]
        if step.startswith(QUIET_STEPS):
            return
        if event.outcome == "started":
            self._move(f"{event.stage}: {event.host}: {step}")
            return
        if event.stage != self._stage:
            self._stage = event.stage
            self._console.print(Text(f"▸ {event.stage}", style="bold"))
        if event.outcome in ("failed", "unreachable"):
            self._line(event.host, step, "bad")
        elif event.changed or "gate" in step.lower():
            self._line(event.host, step, "good")
        elif self._every_step:
            self._line(event.host, f"{step} ({event.outcome})", "dim")

    def _move(self, text: str) -> None:
        """What is under way, as a moving line; a pipe gets the lines of what is done only."""
        self._status.update(Text(text))
        if self._console.is_terminal:
            self._status.start()

    def _line(self, host: str, step: str, mark: Mark) -> None:
        style, symbol = STYLES[mark], SYMBOLS[mark]
        self._console.print(Text(f"  {symbol}{host}: {step}", style=style))
