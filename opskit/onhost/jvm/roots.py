"""Files as another process sees them: below its own root, whatever links there are."""

import errno
import os
import stat
from typing import List

PROC = "/proc"
MOST_LINKS = 40
"""In one path, as in Linux."""
DELETED = " (deleted)"


def opened(pid: int, path: str) -> int:
    """A read-only descriptor of what a process finds at an absolute path.

    A link leads nowhere but below the root of that process, which may be a container that nobody trusts. Raises OSError
    as open() does.
    """
    stack = [os.open(f"{PROC}/{pid}/root", os.O_PATH | os.O_DIRECTORY)]
    ahead, links = path.split("/")[::-1], 0
    try:
        while ahead:
            part = ahead.pop()
            if part == "..":
                _close(stack, max(1, len(stack) - 1))
            elif part not in ("", "."):
                stack.append(os.open(part, os.O_PATH | os.O_NOFOLLOW, dir_fd=stack[-1]))
                if stat.S_ISLNK(os.fstat(stack[-1]).st_mode):
                    links += 1
                    if links > MOST_LINKS:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                    target = os.readlink("", dir_fd=stack[-1])
                    _close(stack, 1 if target.startswith("/") else len(stack) - 1)
                    ahead.extend(target.split("/")[::-1])
        # a pipe without a writer must not hold up the look at a host
        return os.open(f"/proc/self/fd/{stack[-1]}", os.O_RDONLY | os.O_NONBLOCK)
    finally:
        _close(stack, 0)


def read(pid: int, path: str, most_bytes: int) -> bytes:
    """The beginning of a file as the process sees it. Raises OSError."""
    with open(opened(pid, path), "rb") as file:
        return file.read(most_bytes)


def own_path(pid: int, link: str) -> str:
    """A path as /proc shows it to us → as the process itself would name it; without the mark of a deleted file."""
    path = link[: -len(DELETED)] if link.endswith(DELETED) else link
    root = os.readlink(f"{PROC}/{pid}/root").rstrip("/")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def _close(stack: List[int], keep: int) -> None:
    while len(stack) > keep:
        os.close(stack.pop())
