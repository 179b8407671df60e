"""Which row a lab takes next, and how long the rest takes. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence

from opskit.experiment.prepare import PreparedRow, Setup

LAB_SECONDS = 120.0
"""A new lab and its first deploy: 50 s for 4.x, up to 180 s for 5.x (docs/deploy.md)."""
AROUND_SECONDS = 75.0
"""What a drill takes beside hold and settling: start, baseline, late messages, judging."""


def next_row(
    waiting: Sequence[PreparedRow], running: Setup | None, elsewhere: Collection[Setup] = ()
) -> PreparedRow | None:
    """The row that changes least in a lab that runs `running`: nothing, the client jars, everything.

    Where everything changes, a row of servers that no other lab runs, of those that most rows still want. Other
    servers get a new lab, not a roll: it is quicker (docs/deploy.md), and no row inherits what another left.
    """
    wanted = Counter(row.setup.servers for row in waiting)
    taken = {setup.servers for setup in elsewhere}

    def cost(row: PreparedRow) -> tuple[int, bool, int]:
        if running is not None and row.setup.servers == running.servers:
            return int(row.setup != running), False, 0
        return 2, row.setup.servers in taken, -wanted[row.setup.servers]

    return min(waiting, key=cost, default=None)


def drill_seconds(row: PreparedRow) -> float:
    """About how long the drills of a row take."""
    return row.row.repeat * (row.plan.hold_seconds + row.plan.settle_seconds + AROUND_SECONDS)


def remaining_seconds(waiting: Sequence[PreparedRow], under_way: Sequence[float], jobs: int) -> float:
    """About how long until all is done. under_way: seconds that each row under way still takes."""
    labs = len({row.setup.servers for row in waiting}) * LAB_SECONDS
    rows = [drill_seconds(row) for row in waiting]
    return max((sum(rows) + labs + sum(under_way)) / jobs, *rows, *under_way, 0.0)
