"""Work done in the root of another process and as its user: in a child, since ids and root belong to a whole process.

What is opened, made or removed there is named as that process names it, so no link in a container leads out of it.
"""

import ctypes
import json
import os
import re
import select
import signal
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from .. import processes
from ..errors import FaultError, sentence
from . import cgroups, process, roots

AT_ONCE = 8
GRACE_SECONDS = 2.0
"""What the work has to clean up after its own end, before the child is killed."""
_NEW_MOUNTS = 0x00020000


class Target(NamedTuple):
    """A living process; folder: its /proc/PID as a descriptor, which no other process can take over."""

    pid: int
    who: process.Identity
    folder: int

    def status(self) -> process.Identity:
        """As it is now. Raises FaultError where it has ended."""
        try:
            with open(os.open("status", os.O_RDONLY, dir_fd=self.folder), errors="replace") as file:
                text = file.read()
        except (FileNotFoundError, ProcessLookupError):
            text = ""
        if not text or re.search(r"^State:\s*[ZX]", text, re.MULTILINE):
            raise FaultError(f"process {self.pid} ended meanwhile")
        return process.identity(text)

    def signal(self, signum: int) -> None:
        """Send it. Raises FaultError where it has ended."""
        self.status()
        try:
            if hasattr(signal, "pidfd_send_signal"):
                signal.pidfd_send_signal(self.folder, signum)
            else:
                os.kill(self.pid, signum)
        except ProcessLookupError:
            raise FaultError(f"process {self.pid} ended meanwhile") from None


Work = Callable[[Target, float], Any]
"""Gets the instant, in monotonic seconds, at which it must have ended."""


def is_there(ref: Dict[str, Any]) -> bool:
    """Whether a process still is the one that was meant: pid, start_ticks, and boot_id where it is known."""
    found = processes.look(ref["pid"])
    same = found is not None and found.start_ticks == ref["start_ticks"]
    return same and ref.get("boot_id") in (None, processes.boot_id())


def each(work: Work, refs: List[Dict[str, Any]], seconds: float) -> List[Dict[str, Any]]:
    """Do it for each process, AT_ONCE at a time: {"ok": value} or {"error": sentence}, in their order."""
    answers, ahead = [{} for _ in refs], list(range(len(refs)))  # type: List[Dict[str, Any]], List[int]
    running = {}  # type: Dict[int, _Child]
    while ahead or running:
        while ahead and len(running) < AT_ONCE:
            child = _start(work, refs[ahead[0]], seconds, ahead[0])
            running[child.pipe] = child
            ahead.pop(0)
        wait = max(0.0, min(child.end for child in running.values()) - time.monotonic())
        for pipe in select.select(list(running), [], [], wait)[0]:
            data = os.read(pipe, 1 << 16)
            running[pipe].said.append(data)
            if not data:
                child = running.pop(pipe)
                answers[child.number] = child.answer()
        for pipe in [pipe for pipe, child in running.items() if time.monotonic() >= child.end]:
            child = running.pop(pipe)
            os.kill(child.pid, signal.SIGKILL)
            answers[child.number] = child.answer(os.WNOHANG)
    return answers


def one(work: Work, ref: Dict[str, Any], seconds: float) -> Any:
    """The same for one process. Raises FaultError."""
    answer = each(work, [ref], seconds)[0]
    if "error" in answer:
        raise FaultError(answer["error"])
    return answer["ok"]


class _Child(NamedTuple):
    number: int
    pid: int
    pipe: int
    end: float
    said: List[bytes]

    def answer(self, wait: int = 0) -> Dict[str, Any]:
        """wait: WNOHANG for one that may not die of SIGKILL at once, since a disk or a server holds it."""
        os.close(self.pipe)
        os.waitpid(self.pid, wait)
        try:
            found = json.loads(b"".join(self.said).decode())  # type: Dict[str, Any]
        except ValueError:
            return {"error": "no answer in time, and what was laid down in its /tmp may still lie there"}
        return found


def _start(work: Work, ref: Dict[str, Any], seconds: float, number: int) -> _Child:
    reads, writes = os.pipe()
    end = time.monotonic() + seconds
    pid = os.fork()
    if pid:
        os.close(writes)
        return _Child(number, pid, reads, end + GRACE_SECONDS, [])
    try:
        os.close(reads)
        _write(writes, _done(work, ref, end))
    finally:
        # nothing of the parent's may run in the child: no buffers, no handlers
        os._exit(0)


def _done(work: Work, ref: Dict[str, Any], end: float) -> Dict[str, Any]:
    try:
        return {"ok": work(enter(ref), end)}
    except Exception as error:
        return {"error": sentence(error)}


def enter(ref: Dict[str, Any]) -> Target:
    """Take the root and the ids of a process, for good. Raises FaultError where it cannot answer or is another."""
    pid = ref["pid"]
    try:
        folder = os.open(f"{roots.PROC}/{pid}", os.O_RDONLY | os.O_DIRECTORY)
        if not is_there(ref):
            raise FaultError(f"process {pid} has ended; its pid may be another's by now")
        why = stopped(pid)
        if why:
            raise FaultError(why)
        target = Target(pid, process.identity(process.text(pid, "status")), folder)
        own = process.shares(pid, "mnt") and os.path.samefile(f"{roots.PROC}/{pid}/root", "/")
        root, space = os.open(f"{roots.PROC}/{pid}/root", os.O_PATH), os.open(f"{roots.PROC}/{pid}/ns/mnt", os.O_RDONLY)
    except (FileNotFoundError, ProcessLookupError):
        raise FaultError(f"process {pid} has ended") from None
    except PermissionError:
        raise FaultError(f"process {pid} is another user's: set ansible_become: true, for sudo") from None
    if not own:
        _move(root, space)
    os.chdir("/")
    if os.geteuid() == 0:
        os.setgroups([])
        os.setegid(target.who.gid)
        os.seteuid(target.who.uid)
    return target


def stopped(pid: int) -> Optional[str]:
    """Why a process cannot answer now; None where it may."""
    found = processes.look(pid)
    if found and found.state in (processes.STOPPED, "t"):
        return f"process {pid} is stopped (state {found.state}); nothing was sent to it"
    if cgroups.frozen(process.text(pid, "cgroup")):
        return f"process {pid} is frozen with its cgroup, as a paused container is; nothing was sent to it"
    return None


def _move(root: int, space: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(space, _NEW_MOUNTS):
        raise FaultError(f"its mount namespace cannot be entered: {os.strerror(ctypes.get_errno())}")
    os.fchdir(root)
    os.chroot(".")


def _write(pipe: int, answer: Dict[str, Any]) -> None:
    data = json.dumps(answer).encode()
    while data:
        data = data[os.write(pipe, data) :]
