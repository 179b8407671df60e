"""What a drill is judged against."""

from opskit.inventory.cluster import Frozen

CONSUME_DEADLINE_SECONDS = 5.0
"""A message acknowledged and not received by then counts as a failed delivery."""


class Limits(Frozen):
    """windows: path → seconds, for the paths that are judged; `produce@BROKER` falls back to `produce` where missing.

    stable_seconds: nothing may fail for so long after a recovery. unjudged_paths: those that the fault must break, such
    as the question to the hung nameserver itself. required_attached: how many clients must have had a victim for their
    nameserver, 0 where no nameserver is a victim; victim_nameservers: their addresses.
    """

    windows: dict[str, float]
    stable_seconds: float = 30.0
    consume_deadline_seconds: float = CONSUME_DEADLINE_SECONDS
    unjudged_paths: tuple[str, ...] = ()
    required_attached: int = 0
    victim_nameservers: tuple[str, ...] = ()
    baseline_seconds: float = 8.0
    """Before the fault nothing may fail for so long."""
