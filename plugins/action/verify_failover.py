"""opskit.rocketmq.verify_failover: one drill, made by opskit on this machine."""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys

from ansible.plugins.action import ActionBase

OPTIONS = ("scenario", "fault", "victim", "window", "hold", "stable", "confirm")
UNDO_FAILED = 4
"""Exit code of opskit; the notes begin with what is left on which host, and what undoes it by hand."""
PR_SET_PDEATHSIG = 1


def _end_with_ansible():
    """Ctrl-C ends Ansible's worker, but not what it started: have the kernel send opskit a SIGTERM then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        command = [sys.executable, "-m", "opskit", "--format", "json"]
        for source in task_vars["ansible_inventory_sources"]:
            command += ["-i", source]
        command += ["verify", "failover"]
        for name in OPTIONS:
            if self._task.args.get(name) not in (None, ""):
                command += [f"--{name}", str(self._task.args[name])]
        if self._task.check_mode:
            command.append("--dry-run")
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=_end_with_ansible)
        if not done.stdout:
            return {"failed": True, "msg": done.stderr.strip(), "rc": done.returncode}
        result = json.loads(done.stdout)
        if self._task.check_mode:
            return {"changed": False, "plan": result, "msg": "nothing was touched"}
        verdict = result["verdict"]
        sentences = "; ".join(verdict["reasons"])
        told = f"{verdict['judgement']}: {sentences}. Undo: {verdict['undo']}."
        if done.returncode == UNDO_FAILED:
            told = " ".join([told, *result["notes"]])
        return {
            "changed": False,
            "failed": done.returncode != 0,
            "rc": done.returncode,
            "msg": f"{told} Report: {result['folder']}/report.html",
            "verdict": verdict,
        }
