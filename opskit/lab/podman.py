"""podman's command line, typed: what opskit asks of it, and its errors as sentences."""

import json
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from opskit.errors import Exit, OpskitError
from opskit.lab.process import Done, run
from opskit.lab.steps import Container

LABEL = "opskit.lab"
NOISE = re.compile(r'^(time="[^"]*" level=(warning|info|debug)|\s*$)')
COMMAND_SECONDS = 120.0


class Podman:
    """podman with the global options that this machine needs."""

    def __init__(self, global_options: Sequence[str] = ()) -> None:
        self._command = ("podman", *global_options)

    def words(self, *arguments: str) -> tuple[str, ...]:
        """The whole command, for a program of its own."""
        return (*self._command, *arguments)

    async def ask(self, *arguments: str | Path, seconds: float = COMMAND_SECONDS) -> Done:
        """Run podman and give back whatever it said. OpskitError (exit 3) where it does not end in `seconds`."""
        try:
            return await run((*self._command, *arguments), seconds=seconds)
        except TimeoutError as error:
            raise OpskitError(
                f"podman {arguments[0]} did not end within {seconds:.0f} s", where="podman", code=Exit.UNJUDGED
            ) from error

    async def __call__(self, *arguments: str | Path, seconds: float = COMMAND_SECONDS) -> str:
        """Run podman; its stdout. OpskitError (exit 3) with podman's own reason where it fails."""
        done = await self.ask(*arguments, seconds=seconds)
        if done.code:
            raise OpskitError(reason(done.stderr), where=f"podman {arguments[0]}", code=Exit.UNJUDGED)
        return done.stdout

    async def containers(self, lab: str) -> tuple[Container, ...]:
        """Every container with this lab's label, whatever its state, sorted by host."""
        listed = json.loads(await self("ps", "-a", "--filter", f"label={LABEL}={lab}", "--format", "json") or "[]")
        return tuple(sorted(map(_container, listed or ()), key=lambda one: one.host))

    async def network(self, name: str) -> tuple[IPv4Network, dict[str, str]] | None:
        """The subnet and the labels of a network; None where there is none."""
        done = await self.ask("network", "inspect", name)
        if done.code:
            return None
        found: dict[str, Any] = json.loads(done.stdout)[0]
        return IPv4Network(found["subnets"][0]["subnet"]), found.get("labels") or {}

    async def has_image(self, tag: str) -> bool:
        return (await self.ask("image", "exists", tag)).code == 0


def labels(lab: str, folder: Path) -> dict[str, str]:
    """What marks a container or network as this lab's."""
    return {LABEL: lab, f"{LABEL}.folder": str(folder)}


def reason(stderr: str) -> str:
    """The line of podman's stderr that says why, without its decoration."""
    lines = [line.strip() for line in stderr.splitlines() if not NOISE.match(line)]
    errors = [line for line in lines if line.startswith("Error:")]
    return (errors or lines or ["it gave no reason"])[0].removeprefix("Error: ").rstrip(".")


def _container(listed: dict[str, Any]) -> Container:
    marks: dict[str, str] = listed["Labels"]
    return Container(
        host=marks[f"{LABEL}.host"],
        name=listed["Names"][0],
        state=listed["State"],
        address=IPv4Address(marks[f"{LABEL}.address"]),
        key=marks[f"{LABEL}.key"],
        folder=marks[f"{LABEL}.folder"],
        image=listed["Image"],
        started=float(listed["StartedAt"]),
    )
