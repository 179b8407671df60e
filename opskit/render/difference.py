"""Unified diffs with secrets masked on both sides."""

import difflib
import re

MASK = "********"


def unified(path: str, before: str | None, after: str, secret_keys: tuple[str, ...] = ()) -> str:
    """A unified diff of one file, "" where nothing differs; before None means that there is no such file yet.

    Values of secret keys are masked; one that changed shows as such without either value.
    """
    old, new = _masked(before or "", after, secret_keys)
    lines = difflib.unified_diff(
        old.splitlines(),
        new.splitlines(),
        f"{path} (on the host)" if before is not None else "/dev/null",
        path,
        lineterm="",
    )
    return "\n".join(lines)


def _masked(before: str, after: str, secret_keys: tuple[str, ...]) -> tuple[str, str]:
    for key in secret_keys:
        pattern = re.compile(rf"^(\s*{re.escape(key)}\s*[=:]\s*)(.*)$", re.MULTILINE)
        old, new = pattern.search(before), pattern.search(after)
        changed = bool(old and new and old.group(2) != new.group(2))
        before = pattern.sub(rf"\g<1>{MASK}", before)
        after = pattern.sub(rf"\g<1>{MASK}{' (changed)' if changed else ''}", after)
    return before, after
