"""One lab of an experiment: brought to what a row wants, drilled, taken down. Every step is an opskit of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from opskit.deploy.result import DeployResult
from opskit.errors import Exit
from opskit.experiment import overlay
from opskit.experiment.children import Children, Ended
from opskit.experiment.machine import java_release
from opskit.experiment.prepare import PreparedRow, Setup, arguments
from opskit.experiment.progress import Progress
from opskit.experiment.record import Records, drills_in
from opskit.lab.folder import folder as lab_folder
from opskit.verify.result import VerifyResult


@dataclass(frozen=True)
class Attempt:
    """What became of a row in a lab. code: exit code of its drills, or of the step that failed before them."""

    code: int
    sentence: str
    drills: tuple[VerifyResult, ...] = ()


class Lab:
    """running: what it runs, None where nothing is sure; java: the release on its hosts."""

    def __init__(self, name: str, records: Records, progress: Progress, children: Children, last: Children) -> None:
        """last: starts what must also be done when the other children are stopped."""
        self.name, self.java = name, ""
        self.running: Setup | None = None
        self._records, self._progress, self._children, self._last = records, progress, children, last

    async def make(self, row: PreparedRow) -> Attempt:
        """Bring the lab to what the row wants, and drill it. Raises Stopped."""
        above = overlay.write(self._records.folder.parent / "overlays" / row.name, row.overlay)
        # the lab's own comes last: whatever a row says, its hosts are containers
        inventories = (row.inventory, above, lab_folder(self.name).overlay)
        failed = await self._ready(row, inventories)
        return failed or await self._drilled(row, inventories)

    async def down(self) -> Ended | None:
        """Take the lab down, also one that an opskit before this one left; None where there was none."""
        self.running = None
        if not lab_folder(self.name).path.exists():
            return None
        self._progress.busy(self.name, "taking the lab down")
        words = ("lab", "down", "--name", self.name)
        home = self._records.folder
        ended = await self._last.run(words, home / f"{self.name}.out", home / f"{self.name}.log", lambda _: None)
        if ended.code:
            self._progress.note(f"{self.name}: the lab could not be taken down: {ended.words}")
        return ended

    async def _ready(self, row: PreparedRow, inventories: Sequence[Path]) -> Attempt | None:
        """A new lab for other servers, the client jars for other clients; None where all is well."""
        if self.running == row.setup:
            return None
        if self.running is None or self.running.servers != row.setup.servers:
            await self.down()
            ended = await self._step(row, "lab", ("-i", str(row.inventory), "lab", "up", "--name", self.name))
            if ended.code:
                return Attempt(ended.code, f"the lab did not come up: {ended.words}")
        self.running = None
        ended = await self._step(row, "deploy", ("--format", "json", *_given(inventories), "deploy", "--no-smoke"))
        if ended.code:
            return Attempt(ended.code, f"the deploy ended with {ended.code}: {self._why(row, ended)}")
        await self._ask_java(row)
        self.running = row.setup
        return None

    async def _drilled(self, row: PreparedRow, inventories: Sequence[Path]) -> Attempt:
        words = ("--format", "json", *_given(inventories), "verify", "failover", *arguments(row.row))
        ended = await self._step(row, "drill", words)
        try:
            drills = drills_in(self._out(row).read_text())
        except ValueError as error:
            return Attempt(Exit.UNJUDGED, f"the drill's result cannot be read: {error}")
        reasons = [reason for drill in drills for reason in drill.verdict.reasons]
        return Attempt(ended.code, "; ".join(dict.fromkeys(reasons)) if drills else ended.words, drills)

    async def _step(self, row: PreparedRow, what: str, words: Sequence[str]) -> Ended:
        self._progress.busy(self.name, f"{row.name}: {what}")
        log = self._records.path(row.name, ".log")
        return await self._children.run(
            words, self._out(row), log, lambda line: self._progress.busy(self.name, f"{row.name}: {what}: {line}")
        )

    def _out(self, row: PreparedRow) -> Path:
        return self._records.path(row.name, ".out")

    def _why(self, row: PreparedRow, ended: Ended) -> str:
        """A roll that stopped tells it in its result; one that never began, on stderr."""
        try:
            failure = DeployResult.model_validate_json(self._out(row).read_text()).failure
        except ValidationError:
            return ended.words
        return f"{failure.host}: {failure.step}: {failure.sentence}" if failure else ended.words

    async def _ask_java(self, row: PreparedRow) -> None:
        host = row.cluster.clients[0].host.name
        words = ("lab", "shell", "--name", self.name, host, "--", row.cluster.java, "-version")
        self.java = java_release((await self._step(row, "java", words)).stderr)


def _given(inventories: Sequence[Path]) -> tuple[str, ...]:
    return tuple(word for path in inventories for word in ("-i", str(path)))
