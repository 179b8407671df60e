#!/usr/bin/python
"""Unpack a bundle of jars beside its final folder, then rename it in."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Unpack a checked bundle of jars
description:
  - The folder's name carries the bundle's digest, so that a folder that exists is complete and is never changed.
  - The archive is compared with its checksum before it is unpacked beside the folder and renamed in.
options:
  folder:
    description: Final folder.
    type: path
    required: true
  archive:
    description: Tar file on the host; without it the module only says whether the folder is there.
    type: path
  sha256:
    description: Checksum of the archive.
    type: str
author: The opskit developers
"""

EXAMPLES = r"""
- name: Unpack the jars of the declared release
  opskit.rocketmq.release:
"""

RETURN = r"""
present:
  description: Whether the folder is there.
  returned: always
  type: bool
"""

import errno

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.opskit.rocketmq.plugins.module_utils.onhost import bundles


def main():
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "archive": {"type": "path"},
            "sha256": {"type": "str"},
        },
        supports_check_mode=True,
    )
    folder, archive = module.params["folder"], module.params["archive"]
    if bundles.present(folder) or archive is None or module.check_mode:
        module.exit_json(changed=False, present=bundles.present(folder))
    try:
        bundles.unpack(archive, module.params["sha256"], folder)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            module.fail_json(msg=f"The disk that holds {folder} is full; free some space and run again.")
        raise
    except bundles.ChecksumError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=True, present=True)


if __name__ == "__main__":
    main()
