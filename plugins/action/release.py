"""Controller side of opskit.rocketmq.release: the bundle travels only to a host that does not have it."""

from __future__ import annotations

from ansible_collections.opskit.rocketmq.plugins.plugin_utils.manifest import ManifestAction


class ActionModule(ManifestAction):
    TRANSFERS_FILES = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        changed = []
        for bundle in self.host_manifest(task_vars)["bundles"]:
            found = self.module("release", {"folder": bundle["folder"]}, task_vars)
            if found.get("failed"):
                return found
            if found["present"]:
                continue
            changed.append(bundle["folder"])
            if not self._task.check_mode:
                remote = self._connection._shell.join_path(self._make_tmp_path(), "bundle.tar")
                self._transfer_file(bundle["archive"], remote)
                arguments = {"folder": bundle["folder"], "archive": remote, "sha256": bundle["sha256"]}
                unpacked = self.module("release", arguments, task_vars)
                self._remove_tmp_path(self._connection._shell.tmpdir)
                if unpacked.get("failed"):
                    return unpacked
        return {"changed": bool(changed), "unpacked": changed}
