"""What a class path names: jars and folders, with wildcards and the Class-Path of manifests in place."""

import os
import re
from typing import Callable, List, NamedTuple
from urllib.parse import unquote

from . import roots

ARCHIVES = (".jar", ".war", ".ear")
MOST_ELEMENTS = 10000


class Elements(NamedTuple):
    """Absolute paths as the process names them, which need not exist."""

    jars: List[str]
    folders: List[str]


def elements(pid: int, class_path: List[str], manifest: Callable[[str], bytes]) -> Elements:
    """class_path: as given at start, relative to the working directory; manifest: of the jar at a path, or nothing."""
    base = roots.own_path(pid, os.readlink(f"{roots.PROC}/{pid}/cwd"))
    ahead, found = [os.path.normpath(os.path.join(base, part)) for part in class_path], Elements([], [])
    seen = set(ahead)
    for path in ahead:
        # the list grows while it is walked
        if os.path.basename(path) == "*":
            more = _listed(pid, os.path.dirname(path))
        elif path.lower().endswith(ARCHIVES):
            found.jars.append(path)
            more = of_manifest(manifest(path), path)
        else:
            found.folders.append(path)
            more = []
        ahead += [one for one in more if one not in seen][: max(0, MOST_ELEMENTS - len(ahead))]
        seen.update(more)
    return found


def of_manifest(manifest: bytes, path: str) -> List[str]:
    """Absolute paths in the Class-Path of a jar's manifest, in which lines are folded at 72 bytes."""
    text = re.sub(rb"\r?\n ", b"", manifest).decode(errors="replace")
    given = re.search(r"^Class-Path: *(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    urls = given.group(1).split() if given else []
    local = [unquote(url[len("file:") :] if url.startswith("file:") else url) for url in urls if "://" not in url]
    return [os.path.normpath(os.path.join(os.path.dirname(path), one)) for one in local]


def _listed(pid: int, folder: str) -> List[str]:
    """The jars of a folder, as the launcher expands `folder/*`."""
    try:
        number = roots.opened(pid, folder)
    except OSError:
        return []
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(number) if name.lower().endswith(".jar"))
    except NotADirectoryError:
        return []
    finally:
        os.close(number)
