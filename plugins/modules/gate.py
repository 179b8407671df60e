#!/usr/bin/python
"""Documentation of the gate; its work is done by the action plugin on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gate
short_description: Wait until a server is back in the cluster at application level
description:
  - For a nameserver, it answers and its view equals the others'.
  - For a broker, it is registered with every nameserver, routes are equal everywhere, it is writable, and its pair is
    in sync once it is complete.
  - Fails with the reasons where that does not come true in time; nothing can ignore it.
options:
  component:
    description: Which server of the host; needed where it carries more than one.
    type: str
    choices: [nameserver, broker]
    required: true
author: The opskit developers
"""

EXAMPLES = r"""
- name: Gate on the broker
  opskit.rocketmq.gate:
    component: broker
"""
