"""What a figure depends on beside the table: this machine, and the opskit that measured."""

import os
import re
import shutil
import subprocess

from opskit import __version__
from opskit.experiment.result import Machine
from opskit.paths import assets

GIB = 2**30


def this(java: str = "") -> Machine:
    """java: release on the labs' hosts."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    cores = len(os.sched_getaffinity(0))
    return Machine(cores=cores, memory_gib=round(memory, 1), kernel=os.uname().release, java=java)


def java_release(text: str) -> str:
    """`openjdk 17.0.13` out of what `java -version` prints; "" where it says no such thing."""
    found = re.search(r'(\w+) version "([^"]+)"', text)
    return f"{found[1]} {found[2]}" if found else ""


def opskit_version() -> str:
    """Version and commit, -dirty where the checkout holds more than that; outside of a checkout the version alone."""
    if shutil.which("git") is None:
        return __version__
    described = subprocess.run(
        ["git", "-C", str(assets()), "describe", "--always", "--dirty", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    commit = described.stdout.strip()
    return f"{__version__} ({commit})" if commit else __version__
