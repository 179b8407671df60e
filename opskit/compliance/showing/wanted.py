"""The files that --output asks for."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from opskit.errors import OpskitError

KINDS = ("json", "junit", "html", "prom")


class Output(NamedTuple):
    """A form of the result, and the file it is wanted in."""

    kind: str
    path: Path


def outputs(words: Sequence[str]) -> tuple[Output, ...]:
    """What --output asks for. Raises OpskitError (exit 2) for a form there is not, or a folder that is not there."""
    return tuple(map(_output, words))


def _output(word: str) -> Output:
    kind, _, path = word.partition("=")
    if kind not in KINDS or not path:
        raise OpskitError(
            f"not KIND=PATH: {word}",
            where="--output",
            remedy=f"KIND is one of {', '.join(KINDS)}: --output junit=audit.xml.",
        )
    if not Path(path).absolute().parent.is_dir():
        raise OpskitError("its folder is not there", where=f"--output {word}", remedy="Make the folder first.")
    return Output(kind, Path(path).absolute())
