"""How a systemd host must be started on this machine: facts in, podman's options out."""

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from opskit.errors import Exit, OpskitError
from opskit.lab.require import find

CAP_SYS_RESOURCE = 24
"""Bit of CAP_SYS_RESOURCE in a capability mask (linux/capability.h)."""
NOFILE_SOFT, NOFILE = 1024, 1_048_576
NPROC = 16_384
"""Threads of one user. Containers without a user namespace count them together, so a lab's hosts share it; podman 4.3
lowers its own hard limit to 32768, and above that runc fails with "error setting rlimit type 6"."""
PIDS = 4096
"""Tasks a host may hold: a broker's few hundred threads, and what a drill adds."""

Cgroups = Literal["v2", "v1"]


@dataclass(frozen=True)
class Machine:
    """What decides how containers start here.

    cgroups: "v2" only where nothing of v1 is mounted (hybrid counts as v1). sys_resource: whether limits may be raised.
    nofile, nproc: hard limits of this process; None is unlimited.
    """

    cgroups: Cgroups
    sys_resource: bool
    nofile: int | None
    nproc: int | None
    runtimes: frozenset[str]


def detect() -> Machine:
    """The facts of this machine."""
    effective = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff"))
    return Machine(
        cgroups="v2" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else "v1",
        sys_resource=bool(int(effective.split()[1], 16) >> CAP_SYS_RESOURCE & 1),
        nofile=_hard(resource.RLIMIT_NOFILE),
        nproc=_hard(resource.RLIMIT_NPROC),
        runtimes=frozenset(name for name in ("crun", "runc") if find(name)),
    )


def global_options(machine: Machine) -> tuple[str, ...]:
    """Options that stand before podman's command.

    crun starts no systemd container on hybrid cgroups; runc does. On plain cgroup v2 podman's own choice is right.
    """
    if machine.cgroups == "v2":
        return ()
    if "runc" not in machine.runtimes:
        raise OpskitError(
            "this machine's cgroups are v1 or hybrid, and systemd containers start on those with runc only",
            where="lab",
            remedy="apt-get install -y --no-install-recommends runc",
            code=Exit.UNJUDGED,
        )
    return ("--runtime", "runc")


def limits(machine: Machine) -> tuple[str, ...]:
    """The --ulimit options of podman, where this machine needs any.

    Without CAP_SYS_RESOURCE podman's default limits lie above the hard limits of this machine, and every container
    fails with "error setting rlimit type 7".
    """
    return () if machine.sys_resource else ("--ulimit", _nofile(machine), "--ulimit", _nproc(machine))


def run_options(machine: Machine) -> tuple[str, ...]:
    """Options of `podman run` for one systemd host."""
    capabilities = ("--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE")
    return ("--systemd=always", *capabilities, "--pids-limit", str(PIDS), *limits(machine))


def _nofile(machine: Machine) -> str:
    hard = _most(NOFILE, machine.nofile)
    return f"nofile={min(NOFILE_SOFT, hard)}:{hard}"


def _nproc(machine: Machine) -> str:
    hard = _most(NPROC, machine.nproc)
    return f"nproc={hard}:{hard}"


def _most(wish: int, hard: int | None) -> int:
    return wish if hard is None else min(wish, hard)


def _hard(limit: int) -> int | None:
    hard = resource.getrlimit(limit)[1]
    return None if hard == resource.RLIM_INFINITY else hard
