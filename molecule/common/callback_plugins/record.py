"""Write down what each run of ansible-playbook changed, or said that it would: a line of JSON in the scenario's folder.

molecule/common/tests/roll judges the lines: what check mode foretold is what then changed, and a second run changes
nothing. Molecule's own idempotence reads the screen.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible import context
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: record (host, task) pairs that change
description:
  - Appends {"playbook", "check", "changed", "ran"} to record.jsonl in MOLECULE_EPHEMERAL_DIRECTORY.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook):
        self.playbook = Path(playbook._file_name).name
        self.ran: list[tuple[str, str]] = []
        self.changed: list[tuple[str, str]] = []

    def v2_runner_on_ok(self, result):
        pair = (result._host.get_name(), result._task.get_name())
        self.ran.append(pair)
        if result._result.get("changed"):
            self.changed.append(pair)

    def v2_playbook_on_stats(self, stats):  # noqa: ARG002
        line = {"playbook": self.playbook, "check": context.CLIARGS["check"], "changed": self.changed, "ran": self.ran}
        with (Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "record.jsonl").open("a") as record:
            record.write(json.dumps(line) + "\n")
