"""Controller side of opskit.rocketmq.rollback: the host tells of its store, the rule judges here."""

from __future__ import annotations

from ansible_collections.opskit.rocketmq.plugins.plugin_utils.manifest import ManifestAction

from opskit.deploy.manifest import read_cluster
from opskit.deploy.rollback import rollback
from opskit.render.layout import KINDS


class ActionModule(ManifestAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        cluster = read_cluster(self.manifest(task_vars))
        host = task_vars["inventory_hostname"]
        broker = next(broker for broker in cluster.brokers if broker.host.name == host)
        found = self.module("rollback", {"path": cluster.store_path, "unit": KINDS["broker"].unit}, task_vars)
        if found.get("failed"):
            return found
        for finding in rollback(broker, found["store"], cluster.allow_rollback):
            return {"failed": True, "msg": f"{finding.sentence}. {finding.remedy}"}
        return {"changed": False, "msg": f"its store may be served by {broker.release}"}
