"""A new folder for each run; report.json is renamed in last, so that its presence means finished."""

import getpass
import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from opskit import paths


@dataclass(frozen=True)
class Run:
    """identity: UTC-COMMAND-HEX, unique; by: who asked, as user@controller."""

    identity: str
    folder: Path
    verb: str
    by: str

    def finish(self, report: BaseModel) -> None:
        """Write report.json; a run without it was cut off."""
        new = self.folder / "report.json.new"
        new.write_text(report.model_dump_json(indent=2, by_alias=True))
        new.rename(self.folder / "report.json")


def start(cluster: str, verb: str) -> Run:
    """Make the folder of a new run, mode 0700."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    identity = f"{now}-{verb}-{secrets.token_hex(3)}"
    folder = paths.state() / "runs" / cluster / identity
    folder.mkdir(parents=True, mode=0o700)
    return Run(identity, folder, verb, f"{getpass.getuser()}@{socket.gethostname()}")
