"""What tells whether an agent can be brought into the start of a unit by a drop-in."""

import glob
import os
import re
import stat
from typing import Any, Dict, List

from .. import units

_FILE = re.compile(r"^EnvironmentFiles=(/.*?)(?: \(ignore_errors=\w+\))?$")


def facts(request: Dict[str, Any]) -> Dict[str, Any]:
    """request {units, shown: names of properties}; {units: {unit: {systemd, properties, environment_files}}}.

    environment_files: path → why somebody other than root may write it, "" where nobody may.
    """
    version = int(re.findall(r"\d+", units.systemctl("--version"))[0])
    found = {}
    for unit in request["units"]:
        shown = units.properties(unit, ",".join(request["shown"]))
        # a line for each file, which a table of properties would fold into one
        lines = units.systemctl("show", "-p", "EnvironmentFiles", unit)
        files = {path: writable(path) for path in environment_files(lines)}
        found[unit] = {"systemd": version, "properties": shown, "environment_files": files}
    return {"units": found}


def environment_files(lines: str) -> List[str]:
    """Paths in what `systemctl show -p EnvironmentFiles` prints; a glob stands for what it finds, and its folder."""
    found = []
    for match in map(_FILE.match, lines.splitlines()):
        if match and glob.has_magic(match.group(1)):
            found += [os.path.dirname(match.group(1)), *glob.glob(match.group(1))]
        elif match:
            found.append(match.group(1))
    return found


def writable(path: str) -> str:
    """Why somebody other than root may write this file, or put another in its place; "" where nobody may."""
    here = os.path.realpath(path)
    while True:
        if os.path.exists(here):
            info = os.stat(here)
            if info.st_uid:
                return f"{here} belongs to uid {info.st_uid}"
            # anybody may make files in a sticky folder, and nobody may replace another's
            if info.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not info.st_mode & stat.S_ISVTX:
                return f"{here} may be written by others than root"
        if here == "/":
            return ""
        here = os.path.dirname(here)
