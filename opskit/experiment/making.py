"""The labs of an experiment at work: each takes row after row, is stopped by a signal, and goes."""

import asyncio
import signal
from collections import Counter
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime

from opskit.errors import Exit
from opskit.experiment import machine
from opskit.experiment.children import OPSKIT, Children, Stopped
from opskit.experiment.figures import row_result
from opskit.experiment.labs import Attempt, Lab
from opskit.experiment.prepare import PreparedRow
from opskit.experiment.progress import Progress
from opskit.experiment.record import Record
from opskit.experiment.rows import Rows
from opskit.experiment.schedule import next_row
from opskit.lab.folder import names as lab_names
from opskit.reach.playbook import STOPS

MOST_ATTEMPTS = 2
"""A row that could not be judged is made once more."""


class Making:
    """prefix: of the labs' names; one that an opskit before this one left is taken down first."""

    def __init__(self, rows: Rows, prefix: str, jobs: int, tell: Progress, program: Sequence[str] = OPSKIT) -> None:
        self._rows, self._prefix, self._jobs, self._tell = rows, prefix, jobs, tell
        self._children, self._last = Children(program), Children(program)
        self._attempts: Counter[str] = Counter()
        self._opskit = machine.opskit_version()

    async def until_done(self) -> signal.Signals | None:
        """Make every row that waits; the signal that stopped it, None where none did."""
        stopped: list[signal.Signals] = []
        loop = asyncio.get_running_loop()

        def stop(signum: signal.Signals) -> None:
            busy = ", ".join(row.name for row, _ in self._rows.under_way.values()) or "no row"
            self._tell.note(f"Stopping: {busy} under way; what was done is undone, then the labs go")
            if not stopped:
                stopped.append(signum)
                self._children.stop(signal.SIGINT if signum is signal.SIGINT else signal.SIGTERM)

        for signum in (one for one in STOPS if signal.getsignal(one) is not signal.SIG_IGN):
            loop.add_signal_handler(signum, stop, signum)
        for name in (name for name in lab_names() if name.startswith(self._prefix)):
            await self._lab(name).down()
        await all_or_none([self._work(self._lab(f"{self._prefix}{number + 1}")) for number in range(self._jobs)])
        return stopped[0] if stopped else None

    def _lab(self, name: str) -> Lab:
        return Lab(name, self._rows.records, self._tell, self._children, self._last)

    async def _work(self, lab: Lab) -> None:
        """One row after the other, until none waits or somebody stops it."""
        leave = False
        try:
            while not leave and (row := self._take(lab)):
                leave = await self._make(lab, row)
        except Stopped:
            self._tell.note(f"{lab.name}: stopped")
        finally:
            self._rows.under_way.pop(lab.name, None)
            if leave:
                self._tell.note(f"{lab.name} is left as it is; opskit lab down --name {lab.name} removes it")
            else:
                await lab.down()
            self._tell.idle(lab.name)

    def _take(self, lab: Lab) -> PreparedRow | None:
        if self._children.stopping:
            return None
        elsewhere = [row.setup for row, _ in self._rows.under_way.values()]
        row = next_row(self._rows.waiting, lab.running, elsewhere)
        if row is not None:
            self._rows.begin(lab.name, row)
            self._tell.note(f"{lab.name}: {row.name}, {row.row.fault} {row.row.scenario}")
            self._show()
        return row

    async def _make(self, lab: Lab, row: PreparedRow) -> bool:
        """Whether an undo failed: its lab then stays for whoever looks, and all others stop."""
        self._attempts[row.name] += 1
        attempt = await lab.make(row)
        record = self._record(lab, row, attempt)
        del self._rows.under_way[lab.name]
        undo_failed = record.code == Exit.UNDO_FAILED
        if not record.judged and not undo_failed:
            await lab.down()
            if self._once_more(row, record):
                self._tell.note(f"{row.name}: could not be judged, so once more in a new lab: {record.sentence}")
                self._rows.waiting.insert(0, row)
                return False
        self._rows.keep(row, record)
        self._tell_of(row, record)
        if undo_failed:
            self._children.stop(signal.SIGINT)
        return undo_failed

    def _once_more(self, row: PreparedRow, record: Record) -> bool:
        hopeless = record.code == Exit.USAGE or row.row.expect == "unjudged"
        return not hopeless and self._attempts[row.name] < MOST_ATTEMPTS

    def _record(self, lab: Lab, row: PreparedRow, attempt: Attempt) -> Record:
        return Record(
            definition=row.definition,
            at=datetime.now(UTC),
            code=attempt.code,
            sentence=attempt.sentence,
            attempts=self._attempts[row.name],
            opskit=self._opskit,
            machine=machine.this(lab.java),
            drills=attempt.drills,
        )

    def _tell_of(self, row: PreparedRow, record: Record) -> None:
        told = row_result(row, record)
        said = {True: ", as expected", False: f", but {row.row.expect} was expected", None: ""}[told.as_expected]
        state = told.judgement if told.state == "judged" else told.state
        self._tell.note(f"{row.name}: {state}{said}. {told.sentence}")
        self._show()

    def _show(self) -> None:
        self._tell.left(self._rows.left, self._rows.remaining_seconds(self._jobs))


async def all_or_none(work: Sequence[Coroutine[None, None, None]]) -> None:
    """Where one fails the others are ended, and waited for, before it is raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
