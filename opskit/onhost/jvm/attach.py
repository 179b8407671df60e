"""HotSpot's attach protocol: a command to a running JVM over the socket it opens in its own /tmp.

Source: AttachListener of HotSpot, 8 to 25 (attachListener_linux.cpp, posix since 16). A JVM whose listener is not up
yet opens the socket when it gets SIGQUIT while a file .attach_pid lies there; without that file it prints its threads.
A JVM that does not catch SIGQUIT would die of it.
"""

import os
import re
import signal
import socket
import stat
import struct
import time
from typing import Any, Dict, List, Optional, Tuple

from .. import processes
from ..errors import FaultError
from . import inside, process

UNTESTED_MAJOR = 8
MOST_ANSWER_BYTES = 16 << 20
MOST_WORD_BYTES = 1024
"""Of one argument (AttachOperation::arg_length_max, up to 21)."""
LOOK_SECONDS = 0.02
_LOADED = ("return code: 0", "0")
"""9 and later; 8."""
_WHY = {
    "100": "the jar is no agent, or it cannot be read",
    "101": "the jar cannot be put on its class path",
    "102": "the agent itself failed",
}
"""Return codes of the instrument library (InvocationAdapter.c)."""
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")


class AttachError(FaultError):
    """A JVM did not do what it was asked; the text is a sentence that says why."""


def refusal(java: Dict[str, Any], options: Dict[str, Any], untested: bool = False) -> Optional[str]:
    """Why no agent is loaded into a JVM, from its runtime and start options; None where one may be.

    untested: JDK 8 too.
    """
    if java["vm"] == "OpenJ9":
        return "OpenJ9 has an attach protocol of its own"
    if options["attach_disabled"]:
        return "it was started with -XX:+DisableAttachMechanism"
    if options["dynamic_agents"] is False:
        return "it was started with -XX:-EnableDynamicAgentLoading"
    if java["major"] is None:
        return "its Java release is unknown"
    if java["major"] <= UNTESTED_MAJOR and not untested:
        return f"attaching to JDK {java['major']} was never tried (--untested-jdk does it all the same)"
    return None


def refused(pid: int, untested: bool) -> Optional[str]:
    """The same for a process. Raises as `process` does."""
    if processes.look(pid) is None:
        raise ProcessLookupError  # dead, and only waits for its parent: it has no VM any more
    java = process.runtime(pid)
    if java is None:
        return f"process {pid} is no JVM"
    return refusal(java, process.started(pid, java["major"])[1], untested)


def load(target: inside.Target, path: str, options: str, end: float) -> None:
    """From inside the target's root. Raises AttachError unless the JVM says that the agent was loaded."""
    why = not_loaded(_ask(target, ["load", "instrument", "false", f"{path}={options}"], end))
    if why:
        raise AttachError(f"process {target.pid} did not load the agent: {why}")


def read_properties(target: inside.Target, end: float) -> Dict[str, str]:
    """From inside the target's root. Raises AttachError."""
    code, text = _parted(_ask(target, ["properties", "", "", ""], end))
    if code != "0":
        raise AttachError(f"process {target.pid} does not tell its properties: {_first_line(text)}")
    return parse_properties(text)


def not_loaded(answer: str) -> Optional[str]:
    """Why an answer to `load` does not say that the agent was loaded; None where it does.

    Code 0 alone says nothing: 21 and later answer it where dynamic loading is switched off.
    """
    code, text = _parted(answer)
    if code == "0" and text.strip() in _LOADED:
        return None
    number = text.strip().rpartition(" ")[2]
    return _WHY.get(number, "") or _first_line(text) or f"it answered {code or 'nothing'}"


def parse_properties(text: str) -> Dict[str, str]:
    """Java's Properties.store, whose keys and values have their special characters escaped."""
    rows = [row for row in text.splitlines() if row and not row.startswith("#")]
    split = [re.match(r"((?:\\.|[^=\\])*)=(.*)", row) for row in rows]
    return {_plain(match.group(1)): _plain(match.group(2)) for match in split if match}


def _plain(text: str) -> str:
    names = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
    joined = _ESCAPED.sub(
        lambda found: chr(int(found.group(1), 16)) if found.group(1) else names.get(found.group(2), found.group(2)),
        text,
    )
    # characters beyond the first plane come as two escapes
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _ask(target: inside.Target, words: List[str], end: float) -> str:
    sent = [word.encode() for word in ["1", *words]]
    if any(len(word) > MOST_WORD_BYTES for word in sent):
        raise AttachError(f"path and options are longer than {MOST_WORD_BYTES} bytes, more than a JVM takes")
    with _connected(target, end) as channel:
        try:
            channel.settimeout(max(0.001, end - time.monotonic()))
            channel.sendall(b"".join(word + b"\0" for word in sent))
            return _heard(channel, target, end)
        except socket.timeout:
            target.status()
            raise AttachError(f"process {target.pid} took the command and did not answer in time") from None
        except (BrokenPipeError, ConnectionResetError):
            target.status()
            raise AttachError(f"process {target.pid} closed the connection without an answer") from None


def _heard(channel: socket.socket, target: inside.Target, end: float) -> str:
    data = b""
    while len(data) < MOST_ANSWER_BYTES:
        channel.settimeout(max(0.001, end - time.monotonic()))
        block = channel.recv(1 << 16)
        if not block:
            break
        data += block
    if not data:
        target.status()
        raise AttachError(f"process {target.pid} closed the connection without an answer")
    return data.decode(errors="replace")


def _connected(target: inside.Target, end: float) -> socket.socket:
    """The socket that is there, else the one that it opens when asked; never a signal that it does not catch."""
    channel = _dialled(target)
    if channel:
        return channel
    if not target.status().caught >> (signal.SIGQUIT - 1) & 1:
        raise AttachError(
            f"process {target.pid} has no attach socket and does not catch SIGQUIT (-Xrs, or it is still starting); "
            "nothing was sent to it"
        )
    trigger = f"/tmp/.attach_pid{target.who.ns_pid}"  # noqa: S108 the JVM looks there
    mine = _made(trigger)
    try:
        target.signal(signal.SIGQUIT)
        while time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
            channel = _dialled(target)
            if channel:
                return channel
            target.status()
    finally:
        if mine:
            os.unlink(trigger)
    raise AttachError(
        f"process {target.pid} opened no attach socket in time; it was sent SIGQUIT, and may print its threads instead"
    )


def _dialled(target: inside.Target) -> Optional[socket.socket]:
    """A connection to this very JVM; None where it does not listen, or not yet."""
    path = f"/tmp/.java_pid{target.who.ns_pid}"  # noqa: S108 the JVM puts it there
    if not os.path.exists(path) or not stat.S_ISSOCK(os.lstat(path).st_mode):
        return None
    channel = socket.socket(socket.AF_UNIX)
    channel.setblocking(False)
    try:
        channel.connect(path)
    except (ConnectionRefusedError, FileNotFoundError, BlockingIOError):
        channel.close()
        return None
    except OSError:
        channel.close()
        raise
    peer = struct.unpack("3i", channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    if peer != target.pid:
        channel.close()
        raise AttachError(f"{path} of process {target.pid} belongs to process {peer}")
    return channel


def _made(path: str) -> bool:
    """Whether the file is ours; another tool may be attaching too."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except FileExistsError:
        return False
    except OSError as error:
        raise AttachError(f"{path} cannot be made: {error.strerror}") from None
    return True


def _parted(answer: str) -> Tuple[str, str]:
    code, _, text = answer.partition("\n")
    return code.strip(), text


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
