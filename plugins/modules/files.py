#!/usr/bin/python
"""Lay down the files that opskit rendered for this host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: files
short_description: Lay down the files that opskit rendered for this host
description:
  - Writes folders and files atomically, all in one call; what is already as rendered is left alone.
  - Called by its action plugin, which reads the contents from the manifest so that they never become variables.
options:
  stage:
    description: Whose files to place, together with those of the host itself.
    type: str
    choices: [nameserver, broker, controller]
  payload:
    description: Entries packed by the action plugin.
    type: str
author: The opskit developers
"""

EXAMPLES = r"""
- name: Place the broker's files
  opskit.rocketmq.files:
    stage: broker
"""

RETURN = r"""
changed_files:
  description: Paths that differed from what was rendered.
  returned: always
  type: list
  elements: str
"""

import base64
import json
import zlib

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.opskit.rocketmq.plugins.module_utils.onhost import files


def main():
    module = AnsibleModule(
        # the packed contents may hold secrets: never logged
        argument_spec={"payload": {"type": "str", "required": True, "no_log": True}},
        supports_check_mode=True,
    )
    entries = json.loads(zlib.decompress(base64.b64decode(module.params["payload"])))
    differences = files.place(entries, module.check_mode)
    module.exit_json(changed=bool(differences), differences=differences)


if __name__ == "__main__":
    main()
