"""opskit.rocketmq.manifest: render into a manifest on this machine, for a plain ansible-playbook run."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from opskit.inventory.variables import VARIABLES


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        if unseen := sorted(set(load_extra_vars(self._loader)) & set(VARIABLES)):
            names = ", ".join(unseen)
            return {"failed": True, "msg": f"{names}: opskit renders from the inventory, not from -e; set it there."}
        # in Ansible's own folder on this machine, which it removes at its end, however that comes
        folder = tempfile.mkdtemp(prefix="opskit-manifest-", dir=constants.DEFAULT_LOCAL_TMP)
        command = [sys.executable, "-m", "opskit"]
        for source in task_vars["ansible_inventory_sources"]:
            command += ["-i", source]
        done = subprocess.run([*command, "render", "--manifest", folder], capture_output=True, text=True, check=False)
        if done.returncode:
            return {"failed": True, "msg": done.stderr.strip()}
        return {"changed": False, "ansible_facts": {"opskit_manifest": folder}}
