"""Small JVMs for tests: which java, what runs on it, and its end by its own pid."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.jdks import PACKAGES, runtime

from opskit.onhost import processes

MACHINES_OWN = 17
MAJORS = (*PACKAGES, MACHINES_OWN)
UP_SECONDS = 30
TMP = Path("/tmp")  # noqa: S108 where a JVM has its socket
SMALL = ("-Xmx32m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_COUNTER = """
public class Counter {
    public static void main(String[] words) throws Exception {
        for (int i = 0; ; i++) {
            System.out.println(i);
            Thread.sleep(100);
        }
    }
}
"""


@dataclass(frozen=True)
class Running:
    """A JVM that counts aloud: as long as it goes on, nobody has harmed it. pid: as this machine counts."""

    pid: int
    start_ticks: int
    output: Path

    @property
    def ref(self) -> dict[str, Any]:
        return {"pid": self.pid, "start_ticks": self.start_ticks, "boot_id": processes.boot_id()}

    @property
    def said(self) -> str:
        return self.output.read_text()

    def goes_on(self) -> bool:
        """Whether it still counts within a second or so."""
        before = len(self.said)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if len(self.said) > before:
                return True
            time.sleep(0.05)
        return False


def java(major: int) -> str:
    """The java program of a release."""
    return "java" if major == MACHINES_OWN else str(runtime(major) / "bin" / "java")


@contextmanager
def built(sources: dict[str, str] | None = None) -> Iterator[Path]:
    """A folder that every user may read, with `Counter` and more sources (file name → text) compiled for Java 8."""
    folder = Path(tempfile.mkdtemp(prefix="opskit-test-", dir="/var/tmp"))
    try:
        folder.chmod(0o755)
        texts = {"Counter.java": _COUNTER, **(sources or {})}
        for name, text in texts.items():
            (folder / name).write_text(text)
        compiled = ["javac", "-nowarn", "--release", "8", "-Xlint:-options", "-d", str(folder)]
        subprocess.run([*compiled, *(str(folder / name) for name in texts)], check=True, timeout=120)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(
    classes: Path,
    *options: str,
    major: int = MACHINES_OWN,
    inside: Sequence[str] = (),
    class_path: str = "",
    main: str = "Counter",
    environment: dict[str, str] | None = None,
) -> Iterator[Running]:
    """A JVM that has begun to count; it is killed at the end. inside: the command that starts java in its place."""
    output = Path(tempfile.mkstemp(prefix="said-", dir=classes)[1])
    path = ["-cp", class_path or str(classes)] if main else []
    command = [*inside, java(major), *SMALL, *options, *path, *([main] if main else [])]
    with output.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
    pid = 0
    try:
        pid = _counts(process, output)
        found = processes.look(pid)
        assert found
        yield Running(pid, found.start_ticks, output)
    finally:
        for child in reversed(_family(process.pid)):
            processes.send(child.pid, child.start_ticks, 9)
        process.wait()
        # one that is killed leaves its attach socket
        (TMP / f".java_pid{pid}").unlink(missing_ok=True)


def _counts(process: subprocess.Popen[bytes], output: Path) -> int:
    end = time.monotonic() + UP_SECONDS
    while "1\n" not in output.read_text():
        assert process.poll() is None and time.monotonic() < end, output.read_text()
        time.sleep(0.02)
    return _family(process.pid)[-1].pid


def _family(pid: int) -> list[processes.Process]:
    """A process and its descendants, each before its own; those that started it in its place have one child."""
    found = processes.look(pid)
    children = [int(word) for task in Path(f"/proc/{pid}/task").glob("*/children") for word in task.read_text().split()]
    return ([found] if found else []) + [one for child in children for one in _family(child)]
