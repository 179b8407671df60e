#!/usr/bin/python
"""Documentation of the manifest action; its work is done by the action plugin on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: manifest
short_description: Render every file into a private manifest on this machine
description:
  - Runs C(opskit render) on the inventories of this very ansible-playbook run.
  - Fails with opskit's own sentences where the inventory does not hold.
options: {}
author: The opskit developers
"""

EXAMPLES = r"""
- name: Render into the manifest
  opskit.rocketmq.manifest:
"""
