"""Holds, fails or unjudged; pure.

A run that is void says nothing: its fault is not shown to have been in effect throughout, or its baseline failed. Else
one window that is certainly broken, or one lost message, is enough to fail; and one window that could not be judged is
enough not to hold.
"""

from collections.abc import Sequence

from opskit.verify.judging.align import Aligned
from opskit.verify.judging.reasons import Watched, blurred, broken, kept, lost, unattached, undecided, unknown, untried
from opskit.verify.limits import Limits
from opskit.verify.result import Ledger, Undo, Verdict, Window


def verdict(
    aligned: Aligned,
    windows: Sequence[Window],
    ledgers: Sequence[Ledger],
    void: Sequence[str],
    watched: Watched,
    limits: Limits,
    undo: Undo,
) -> Verdict:
    """void: sentences, why the run shows nothing; none where it does. undo: an axis of its own, handed through."""
    judged = [one for one in windows if one.limit_seconds is not None]
    certain, doubtful = lost(aligned, ledgers)
    if void:
        return Verdict(judgement="unjudged", reasons=(*void, *certain), undo=undo)
    failing = [*certain, *broken(judged, limits, watched)]
    unclear = [
        *unattached(aligned, limits),
        *untried(judged, limits),
        *unknown(judged),
        *blurred(judged, limits),
        *undecided(judged, limits, watched),
        *doubtful,
    ]
    if failing or unclear:
        return Verdict(judgement="fails" if failing else "unjudged", reasons=(*failing, *unclear), undo=undo)
    return Verdict(judgement="holds", reasons=tuple(kept(judged)), undo=undo)
