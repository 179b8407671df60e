"""Documentation of opskit.rocketmq.verify_failover, whose action plugin does the work on the controller."""

DOCUMENTATION = """
module: verify_failover
short_description: Hang a node under real client traffic and judge the recovery
description:
  - Runs C(opskit verify failover) on the controller with the inventories of this playbook. In check mode, its dry run.
  - Fails where the verdict is not that it holds; C(rc) is opskit's exit code.
author: opskit
options:
  scenario:
    description: What hangs, as C(opskit verify list) names it.
    type: str
  fault:
    description: How it hangs, freeze, blackhole or kill.
    type: str
  victim:
    description: A host or a broker's name; auto picks one.
    type: str
  window:
    description: Seconds within which produce, consume and route must recover.
    type: float
  hold:
    description: Seconds that the fault is held.
    type: float
  stable:
    description: Seconds without a failure after which a recovery counts.
    type: float
  confirm:
    description: Name of the cluster, where its environment is production.
    type: str
"""

EXAMPLES = """
- name: Hang a nameserver and a broker, and expect recovery within 30 s
  opskit.rocketmq.verify_failover:
    scenario: nameserver-and-broker
    window: 30
"""
