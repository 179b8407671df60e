"""opskit.rocketmq.gate: the application-level gate, asked from the controller. It runs nothing on the host."""

from __future__ import annotations

import asyncio

from ansible_collections.opskit.rocketmq.plugins.plugin_utils.manifest import ManifestAction

from opskit.deploy.manifest import read_cluster
from opskit.status.gate import wait_for_gate


class ActionModule(ManifestAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        if self._task.check_mode:
            return {"changed": False, "skipped": True}
        cluster = read_cluster(self.manifest(task_vars))
        here = cluster.servers_on(task_vars["inventory_hostname"])
        node = next(server for server in here if server.component == self._task.args["component"])
        reasons = asyncio.run(wait_for_gate(cluster, node, cluster.gate_seconds))
        if reasons:
            sentence = f"The gate did not open within {cluster.gate_seconds:g} s: {'; '.join(reasons)}"
            return {"failed": True, "msg": sentence}
        return {"changed": False, "msg": "the gate is open"}
