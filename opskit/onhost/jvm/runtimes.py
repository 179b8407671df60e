"""The Java runtime of a process: where it lies, which release, which VM. From its maps and its `release` file."""

import os
import re
from typing import Dict, Optional

from . import roots

MOST_BYTES = 65536
_LIBRARY = re.compile(rb" (/[^\n]*/lib(jvm|j9vm\d*)\.so)(?: \(deleted\))?\n")
_NAMED = re.compile(r'^(\w+)="?([^"\n]*)"?$', re.MULTILINE)
_IN_PATH = re.compile(r"(?:java|jdk|jre|temurin|corretto|zulu)[-_]?(?:1\.(?=8))?(\d{1,2})(?=\D|$)")


def library(maps: bytes) -> Optional[str]:
    """Path of the VM's library in /proc/PID/maps as /proc shows it; OpenJ9's where there are both. None: no JVM."""
    found = sorted({(match.group(2) == b"jvm", match.group(1)) for match in _LIBRARY.finditer(maps)})
    return os.fsdecode(found[0][1]) if found else None


def facts(pid: int, path: str) -> Dict[str, object]:
    """path: of the VM's library, as the process names it. {major, version, home, vm}."""
    folder, depth = os.path.dirname(path), 0
    while len(folder) > 1 and depth < 6:
        names = _release(pid, folder)
        if "JAVA_VERSION" in names:
            return described(path, names, folder)
        folder, depth = os.path.dirname(folder), depth + 1
    return described(path, {}, None)


def described(path: str, names: Dict[str, str], home: Optional[str]) -> Dict[str, object]:
    """names: of the release file, {} without one: then the major version may still stand in the path."""
    version, in_path = names.get("JAVA_VERSION"), _IN_PATH.search(path)
    major = re.match(r"(?:1\.(?=8))?(\d+)", version) if version else in_path
    open_j9 = "libj9vm" in path or "j9" in names.get("JVM_VARIANT", "").lower()
    return {
        "major": int(major.group(1)) if major else None,
        "version": version,
        "home": home,
        "vm": "OpenJ9" if open_j9 else "HotSpot",
    }


def _release(pid: int, folder: str) -> Dict[str, str]:
    try:
        text = roots.read(pid, os.path.join(folder, "release"), MOST_BYTES).decode(errors="replace")
    except OSError:
        return {}
    return dict(_NAMED.findall(text))
