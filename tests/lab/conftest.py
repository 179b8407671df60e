"""Labs for tests: real hosts made by `opskit lab up`, removed at the end whatever happens."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """A finished opskit command."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def json(self) -> Any:
        """The result, which must be what its schema says."""
        assert self.stdout.startswith("{"), f"exit {self.code}, no result: {self.said}"
        result = json.loads(self.stdout)
        name = result["schema"].removeprefix("opskit/").replace("/", "-")
        jsonschema.validate(result, json.loads((ROOT / "docs" / "schemas" / f"{name}.json").read_text()))
        return result

    @property
    def said(self) -> str:
        return self.stdout + self.stderr


@dataclass(frozen=True)
class Lab:
    """A running lab and how to drive opskit on it. folder: for overlays of this test."""

    name: str
    inventory: Path
    state: Path
    overlays: tuple[Path, ...] = field(default=())

    def with_overlay(self, folder: Path, variables: dict[str, Any], hosts: tuple[str, ...] = ()) -> "Lab":
        """The same lab with variables of some hosts, or of all."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"overlay-{secrets.token_hex(3)}.yml"
        names = hosts or tuple(self.hosts())
        path.write_text(yaml.safe_dump({"all": {"hosts": dict.fromkeys(names, variables)}}))
        return self.over(path)

    def over(self, inventory: Path) -> "Lab":
        """The same lab with one more inventory over it."""
        return Lab(self.name, self.inventory, self.state, (*self.overlays, inventory))

    def hosts(self) -> list[str]:
        """Names of the lab's hosts, from the overlay that it wrote."""
        overlay = self.state / "labs" / self.name / "inventory.yml"
        return sorted(yaml.safe_load(overlay.read_text())["all"]["hosts"])

    def address(self, host: str) -> str:
        variables = self.state / "labs" / self.name / "host_vars" / f"{host}.yml"
        return str(yaml.safe_load(variables.read_text())["ansible_host"])

    def inventories(self) -> list[str]:
        """-i INVENTORY … as opskit and ansible-playbook take them."""
        overlay = self.state / "labs" / self.name / "inventory.yml"
        paths = [self.inventory, *([overlay] if overlay.exists() else []), *self.overlays]
        return [word for path in paths for word in ("-i", str(path))]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "opskit", *self.inventories(), *words]

    def playbook(self, *words: str, playbook: str = "playbooks/deploy.yml") -> "Done":
        """Plain ansible-playbook, run to its end."""
        return interrupt(self.start_playbook(playbook, *words), NOTHING, timeout=600)

    def start_playbook(self, playbook: str, *words: str) -> subprocess.Popen[str]:
        """Start plain ansible-playbook; the test ends it by its pid."""
        command = [str(Path(sys.executable).parent / "ansible-playbook"), *self.inventories(), *words, playbook]
        return subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment()
        )

    def environment(self) -> dict[str, str]:
        return os.environ | {"OPSKIT_STATE": str(self.state)}

    def run(self, *words: str, timeout: float = 600) -> Done:
        """Run opskit to its end."""
        began = time.monotonic()
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=timeout, env=self.environment(), check=False
        )
        return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def rollout(self, *words: str) -> Done:
        """opskit rollout close-on-timeout, told as JSON."""
        return self.run("--format", "json", "rollout", "close-on-timeout", *words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start opskit; the test ends it by its pid."""
        return subprocess.Popen(
            self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment()
        )

    def podman(self, verb: str, host: str, *words: str) -> str:
        """podman VERB on the container of a host."""
        command = ["podman", verb, f"opskit-{self.name}-{host}", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    def on(self, host: str, script: str) -> str:
        """A shell script on a host, as root; its stdout."""
        return self.podman("exec", host, "sh", "-c", script)

    @contextmanager
    def frozen(self, host: str) -> Iterator[None]:
        """The whole host hangs while the body runs, and never longer."""
        self.podman("pause", host)
        try:
            yield
        finally:
            self.podman("unpause", host)


@contextmanager
def lab(inventory: str, state: Path) -> Iterator[Lab]:
    """A lab of its own name from one of the inventories; removed at the end."""
    running = Lab(f"t{os.getpid()}-{secrets.token_hex(2)}", ROOT / "inventories" / inventory, state)
    try:
        up = running.run("lab", "up", "--name", running.name)
        assert up.code == 0, up.said
        yield running
    finally:
        down = running.run("lab", "down", "--name", running.name)
        assert down.code == 0, down.said


@contextmanager
def deployed(inventory: str, state: Path) -> Iterator[Lab]:
    """The same, with its cluster running; no message was sent yet."""
    with lab(inventory, state) as running:
        done = running.run("deploy", "--no-smoke")
        assert done.code == 0, done.said
        yield running


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Tell a measured figure; all of them stand at the end of the run."""
    return lambda text: record_property("measured", text)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    ended = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    figures = [text for report in ended for name, text in report.user_properties if name == "measured"]
    if figures:
        terminalreporter.section("measured")
        for line in figures:
            terminalreporter.line(line)


NOTHING = 0
"""The signal that is none: the process is only waited for."""


def interrupt(process: subprocess.Popen[str], signum: int, timeout: float = 120) -> Done:
    """Send a signal to a process that this test started, and wait for its end."""
    began = time.monotonic()
    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=timeout)
    return Done(process.returncode, stdout, stderr, time.monotonic() - began)


def until(seconds: float, condition: Any, what: str) -> float:
    """Wait until the condition holds; the seconds it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            pytest.fail(f"{what} did not come true within {seconds:g} s")
        time.sleep(0.5)
    return time.monotonic() - began
