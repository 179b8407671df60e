"""Controller side of opskit.rocketmq.close_on_timeout: what is done to which JVM comes from the plan."""

from __future__ import annotations

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
        arguments = {key: planned[key] for key in NEEDED[state]}
        return self.module("close_on_timeout", {"state": state, **arguments}, task_vars)
