"""Controller side of opskit.rocketmq.close_on_timeout: the plan goes to the module in one argument, never logged."""

from __future__ import annotations

import base64
import json
import zlib

from ansible_collections.opskit.rocketmq.plugins.plugin_utils.manifest import ManifestAction

NEEDED = {
    "applied": ("run", "agent", "shared", "jobs"),
    "soaked": ("jobs", "nameserver_ports", "broker_ports", "seconds"),
}


class ActionModule(ManifestAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        state = self._task.args.get("state", "applied")
        planned = self.host_manifest(task_vars)
        wanted = {key: planned[key] for key in NEEDED[state]}
        payload = base64.b64encode(zlib.compress(json.dumps(wanted).encode())).decode()
        return self.module("close_on_timeout", {"state": state, "payload": payload}, task_vars)
