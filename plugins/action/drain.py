"""Controller side of opskit.rocketmq.drain: address, times and admin keys come from the manifest."""

from __future__ import annotations

from ansible_collections.opskit.rocketmq.plugins.plugin_utils.manifest import ManifestAction


class ActionModule(ManifestAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        state = self._task.args["state"]
        return self.module("drain", {"state": state, **self.host_manifest(task_vars)["drain"]}, task_vars)
