"""One scenario on one copy of the tree, with a lab of its own; what a tree has shown once is not asked again."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mutate import outcome, scratch
from mutate.mutation import Mutation, apply
from mutate.outcome import Outcome

LIMIT_SECONDS = 1800.0


@dataclass(frozen=True)
class Workshop:
    """root: the checkout; kept: where outcomes and logs lie, so that a run that was cut off goes on where it was."""

    root: Path
    kept: Path

    baselines: dict[str, Outcome] = field(default_factory=dict)
    """What each scenario did with the tree as it is."""

    def ladder(self, mutation: Mutation) -> Outcome:
        """The scenarios that should notice, the cheapest first, until one does; the last one's word where none does."""
        for scenario in mutation.killed_by:
            found = outcome.without_ground(self.as_it_is(scenario)) or self._run(mutation, scenario)
            if found.fate == "killed":
                break
        return found

    def as_it_is(self, scenario: str) -> Outcome:
        """The scenario on the tree as it is, asked once."""
        if scenario not in self.baselines:
            there = (self.root / "molecule" / scenario / "molecule.yml").exists()
            missing = Outcome("unjudged", scenario, "", "there is no such scenario", 0)
            self.baselines[scenario] = self._run(None, scenario) if there else missing
        return self.baselines[scenario]

    def _run(self, mutation: Mutation | None, scenario: str) -> Outcome:
        with (
            tempfile.TemporaryDirectory(prefix="opskit-mutate-") as parent,
            scratch.copy(self.root, Path(parent) / f"opskit-{secrets.token_hex(3)}") as folder,
        ):
            if mutation:
                apply(mutation, folder)
            log = self.kept / f"{scenario}-{mutation.name if mutation else 'as-it-is'}-{scratch.digest(folder)}"
            known = log.with_suffix(".json")
            if known.exists():
                return Outcome(**json.loads(known.read_text()))
            scratch.prove(folder)
            began = time.monotonic()
            code = self._molecule(folder, scenario, log.with_suffix(".log"))
            found = outcome.judge(scenario, code, log.with_suffix(".log").read_text(), time.monotonic() - began)
            # what a busy machine did to a run is no property of the tree
            if found.fate != "unjudged" and (mutation or found.fate == "survived"):
                known.write_text(json.dumps(asdict(found)))
            return found

    def _molecule(self, folder: Path, scenario: str, log: Path) -> int:
        """The exit code of the whole scenario; its hosts are gone afterwards, whatever happened."""
        lab = f"mutate-{secrets.token_hex(3)}"
        environment = scratch.environment(folder, lab)
        log.parent.mkdir(parents=True, exist_ok=True)
        command = ["scripts/molecule.sh", scenario]
        try:
            with log.open("w") as said:
                process = subprocess.Popen(
                    command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
                )
                try:
                    return process.wait(LIMIT_SECONDS)
                except BaseException as error:
                    os.killpg(process.pid, signal.SIGTERM)
                    process.wait()
                    if isinstance(error, subprocess.TimeoutExpired):
                        return 124
                    raise
        finally:
            down = [sys.executable, "-m", "opskit", "lab", "down", "--name", lab]
            subprocess.run(down, cwd=folder, env=environment, capture_output=True, check=True)
