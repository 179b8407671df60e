"""Controller side of opskit.rocketmq.drain: asks first whether the master may stop; values come from the manifest."""

from __future__ import annotations

import asyncio

from ansible_collections.opskit.rocketmq.plugins.plugin_utils.manifest import ManifestAction

from opskit.deploy.manifest import read_cluster
from opskit.status.gate import wait_before_drain


class ActionModule(ManifestAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        state = self._task.args["state"]
        if state == "drained":
            cluster = read_cluster(self.manifest(task_vars))
            host = task_vars["inventory_hostname"]
            master = next(broker for broker in cluster.brokers if broker.host.name == host)
            found = asyncio.run(wait_before_drain(cluster, master, cluster.gate_seconds))
            if found.reasons:
                return {"failed": True, "msg": f"The master may not stop yet: {'; '.join(found.reasons)}"}
            if found.alone:
                return {"changed": False, "undrained": True, "msg": "no other master takes writes: not drained"}
        return self.module("drain", {"state": state, **self.host_manifest(task_vars)["drain"]}, task_vars)
