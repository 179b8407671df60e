#!/usr/bin/python
"""Put close-on-timeout in force for the JVMs of a host, watch them, or take it back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: close_on_timeout
short_description: Make RocketMQ clients leave a hung nameserver
description:
  - Does to each JVM of this host what C(opskit rollout close-on-timeout) planned.
  - Sees each restarted unit come back.
  - Every step is on record before it is done. A JVM that does not come back gets its previous environment or jar back.
options:
  state:
    description: C(applied) does it; C(soaked) watches for a while whether the JVMs are well.
    type: str
    choices: [applied, soaked]
    default: applied
  payload:
    description: What is to be done to which JVM, packed from the plan by the action plugin.
    type: str
author: The opskit developers
"""

EXAMPLES = r"""
- name: Apply what was planned
  opskit.rocketmq.close_on_timeout:

- name: Watch them before the next batch
  opskit.rocketmq.close_on_timeout:
    state: soaked
"""

RETURN = r"""
jobs:
  description: Of each JVM its pid, start_ticks, subject, state, whether it changed, a sentence, the agent's report.
  returned: with state applied
  type: list
  elements: dict
"""

import base64
import json
import zlib

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.opskit.rocketmq.plugins.module_utils.onhost.errors import FaultError
from ansible_collections.opskit.rocketmq.plugins.module_utils.onhost.jvm import rollout, soak


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["applied", "soaked"], "default": "applied"},
            # operators' health commands may hold secrets, and the agent is long: never logged
            "payload": {"type": "str", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    state = module.params["state"]
    wanted = json.loads(zlib.decompress(base64.b64decode(module.params["payload"])))
    if module.check_mode:
        module.exit_json(changed=state == "applied" and bool(wanted["jobs"]), jobs=[])
    if state == "soaked":
        said = soak.watch(*(wanted[key] for key in ("jobs", "nameserver_ports", "broker_ports", "seconds")))
        if said:
            module.fail_json(msg=". ".join(said))
        module.exit_json(changed=False)
    try:
        done = rollout.apply(wanted)["jobs"]
    except FaultError as error:
        module.fail_json(msg=str(error))
    failed = [job for job in done if job["state"] not in ("applied", "left")]
    result = {"changed": any(job["changed"] for job in done), "jobs": done}
    if failed:
        module.fail_json(msg="{subject}: {state}: {sentence}".format(**failed[0]), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
