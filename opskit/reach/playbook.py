"""One playbook run through ansible-runner: its events as they come, and a cancel that leaves no worker behind."""

import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from opskit.errors import OpskitError
from opskit.paths import ansible_config, collections

GRACE_SECONDS = 5.0
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, a terminal that is closed."""
Outcome = Literal["started", "ok", "skipped", "failed", "unreachable"]
_WRAPPED = re.compile(r"^((Task|Action|Module) failed: )+")
"""What ansible-core (2.19) puts before a sentence."""
OUTCOMES: dict[str, Outcome] = {
    "runner_on_start": "started",
    "runner_on_ok": "ok",
    "runner_on_skipped": "skipped",
    "runner_on_failed": "failed",
    "runner_item_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
}


@dataclass(frozen=True)
class Event:
    """One step that started or ended on one host: the play's name, the task's name, the module's return."""

    stage: str
    step: str
    host: str
    outcome: Outcome
    changed: bool
    result: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """What a step that failed says of it."""
        said = _WRAPPED.sub("", str(self.result.get("msg", "")).strip()).rstrip(" :")
        return said or f"the step {self.outcome} without a word"


@dataclass(frozen=True)
class PlaybookResult:
    outcome: Literal["done", "failed", "cancelled"]
    output: str
    """What ansible-playbook printed: for a failure that no event tells."""
    terminated: bool = False
    """Cancelled by SIGTERM or SIGHUP, not by Ctrl-C."""


class Cancel:
    """Ctrl-C: SIGINT to ansible-playbook, which ends its own workers; the runner's SIGKILL only after a grace."""

    def __init__(self) -> None:
        self.signum: int | None = None
        self.pid: int | None = None
        self._sent: float | None = None

    def __call__(self) -> bool:
        if self.signum is None:
            return False
        if self._sent is None and self.pid is not None:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(self.pid, signal.SIGINT)
            self._sent = time.monotonic()
        return self._sent is None or time.monotonic() - self._sent > GRACE_SECONDS


def play(
    playbook: Path,
    inventories: Sequence[Path],
    variables: Mapping[str, str],
    limit: Sequence[str],
    on_event: Callable[[Event], None],
) -> PlaybookResult:
    """Run a playbook on the hosts of `limit`; each of STOPS cancels it, which comes back as "cancelled".

    variables hold no secret: ansible-runner writes them to disk. Raises OpskitError where ansible cannot start.
    """
    import ansible_runner

    from opskit.inventory.ansible_api import vault_environment

    cancel = Cancel()

    def handle(event: dict[str, Any]) -> bool:
        cancel.pid = event.get("pid", cancel.pid)
        if event["event"] in OUTCOMES:
            on_event(_event(event))
        return False

    with tempfile.TemporaryDirectory(prefix="opskit-play-") as folder, _cancelling(cancel):
        environment = Path(folder) / "env"
        environment.mkdir()
        # how often the runner looks whether it is cancelled, in seconds; its default is 5
        (environment / "settings").write_text('{"pexpect_timeout": 0.2}')
        output = ""
        try:
            run = ansible_runner.run(
                private_data_dir=folder,
                # as for plain ansible-playbook: keys and known_hosts of an inventory may be named relative to it
                project_dir=str(Path.cwd()),
                playbook=str(playbook),
                inventory=[str(path.absolute()) for path in inventories],
                extravars=dict(variables),
                limit=",".join(limit),
                envvars={
                    # ansible-playbook lies beside the Python that runs opskit, whether its venv is activated or not
                    "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
                    "ANSIBLE_CONFIG": str(ansible_config()),
                    "ANSIBLE_COLLECTIONS_PATH": str(collections()),
                    "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
                    **vault_environment(),
                },
                quiet=True,
                event_handler=handle,
                cancel_callback=cancel,
            )
            output = run.stdout.read()
        except Exception:
            # of a playbook that is killed the runner may not see the end: a worker can outlive it and hold its output
            if cancel.signum is None:
                raise
    if cancel.signum is not None:
        return PlaybookResult("cancelled", output, terminated=cancel.signum != signal.SIGINT)
    if run.status == "error":
        raise OpskitError("ansible-playbook did not start", where=str(playbook), remedy=output[-2000:])
    return PlaybookResult("done" if run.rc == 0 else "failed", output)


def _event(event: Mapping[str, Any]) -> Event:
    data = event["event_data"]
    result = data.get("res") or {}
    outcome = OUTCOMES[event["event"]]
    return Event(data["play"], data["task"], data["host"], outcome, bool(result.get("changed")), result)


@contextmanager
def _cancelling(cancel: Cancel) -> Iterator[None]:
    """STOPS ask for the cancel while the playbook runs; the handlers before come back after it."""
    before = {signum: signal.getsignal(signum) for signum in STOPS}
    if before[signal.SIGHUP] is signal.SIG_IGN:  # nohup
        del before[signal.SIGHUP]

    def ask(signum: int, _: FrameType | None) -> None:
        cancel.signum = signum

    for signum in before:
        signal.signal(signum, ask)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
