"""Unified diffs with secrets masked on both sides."""

import difflib

from opskit.onhost.masking import masked


def unified(path: str, before: str | None, after: str) -> str:
    """A unified diff of one file, "" where nothing differs; before None means that there is no such file yet.

    Values of secret keys are masked; one that changed shows as such without either value.
    """
    old, new = masked(before, after)
    lines = difflib.unified_diff(
        (old or "").splitlines(),
        new.splitlines(),
        f"{path} (on the host)" if before is not None else "/dev/null",
        path,
        lineterm="",
    )
    return "\n".join(lines)
