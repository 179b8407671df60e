"""What the lab needs of this machine, and the exact line that installs what is missing."""

import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from opskit.errors import Exit, OpskitError

TOOLS: Mapping[str, str] = {
    "podman": "podman",
    "iptables": "iptables",
    "netavark": "netavark",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
"""Tool → Debian package. Without iptables, netavark fails with "No such file or directory" and no word more."""

BUILD_TOOLS: Mapping[str, str] = {"mmdebstrap": "mmdebstrap"}
"""Needed only where the image has to be built from packages."""

SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/podman:/usr/libexec/podman"
"""Where podman finds its helpers, beside PATH."""


def check(tools: Mapping[str, str] = TOOLS) -> None:
    """Raises OpskitError (exit 3) that names all that is missing at once."""
    problem = judge(frozenset(tool for tool in tools if find(tool)), os.geteuid() == 0, tools)
    if problem:
        raise problem


def judge(present: Collection[str], root: bool, tools: Mapping[str, str] = TOOLS) -> OpskitError | None:
    """What keeps the lab from running here, given the tools found and whether this is root."""
    missing = [tool for tool in tools if tool not in present]
    if missing:
        packages = " ".join(dict.fromkeys(tools[tool] for tool in missing))
        sudo = "" if root else "sudo "
        return OpskitError(
            f"this machine lacks {', '.join(missing)}",
            where="lab",
            remedy=f"{sudo}apt-get install -y --no-install-recommends {packages}",
            code=Exit.UNJUDGED,
        )
    if not root:
        return OpskitError(
            "the lab needs root: hosts of a rootless podman have no address that this machine reaches",
            where="lab",
            remedy="Run it as root: sudo --preserve-env=OPSKIT_STATE,OPSKIT_CACHE opskit ….",
            code=Exit.UNJUDGED,
        )
    return None


def find(tool: str) -> Path | None:
    """A tool on PATH, or where the system keeps it."""
    found = shutil.which(tool, path=os.pathsep.join((os.environ.get("PATH", ""), SYSTEM_PATH)))
    return Path(found) if found else None
