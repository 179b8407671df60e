"""The services of the client host as they show themselves: their own logs, their processes, their files."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

KEPT = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "kept"


@dataclass(frozen=True)
class Service:
    """One client service on its host."""

    host: Any
    name: str

    @property
    def unit(self) -> str:
        return f"service-{self.name}"

    @property
    def pid(self) -> int:
        return int(self.host.check_output("systemctl show --property=MainPID --value %s", self.unit))

    @property
    def options(self) -> list[str]:
        """What its JVM was started with: the command line, and the options that Java takes from the environment."""
        command = self.host.file(f"/proc/{self.pid}/cmdline").content_string.split("\0")
        environment = self.host.file(f"/proc/{self.pid}/environ").content_string.split("\0")
        return [*command, *(word for word in environment if word.startswith("JAVA_TOOL_OPTIONS="))]

    def routes(self, begin_ms: int, end_ms: int) -> list[bool]:
        """Whether each question for a route succeeded that it asked and ended between two instants, by its own log.

        A line is: milliseconds since 1970, what, ok or ERR, how many milliseconds it took, details.
        """
        log = self.host.file(f"/var/log/services/{self.name}.log").content_string
        lines = [line.split(" ", 4) for line in log.splitlines()]
        told = [(int(words[0]), words) for words in lines if len(words) == 5 and words[1] == "route"]
        return [words[2] == "ok" for at, words in told if begin_ms <= at - int(words[3]) and at <= end_ms]


@pytest.fixture
def services(host):
    """Name → service."""
    return {name: Service(host, name) for name in host.ansible.get_variables()["services"]}


@pytest.fixture
def left(services):
    """Which services had an answer from another nameserver while theirs hung."""
    begin, end = json.loads((KEPT / "hang.json").read_text())
    asked = {name: service.routes(begin, end) for name, service in services.items()}
    assert all(asked.values()), f"who never asked while the nameserver hung? {asked}"
    return {name for name, answers in asked.items() if any(answers)}


@pytest.fixture(scope="session")
def told():
    """told("apply"): what opskit said, with its exit code."""
    return lambda name: json.loads((KEPT / f"{name}.json").read_text())
