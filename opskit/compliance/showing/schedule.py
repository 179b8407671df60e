"""A schedule for a person: what is installed, when it is due, and whether it ended as it should; pure."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from opskit.compliance.schedule.timer import LastAudit, ScheduleResult
from opskit.errors import Exit
from opskit.report.shapes import Banner, Heading, Listing, Mark, Sentence, Shape

ENDED: dict[int, tuple[str, Mark]] = {
    Exit.HOLDS: ("nothing open that counts", "good"),
    Exit.FAILS: ("there are findings", "bad"),
    Exit.UNJUDGED: ("not all could be judged", "warn"),
    Exit.USAGE: ("nothing was audited: the inventory or an option is wrong", "bad"),
    Exit.BUG: ("nothing was audited: a bug in opskit", "bad"),
}


def present(result: ScheduleResult) -> Iterator[Shape]:
    """The files in full only before they are written."""
    match result.did:
        case "previewed":
            yield Banner(f"Would audit {result.cluster} by {result.timer}; nothing was written", "good")
            yield Sentence(f"First due: {result.next}")
            for file in result.files:
                yield Heading(file.path)
                yield Listing(file.text)
        case "removed":
            yield Banner(f"{result.cluster} is no longer audited by a timer of this machine", "good")
            yield from (Sentence(f"Removed {file.path}", "dim") for file in result.files)
            yield Sentence("The history stays. A textfile of its metrics stays too, and its alerts fire: remove it.")
        case "nothing to remove":
            yield Banner(f"No timer of this machine audits {result.cluster}; nothing was removed", "good")
        case _:
            yield from _state(result)


def _state(result: ScheduleResult) -> Iterator[Shape]:
    if not result.files:
        yield Banner(f"No timer of this machine audits {result.cluster}", "bad")
        yield Sentence("`opskit -i INVENTORY compliance schedule install` makes one.")
        return
    if result.active and result.enabled:
        yield Banner(f"{result.cluster} is audited by {result.timer}", "good")
    else:
        off = "stopped" if result.enabled else "off after the next boot" if result.active else "off"
        yield Banner(f"{result.timer} is {off}: install it again, or remove it", "bad")
    if result.next:
        yield Sentence(f"Next: {result.next}")
    elif not result.running:
        yield Sentence("Next: never", "warn")
    # meanwhile systemd tells neither how the one before ended nor, mostly, when the next is due
    yield Sentence("An audit is under way") if result.running else _last(result.last)
    service = Path(result.timer).with_suffix(".service")
    yield Sentence(f"Its words: journalctl -u {shlex.quote(str(service))}", "dim")


def _last(last: LastAudit | None) -> Sentence:
    if last is None:
        return Sentence("It has not ended once since this machine booted", "dim")
    if last.result == "timeout":
        return Sentence(f"Last: it hung and was ended, {last.ended}", "bad")
    if last.result not in ("success", "exit-code"):
        return Sentence(f"Last: systemd could not run it to its end ({last.result}), {last.ended}", "bad")
    told, mark = ENDED.get(last.exit, ("nothing was audited: see its words", "bad"))
    return Sentence(f"Last: exit {last.exit}, {told}; {last.ended}", mark)
