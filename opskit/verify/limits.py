"""What a drill is judged against."""

from typing import Literal

from opskit.inventory.cluster import Frozen

CONSUME_DEADLINE_SECONDS = 5.0
"""A message acknowledged and not received by then counts as a failed delivery."""


class Limits(Frozen):
    """windows: path → seconds, for the paths that are judged; `produce@BROKER` falls back to `produce`, and so on.

    stable_seconds: nothing may fail for so long after a recovery. unjudged_paths: those that the fault must break, such
    as the question to the hung nameserver itself; they are judged after the thaw. required_attached: how many clients
    must have had a victim for their nameserver, 0 where no nameserver is a victim; victim_nameservers: their addresses.
    """

    windows: dict[str, float]
    thaw_seconds: float = 0.0
    """After the thaw no window is narrower: what was away is known to its clients only after timers of their own."""
    stable_seconds: float = 30.0
    consume_deadline_seconds: float = CONSUME_DEADLINE_SECONDS
    unjudged_paths: tuple[str, ...] = ()
    required_attached: int = 0
    victim_nameservers: tuple[str, ...] = ()
    baseline_seconds: float = 8.0
    """Before the fault nothing may fail for so long."""
    least_samples: int = 5
    """Fewer operations than these say nothing about a path."""
    untried_seconds: float = 3.0
    """Where the probe starts nothing for longer (and for five intervals), nobody knows how the path was."""
    silence_seconds: float = 5.0
    """Where nothing succeeds for longer (and for five intervals), a path is down, also when nothing fails."""
    proof_seconds: float = 10.0
    """A victim must show the fault at least so often."""
    coarsest: float = 0.05
    """Resolution that is still fine enough, as a part of the window."""

    def of(self, path: str, event: Literal["fault", "thaw"] = "thaw") -> float | None:
        """The window of a path in seconds: its own, else that of its kind, the word before the @; None: not judged.

        event: by default the one after which every path that has a window is judged.
        """
        if event == "fault" and path in self.unjudged_paths:
            return None
        own = self.windows.get(path)
        found = self.windows.get(path.partition("@")[0]) if own is None else own
        return found if found is None or event == "fault" else max(found, self.thaw_seconds)
