"""Many SSH hosts that cost one sshd: in a network namespace of its own, all of 127.0.0.0/8 leads to it.

The namespaces of processes and mounts are the benchmark's own too. So hosts see nothing else that runs on this machine,
their user's home is an empty folder (no .bashrc that would make each login as slow as it is here), and all of it is
gone with the process that opened it.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

INSIDE = "OPSKIT_BENCH_INSIDE"
PRIVILEGE = Path("/run/sshd")
"""The empty folder that sshd wants; systemd makes it where sshd is a service."""
SEPARATION = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
SSHD = """\
Port 22
ListenAddress 0.0.0.0
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PrintMotd no
MaxStartups 100
Subsystem sftp internal-sftp
"""
LISTENER = "[listener]"
SETTLE_SECONDS = 20
CLIENT = """\
Host 127.*
  User root
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
  BatchMode yes
  LogLevel ERROR
"""


@dataclass(frozen=True)
class Hosts:
    """Where the keys and settings of the hosts lie, and their addresses."""

    folder: Path
    addresses: tuple[str, ...]

    @property
    def key(self) -> Path:
        return self.folder / "user_key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        return self.folder / "ssh_config"


def separated(arguments: Sequence[str]) -> int | None:
    """Run this program again inside namespaces of its own; its exit code, or None where this is that run."""
    if os.environ.get(INSIDE):
        return None
    if os.geteuid() != 0:
        sys.exit("The benchmark opens namespaces and an sshd of its own, so it needs root.")
    again = ("unshare", *SEPARATION, sys.executable, "-m", "bench", *arguments)
    made = not PRIVILEGE.exists()
    PRIVILEGE.mkdir(mode=0o755, exist_ok=True)
    try:
        return subprocess.run(again, env={**os.environ, INSIDE: "1"}, check=False).returncode
    finally:
        if made:
            PRIVILEGE.rmdir()


def serve(folder: Path) -> None:
    """Bring up the loopback and sshd, which ends with this namespace. Its users get a home in the folder."""
    home = folder / "home"
    home.mkdir()
    _own_home(folder, home)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name], check=True)
    (folder / "sshd_config").write_text(SSHD.format(folder=folder))
    (folder / "ssh_config").write_text(CLIENT.format(folder=folder))
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin") or sys.exit("There is no sshd: install openssh-server.")
    subprocess.run([sshd, "-f", folder / "sshd_config", "-E", folder / "sshd.log"], check=True)
    # it goes to the background before it listens
    _until(lambda: bool(_listeners()))


def hosts(folder: Path, many: int) -> Hosts:
    """So many of them, their key pinned for each."""
    addresses = tuple(f"127.1.{number // 250}.{number % 250 + 1}" for number in range(many))
    kind, key = (folder / "host_key.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text("".join(f"{address} {kind} {key}\n" for address in addresses))
    return Hosts(folder, addresses)


def settle() -> float:
    """Wait until no session is left; the processor seconds that all sessions so far have cost on the hosts' side."""
    _until(lambda: not _sessions())
    children = [list(map(int, _fields(pid)[13:15])) for pid in _listeners()]
    return sum(map(sum, children)) / os.sysconf("SC_CLK_TCK")


def stop_masters(folder: Path) -> None:
    """End the master connections that a contender leaves behind, so that the next one finds a calm machine."""
    for socket in filter(Path.is_socket, folder.rglob("*")):
        subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "any"], capture_output=True, check=False)


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SETTLE_SECONDS
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)


def _sessions() -> list[str]:
    return [pid for pid, words in _processes() if words.startswith("sshd:") and LISTENER not in words]


def _listeners() -> list[str]:
    return [pid for pid, words in _processes() if words.startswith("sshd:") and LISTENER in words]


def _processes() -> Iterator[tuple[str, str]]:
    """Of this namespace: pid and command line."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                yield process.name, (process / "cmdline").read_text(errors="replace")


def _fields(pid: str) -> list[str]:
    """Of /proc/PID/stat behind the name; 13 and 14 are the times of children that were waited for."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def _own_home(folder: Path, home: Path) -> None:
    """Mount a passwd in which root's home is the folder's; only this mount namespace sees it."""
    lines = Path("/etc/passwd").read_text().splitlines()
    fields = next(line for line in lines if line.startswith("root:")).split(":")
    root = ":".join([*fields[:5], str(home), fields[6]])
    passwd = folder / "passwd"
    passwd.write_text("".join(f"{root if line.startswith('root:') else line}\n" for line in lines))
    passwd.chmod(0o644)
    subprocess.run(["mount", "--bind", passwd, "/etc/passwd"], check=True)
