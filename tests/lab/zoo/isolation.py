"""A JVM as a container has it: pid and mount namespaces, a user and a read-only root of its own, a cgroup with an id.

Lab hosts may not make namespaces, so this machine does it for them, as a container engine would: it enters the host's
namespaces and makes new ones below. The lab's hosts are containers themselves, so their process 1 is known here.
"""

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from conftest import Lab

from .variants import LOGS, ROOT, Variant

CGROUPS = Path("/sys/fs/cgroup")
CONTAINER = "f" * 12 + "0123456789abcdef" * 3 + "f" * 4
"""The id that stands in its cgroup."""
LEAF = f"machine.slice/libpod-{CONTAINER}.scope"
INIT = "/init.scope"


def script(variant: Variant, command: Sequence[str]) -> str:
    """What the first process of the new namespaces does; its jars lie at another path there than on the host."""
    user, group = f"$(id -u {variant.user})", f"$(id -g {variant.user})"
    return "\n".join(
        (
            "set -eu",
            "mkdir -p /app",
            f"mount --bind {variant.folder} /app",
            f"mount --bind {LOGS} {LOGS}",
            "mount -t tmpfs -o mode=1777 tmpfs /tmp",
            "mount -o remount,bind,ro /",
            f"mount -t tmpfs -o mode=755 tmpfs {ROOT}",
            "cd /app",
            f"exec setpriv --reuid {user} --regid {group} --clear-groups --inh-caps=-all --bounding-set=-all"
            f" {shlex.join(command)} >>{variant.log} 2>>{LOGS}/{variant.name}.err </dev/null",
        )
    )


def start(lab: Lab, host: str, text: str) -> "subprocess.Popen[bytes]":
    """Run the script in new namespaces of a lab host. Its JVM ends with the process that is returned."""
    first = lab.podman("inspect", host, "--format", "{{.State.Pid}}").strip()
    entered = ("nsenter", "--target", first, "--mount", "--uts", "--ipc", "--net", "--pid")
    made = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", text)
    join = "".join(f"echo $$ >{shlex.quote(str(folder))}/cgroup.procs\n" for folder in _cgroups(first))
    return subprocess.Popen(("sh", "-c", f"{join}exec {shlex.join((*entered, *made))}"), stdin=subprocess.DEVNULL)


def _cgroups(first: str) -> list[Path]:
    """The host's own, so that what freezes the host freezes this too; where systemd counts, one below it."""
    folders = []
    for row in Path(f"/proc/{first}/cgroup").read_text().splitlines():
        _, controllers, path = row.split(":", 2)
        unified = CGROUPS / "unified" if (CGROUPS / "unified").exists() else CGROUPS
        root = {"name=systemd": CGROUPS / "systemd", "": unified}.get(controllers, CGROUPS / controllers)
        folder = root / path.removesuffix(INIT).lstrip("/")
        if controllers in ("", "name=systemd"):
            folder /= LEAF
            folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder / "cgroup.procs", os.W_OK):
            folders.append(folder)
    return folders
