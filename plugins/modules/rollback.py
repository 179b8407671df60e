#!/usr/bin/python
"""Look at a broker's store before its release changes. Touches nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollback
short_description: Refuse a rollback that would lose messages
description:
  - Looks at which release a broker runs and what its store holds; touches nothing, in check mode neither.
  - The action plugin fails where the declared release is 4.x and the broker comes from 5.x, unless the inventory sets
    C(opskit_allow_rollback) and the store holds nothing that 4.x never delivers.
options:
  path:
    description: The broker's store; read from the manifest by the action plugin.
    type: path
    required: true
  unit:
    description: Name of the broker's systemd unit; read from the manifest by the action plugin.
    type: str
    required: true
author: The opskit developers
"""

EXAMPLES = r"""
- name: Refuse what would lose messages
  opskit.rocketmq.rollback:
"""

RETURN = r"""
store:
  description: Which release runs, which wrote the store, and what in it only 5.x serves.
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.opskit.rocketmq.plugins.module_utils.onhost import stores


def main():
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "required": True}, "unit": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    module.exit_json(changed=False, store=stores.state(module.params["path"], module.params["unit"]))


if __name__ == "__main__":
    main()
