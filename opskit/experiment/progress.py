"""How an experiment says what it does; the command line shows it."""

from typing import Protocol


class Progress(Protocol):
    def note(self, text: str) -> None:
        """Something happened: a line that stays."""

    def busy(self, lab: str, text: str) -> None:
        """What goes on in a lab."""

    def idle(self, lab: str) -> None:
        """A lab has nothing to do any more."""

    def left(self, rows: int, seconds: float) -> None:
        """So many rows are not done yet, and take about so long."""
