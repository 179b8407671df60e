"""What opskit rendered for one host, and the base of every action that reads it."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from opskit.change.handover import abandoned


class ManifestAction(ActionBase):
    """An action whose values come from the manifest that `opskit render --manifest` wrote, not from variables."""

    TRANSFERS_FILES = False

    def manifest(self, task_vars):
        """The folder of the manifest."""
        folder = task_vars.get("opskit_manifest") or task_vars["hostvars"]["localhost"].get("opskit_manifest")
        if not folder:
            raise AnsibleActionFail("Nothing is planned: run the whole playbook, and add localhost to a --limit.")
        path = Path(str(folder))
        if abandoned(path):
            raise AnsibleActionFail("The opskit that drove this playbook is gone, so it goes no further.")
        return path

    def host_manifest(self, task_vars):
        """What opskit rendered for this host."""
        path = self.manifest(task_vars) / "hosts" / f"{task_vars['inventory_hostname']}.json"
        if not path.exists():
            raise AnsibleActionFail(f"opskit planned nothing for this host ({path}).")
        return json.loads(path.read_text())

    def module(self, name, arguments, task_vars):
        """Run a module of this collection; its invocation, which would repeat the arguments, is left out."""
        result = self._execute_module(module_name=f"opskit.rocketmq.{name}", module_args=arguments, task_vars=task_vars)
        result.pop("invocation", None)
        return result
