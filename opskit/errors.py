"""The one error type of opskit, and the exit codes it ends a run with."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every opskit command."""

    HOLDS = 0
    """Done, and what was asked holds."""
    FAILS = 1
    """Judged, and it does not hold."""
    USAGE = 2
    """Wrong usage or a bad inventory; nothing was touched."""
    UNJUDGED = 3
    """Could not be judged: a host out of reach, a baseline too weak."""
    UNDO_FAILED = 4
    """An undo failed: something may still be in place."""
    BUG = 70
    """A bug in opskit."""
    INTERRUPTED = 130
    TERMINATED = 143


PRECEDENCE = (
    Exit.UNDO_FAILED,
    Exit.BUG,
    Exit.INTERRUPTED,
    Exit.TERMINATED,
    Exit.FAILS,
    Exit.UNJUDGED,
    Exit.USAGE,
    Exit.HOLDS,
)


def worst(codes: "list[Exit]") -> Exit:
    """The code that wins where several apply; HOLDS where there is none."""
    return min(codes, key=PRECEDENCE.index, default=Exit.HOLDS)


class OpskitError(Exception):
    """Something the operator can mend, in one sentence.

    what: what is wrong; where: the file and key, or the host; remedy: what to do about it.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", code: Exit = Exit.USAGE) -> None:
        super().__init__(what)
        self.what, self.where, self.remedy, self.code = what, where, remedy, code

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}\n  {self.remedy}" if self.remedy else sentence
