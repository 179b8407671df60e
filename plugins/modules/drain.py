#!/usr/bin/python
"""Take a master out of its producers' rotation before it stops, with the undo armed on the host first."""

from __future__ import annotations

DOCUMENTATION = r"""
module: drain
short_description: Take a master out of its producers' rotation before it stops
description:
  - Asks first, from the controller, whether every slave of the pair answers and is in sync, and whether another master
    takes writes; without one producers have nowhere to move, and the master restarts without a drain.
  - Arms an undo on the host, sets the broker read-only, and waits until its producers have moved at their route poll.
  - The undo fires by itself at its deadline, so that an interrupted run leaves no broker read-only.
options:
  state:
    description: C(drained) before the broker stops; C(over) after it has come back, which disarms the undo.
    type: str
    choices: [drained, over]
    required: true
  identity:
    description: Name of the change record.
    type: str
    required: true
  address:
    description: Address that the broker listens on.
    type: str
    required: true
  port:
    description: The broker's listenPort.
    type: int
    required: true
  access_key:
    description: Admin access key, where the cluster has ACL.
    type: str
  secret_key:
    description: Admin secret key, where the cluster has ACL.
    type: str
  seconds:
    description: How long to wait at the least; above the clients' 30 s route poll.
    type: float
    required: true
author: The opskit developers
"""

EXAMPLES = r"""
- name: Move producers off the master before it stops
  opskit.rocketmq.drain:
    state: drained
"""

RETURN = r"""
still_per_second:
  description: Messages per second that were still stored at the end of the wait.
  returned: when drained
  type: float
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.opskit.rocketmq.plugins.module_utils.onhost import changes, drain, operations

# Long enough for the stop that follows the drain. A broker that restarts meanwhile comes back with its declared
# permission, so that an undo at a bad moment does no harm.
UNDO_MARGIN_SECONDS = 20


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["drained", "over"], "required": True},
            "identity": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "access_key": {"type": "str", "no_log": False},
            "secret_key": {"type": "str", "no_log": True},
            "seconds": {"type": "float", "required": True},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    if module.check_mode:
        module.exit_json(changed=wanted["state"] == "drained")
    if wanted["state"] == "over":
        changes.disarm(wanted["identity"])
        module.exit_json(changed=False)
    acl = (wanted["access_key"], wanted["secret_key"]) if wanted["access_key"] else None
    least, most = wanted["seconds"], wanted["seconds"] * 2
    undo_after = most + UNDO_MARGIN_SECONDS
    try:
        done = drain.begin(wanted["identity"], wanted["address"], wanted["port"], acl, least, most, undo_after)
    except Exception as error:
        sentence = f"The broker could not be drained: {error}"
        if wanted["identity"] in changes.armed():
            undone = operations.reply({"op": "undo", "id": wanted["identity"]})
            if "error" in undone:
                sentence += f". Nor could that be undone yet ({undone['error']}); the undo armed here tries again."
        module.fail_json(msg=sentence)
    module.exit_json(changed=True, **done)


if __name__ == "__main__":
    main()
