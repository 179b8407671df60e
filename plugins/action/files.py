"""Controller side of opskit.rocketmq.files: contents go from the manifest to the module, never through variables."""

from __future__ import annotations

import base64
import json
import zlib

from ansible_collections.opskit.rocketmq.plugins.plugin_utils.manifest import ManifestAction

from opskit.render.difference import unified


class ActionModule(ManifestAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        host = self.host_manifest(task_vars)
        entries = [entry for entry in host["entries"] if entry["stage"] in (self._task.args["stage"], "host")]
        payload = base64.b64encode(zlib.compress(json.dumps(entries).encode())).decode()
        result = self.module("files", {"payload": payload}, task_vars)
        differences = result.pop("differences", [])
        result["changed_files"] = [difference["path"] for difference in differences]
        if self._task.diff:
            result["diff"] = [
                {"prepared": unified(found["path"], found["before"], found["after"]) + "\n"}
                for found in differences
                if found["what"] == "content"
            ]
        return result
