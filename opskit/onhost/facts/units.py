"""What systemd says of units, by one call for all of them: it is the dearest call of a look."""

import os
import select
import signal
import time
from typing import Any, Dict, List, Tuple

from ..errors import FaultError

BOOTED = "/run/systemd/system"
"""Is there where systemd runs the host (sd_booted)."""
MOST_SECONDS = 8.0
PROPERTIES = (
    "LoadState", "ActiveState", "UnitFileState", "MainPID", "DropInPaths", "NeedDaemonReload", "User", "Restart",
    "NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp",
)  # fmt: skip

Unit = Dict[str, Any]


def look(names: List[str]) -> Dict[str, Unit]:
    """By name. Raises FaultError where systemd does not answer."""
    if not os.path.isdir(BOOTED):
        raise FaultError("systemd does not run this host")
    command = ["systemctl", "show", "-p", ",".join(PROPERTIES), "--", *names]
    status, printed = _run(command, MOST_SECONDS)
    blocks = parse(printed)
    if status or len(blocks) != len(names):
        said = " ".join(line for line in printed.splitlines() if line and "=" not in line)
        raise FaultError(f"`systemctl show` failed: {said or 'it told of other units than were asked for'}")
    return dict(zip(names, map(unit, blocks)))


def parse(text: str) -> List[Dict[str, str]]:
    """Blocks of properties, in the order of the units that were named; an empty line is between two."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    found = [dict(line.split("=", 1) for line in block if "=" in line) for block in blocks]
    return [block for block in found if block]


def unit(shown: Dict[str, str]) -> Unit:
    """A property that this systemd does not know is left out."""
    told = {key: shown.get(name, "") for key, name in _TEXTS.items()}
    flags = {key: shown.get(name) == "yes" for key, name in _FLAGS.items()}
    paths = tuple(shown.get("DropInPaths", "").split())
    return dict(told, **flags, main_pid=int(shown.get("MainPID") or 0), drop_ins=paths)


_TEXTS = {
    "load_state": "LoadState",
    "active_state": "ActiveState",
    "enabled": "UnitFileState",
    "user": "User",
    "restart": "Restart",
    "protect_system": "ProtectSystem",
    "protect_home": "ProtectHome",
}
_FLAGS = {"changed": "NeedDaemonReload", "no_new_privileges": "NoNewPrivileges", "private_tmp": "PrivateTmp"}


def _run(command: List[str], seconds: float) -> Tuple[int, str]:
    """How it ended, 0 for well, and what was printed; Raises FaultError, OSError."""
    # importing `subprocess` would take longer than all of this
    reads, writes = os.pipe()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, writes, 1), (os.POSIX_SPAWN_DUP2, writes, 2)]
        pid = os.posix_spawnp(command[0], command, dict(os.environ, LC_ALL="C"), file_actions=actions)
    except FileNotFoundError:
        os.close(reads)
        raise FaultError(f"there is no {command[0]} on this host") from None
    finally:
        os.close(writes)
    said, end = [], time.monotonic() + seconds  # type: List[bytes], float
    with open(reads, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
            data = pipe.read(1 << 16)
            if not data:
                return os.waitpid(pid, 0)[1], b"".join(said).decode(errors="replace")
            said.append(data)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise FaultError(f"`{' '.join(command[:2])}` did not end within {seconds:g} s")
