#!/usr/bin/python
"""Bring a RocketMQ unit to its files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: unit
short_description: Bring a RocketMQ unit to its files
description:
  - A unit must restart where it is not running or its process is older than its files; never because it was notified.
  - In check mode, where files are not laid down, also where one of them will change.
  - Waits until the unit's own process listens; after a failed start the message ends with the unit's last log lines.
options:
  component:
    description: Which server; unit, port and files are read from the manifest by the action plugin.
    type: str
    choices: [nameserver, broker, controller]
  state:
    description: C(judged) only says whether it must restart; C(current) restarts it where it must.
    type: str
    choices: [judged, current]
    default: current
  unit:
    description: Name of the systemd unit.
    type: str
    required: true
  port:
    description: TCP port the server listens on.
    type: int
    required: true
  files:
    description: Files that take effect at a restart, each with the SHA-256 of what is declared.
    type: dict
    required: true
author: The opskit developers
"""

EXAMPLES = r"""
- name: Bring the broker to its files
  opskit.rocketmq.unit:
    component: broker
"""

RETURN = r"""
restart:
  description: Whether the unit has to restart, or was restarted.
  returned: always
  type: bool
reason:
  description: Why, in words.
  returned: always
  type: str
running:
  description: Whether the unit ran when it was looked at.
  returned: always
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.opskit.rocketmq.plugins.module_utils.onhost import files, units


def main():
    module = AnsibleModule(
        argument_spec={
            "unit": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "files": {"type": "dict", "required": True},
            "state": {"type": "str", "choices": ["judged", "current"], "default": "current"},
        },
        supports_check_mode=True,
    )
    unit = module.params["unit"]
    now = units.state(unit)
    declared = module.params["files"]
    found = {path: files.state(path) for path in declared}
    reason = units.restart_reason(now, list(found.values()))
    if module.check_mode and not reason and any(found[path].get("sha256") != declared[path] for path in declared):
        reason = "its files change"
    result = {"restart": bool(reason), "reason": reason, "running": now["active"] == "active"}
    if module.params["state"] == "judged":
        module.exit_json(changed=False, **result)
    if reason and not module.check_mode:
        try:
            units.bring_up(unit, module.params["port"])
        except units.UnitError as error:
            module.fail_json(msg=str(error), **result)
    module.exit_json(changed=bool(reason), **result)


if __name__ == "__main__":
    main()
