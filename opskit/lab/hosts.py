"""One host of the lab: started, waited for, looked at."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from ipaddress import IPv4Address

from opskit.errors import Exit, OpskitError
from opskit.lab import overlay
from opskit.lab.folder import Folder
from opskit.lab.podman import Podman
from opskit.lab.process import run

BOOT_SECONDS = 90.0
"""A host boots in about 2 s; eight at once on two busy cores took below 20."""
PROBE_SECONDS = 15.0
POLL_SECONDS = 0.2
LOOK_SECONDS = 2.0
BANNER = b"SSH-"


@dataclass(frozen=True)
class Systemd:
    """state: as `systemctl is-system-running` says it; failed: units that failed."""

    state: str
    failed: tuple[str, ...]


async def wait_for_sshd(podman: Podman, container: str, address: IPv4Address) -> None:
    """Return once something on port 22 introduces itself as SSH.

    OpskitError (exit 3) after BOOT_SECONDS, or at once where the host has ended: it could not boot its systemd.
    """
    begun = looked = time.monotonic()
    state = "running"
    while state == "running" and (now := time.monotonic()) - begun < BOOT_SECONDS:
        if (await _banner(address)).startswith(BANNER):
            return
        if now - looked > LOOK_SECONDS:
            state, looked = await _state(podman, container), now
        await asyncio.sleep(POLL_SECONDS)
    why = await (_systemds_word(podman, container) if state == "running" else _last_words(podman, container))
    raise OpskitError(
        f"sshd did not answer within {time.monotonic() - begun:.0f} s of the start; {why}",
        where=container,
        remedy="`opskit lab up` tries again; `opskit lab down` clears up.",
        code=Exit.UNJUDGED,
    )


async def host_key(podman: Podman, container: str) -> str:
    """The public host key, read out of the container and not off the network."""
    return (await podman("exec", container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")).strip()


async def systemd(podman: Podman, container: str, *, wait: bool) -> Systemd:
    """The state of a host's systemd; with `wait`, once its boot has ended one way or the other."""
    ask = "systemctl is-system-running" + (" --wait" if wait else "")
    script = f"{ask}; systemctl list-units --failed --plain --no-legend --no-pager"
    done = await podman.ask("exec", container, "timeout", str(int(BOOT_SECONDS)), "sh", "-c", script)
    lines = done.stdout.splitlines()
    if not lines:
        raise OpskitError(
            f"systemd does not answer: {done.stderr.strip() or 'no word'}", where=container, code=Exit.UNJUDGED
        )
    return Systemd(lines[0].strip(), tuple(line.split()[0] for line in lines[1:] if line.strip()))


async def prove_ssh(folder: Folder, host: str, address: IPv4Address) -> None:
    """Log in as opskit will: with the lab's key, against the pinned host key, with sudo."""
    command = ssh_command(folder, address, "-o", "BatchMode=yes", "-o", f"ConnectTimeout={PROBE_SECONDS:.0f}")
    try:
        done = await run((*command, "sudo", "-n", "true"), seconds=2 * PROBE_SECONDS)
        why = done.stderr.strip() if done.code else ""
    except TimeoutError:
        why = f"no answer within {2 * PROBE_SECONDS:.0f} s"
    if why:
        raise OpskitError(f"SSH does not work: {why.splitlines()[-1]}", where=host, code=Exit.UNJUDGED)


def ssh_command(folder: Folder, address: IPv4Address, *options: str) -> tuple[str, ...]:
    """The ssh client with the lab's key and pinned host keys; the user's own ssh configuration has no say."""
    pinned = ("-F", "none", "-i", str(folder.key), *overlay.ssh_options(folder.known_hosts))
    return ("ssh", *pinned, *options, f"{overlay.USER}@{address}")


async def _banner(address: IPv4Address) -> bytes:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(str(address), 22)
            try:
                return await reader.readline()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return b""


async def _state(podman: Podman, container: str) -> str:
    return (await podman("container", "inspect", "--format", "{{.State.Status}}", container)).strip()


async def _systemds_word(podman: Podman, container: str) -> str:
    done = await podman.ask("exec", container, "systemctl", "is-system-running")
    return f"its systemd says: {(done.stdout or done.stderr).strip() or 'nothing'}"


async def _last_words(podman: Podman, container: str) -> str:
    """Why a host that ended could not boot: PID 1 writes that where podman keeps it."""
    done = await podman.ask("logs", "--tail", "3", container)
    words = " ".join((done.stdout + done.stderr).split())
    return f"it has ended, and its last words were: {words or 'none'}"
