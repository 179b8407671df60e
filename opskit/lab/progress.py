"""How a slow step says what it does; the command line shows it."""

from typing import Protocol


class Progress(Protocol):
    def note(self, text: str) -> None:
        """Something happened: a line that stays."""

    def busy(self, text: str) -> None:
        """Something goes on: a line that moves, where there is a terminal."""
