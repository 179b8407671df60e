"""What apply and undo did, as report shapes."""

from collections.abc import Iterator

from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table
from opskit.rollout import present_prove
from opskit.rollout.outcome import ApplyResult, JobOutcome, UndoResult

RESTART = "restart"
"""In place of a way, where the files on the disk were changed by somebody else, and a restart brought them in."""
_MARKS: dict[str, Mark] = {"applied": "good", "left": "warn", "not begun": "warn"}


def present(result: ApplyResult) -> Iterator[Shape]:
    """What became of each JVM, what stopped the roll, and what is in force afterwards."""
    if result.jobs:
        yield Heading("What was done")
        yield Table(("host", "service", "way", "outcome", ""), tuple(_row(job) for job in result.jobs))
    for one in result.unseen:
        yield Sentence(f"{one.host} could not be seen, or not all of it: {one.why}", "warn")
    if result.failure:
        yield Sentence(f"The roll stopped. {result.failure}", "bad")
        yield Sentence("Mend that, and run it again: what is done already is passed over.", "dim")
    if result.outcome == "cancelled":
        yield Sentence("Interrupted. Run it again to go on, or undo what is done.", "warn")
    if result.proof:
        yield from present_prove.present(result.proof)
    if result.outcome != "checked" and not result.jobs:
        yield Sentence("There was nothing that opskit had to do.", "good")


def present_undo(result: UndoResult) -> Iterator[Shape]:
    """What was taken back, and what was not."""
    if result.undone:
        yield Table(
            ("host", "service", "way", "outcome"),
            tuple(
                (
                    one.host,
                    one.subject,
                    ", ".join(one.ways) or RESTART,
                    Cell(one.error, "bad") if one.error else Cell(". ".join(("undone", *one.sentences)), "good"),
                )
                for one in result.undone
            ),
        )
    for one in result.unseen:
        yield Sentence(f"{one.host} could not be asked: {one.why}", "bad")
    if not result.undone and not result.unseen:
        yield Sentence("There is no record of a rollout that stands.", "good")


def _row(job: JobOutcome) -> tuple[Cell | str, ...]:
    outcome = Cell(job.state, _MARKS.get(job.state, "bad"))
    return job.host, job.subject, ", then ".join(job.ways) or RESTART, outcome, job.sentence
