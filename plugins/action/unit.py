"""Controller side of opskit.rocketmq.unit: unit, port and files come from the manifest."""

from __future__ import annotations

from ansible_collections.opskit.rocketmq.plugins.plugin_utils.manifest import ManifestAction


class ActionModule(ManifestAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        server = self.host_manifest(task_vars)["servers"][self._task.args["component"]]
        arguments = {key: server[key] for key in ("unit", "port", "files")}
        arguments["state"] = self._task.args.get("state", "current")
        return {"component": self._task.args["component"], **self.module("unit", arguments, task_vars)}
