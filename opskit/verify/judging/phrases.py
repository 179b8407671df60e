"""Words that the sentences of a verdict share; pure."""

from collections.abc import Sequence


def some(names: Sequence[str]) -> str:
    """The first, and how many more."""
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def count(number: int, noun: str) -> str:
    """1 client, 2 clients, no client."""
    return f"{number or 'no'} {noun}{'s' if number > 1 else ''}"
