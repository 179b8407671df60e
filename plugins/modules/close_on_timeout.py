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
  run:
    description: Id of the run, from the plan; the records on the host bear it.
    type: str
  agent:
    description: Path of opskit's Java agent on the host, from the plan.
    type: str
  shared:
    description: Path, content and mode of what several units use, the agent among them, from the plan.
    type: list
    elements: dict
  jobs:
    description: What is to be done to which JVM, from the plan.
    type: list
    elements: dict
  nameserver_ports:
    description: Where the nameservers listen; connections to them are watched.
    type: list
    elements: int
  broker_ports:
    description: Where the brokers listen.
    type: list
    elements: int
  seconds:
    description: How long they are watched.
    type: float
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
  description: Of each JVM its subject, state, whether it changed, a sentence, and the agent's report.
  returned: with state applied
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.opskit.rocketmq.plugins.module_utils.onhost.jvm import rollout, soak


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["applied", "soaked"], "default": "applied"},
            "run": {"type": "str"},
            "agent": {"type": "str"},
            "shared": {"type": "list", "elements": "dict"},
            "jobs": {"type": "list", "elements": "dict"},
            "nameserver_ports": {"type": "list", "elements": "int"},
            "broker_ports": {"type": "list", "elements": "int"},
            "seconds": {"type": "float"},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    if module.check_mode:
        module.exit_json(changed=wanted["state"] == "applied" and bool(wanted["jobs"]), jobs=[])
    if wanted["state"] == "soaked":
        said = soak.watch(*(wanted[key] for key in ("jobs", "nameserver_ports", "broker_ports", "seconds")))
        if said:
            module.fail_json(msg=". ".join(said))
        module.exit_json(changed=False)
    done = rollout.apply({key: wanted[key] for key in ("run", "agent", "shared", "jobs")})["jobs"]
    failed = [job for job in done if job["state"] not in ("applied", "left")]
    result = {"changed": any(job["changed"] for job in done), "jobs": done}
    if failed:
        module.fail_json(msg="{subject}: {state}: {sentence}".format(**failed[0]), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
