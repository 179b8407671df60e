"""A reader that leaves, as `head` or a closed terminal does, ends neither the work nor changes its exit code."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def muted_when_gone(stream: IO[str]) -> Iterator[None]:
    """Write in the body; where nobody reads any more, this and whatever follows on the stream goes nowhere."""
    try:
        yield
    except OSError as error:
        # a pipe without a reader, a terminal that was hung up
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
        mute(stream)


def mute(stream: IO[str]) -> None:
    """What is still buffered for the stream would raise at the program's end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
