"""What of a fault may still be in place, in words; pure."""

from collections.abc import Sequence

from opskit.verify.restored import differences
from opskit.verify.victims import Victim


def armed(victims: Sequence[Victim]) -> bool:
    """Whether an undo was armed anywhere: a victim shows its snapshot before that."""
    return any(victim.before for victim in victims)


def left(victims: Sequence[Victim]) -> tuple[str, ...]:
    """A sentence for everything that is not as it was, and what to type; none where all is undone.

    A victim that refused, or was never reached, showed no snapshot: nothing was armed there.
    """
    found: list[str] = []
    for victim in (one for one in victims if one.before):
        if not victim.restored.is_set():
            by_hand = f" By hand: {'; '.join(victim.by_hand)}." if victim.by_hand else ""
            found.append(f"{victim.host}: THE UNDO IS NOT CONFIRMED: {victim.error or 'no answer'}.{by_hand}")
        else:
            kind = victim.request["kind"]
            found += [f"{victim.host}: {each}." for each in differences(victim.before, victim.after, kind)]
    return tuple(found)
