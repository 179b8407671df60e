"""What became of the messages, in the words of Jepsen's total-queue checker; pure."""

from collections.abc import Iterable

from opskit.verify.judging.align import SECOND, Aligned, Messages
from opskit.verify.limits import Limits
from opskit.verify.result import Ledger

EVERYONE = "all"


def ledgers(aligned: Aligned, limits: Limits) -> tuple[Ledger, ...]:
    """One a client that sent or received anything."""
    undo = aligned.phases.get("undo", aligned.phases.get("thaw"))
    deadline = round(limits.consume_deadline_seconds * SECOND)
    return tuple(
        ledger(client, messages, None if client in aligned.unclocked else undo, deadline)
        for client, messages in sorted(aligned.messages.items())
    )


def ledger(client: str, messages: Messages, undo_ns: int | None, deadline_ns: int) -> Ledger:
    """undo_ns: on the clock of the messages; None where that is unknown, and then nothing is called late.

    It always adds up: received = acknowledged - lost + recovered + unexpected.
    """
    arrived: dict[int, int] = {}
    for instant, message in messages.arrived:
        arrived.setdefault(message, instant)
    counts = {"ok": 0, "fail": 0, "indeterminate": 0}
    lost = recovered = late = 0
    unexpected = sum(message not in messages.sent for message in arrived)
    for message, send in messages.sent.items():
        counts[send.outcome] += 1
        if message not in arrived:
            lost += send.outcome == "ok"
            continue
        at = arrived[message]
        recovered += send.outcome == "indeterminate"
        unexpected += send.outcome == "fail"
        late += undo_ns is not None and at >= undo_ns and at - send.end_ns > deadline_ns
    return Ledger(
        client=client,
        attempted=len(messages.sent),
        acknowledged=counts["ok"],
        failed=counts["fail"],
        indeterminate=counts["indeterminate"],
        received=len(arrived),
        lost=lost,
        duplicated=len(messages.arrived) - len(arrived),
        unexpected=unexpected,
        recovered=recovered,
        late=late,
    )


def total(each: Iterable[Ledger]) -> Ledger:
    """All clients together."""
    counted = [one.model_dump(exclude={"client"}) for one in each]
    names = [name for name in Ledger.model_fields if name != "client"]
    return Ledger(client=EVERYONE, **{name: sum(one[name] for one in counted) for name in names})
