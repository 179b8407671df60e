"""Keys that opskit writes itself from what the inventory says of the topology.

Given a second time as settings they would contradict the checks that were made on the topology.
"""

from collections.abc import Mapping

from opskit.rocketmq.settings_table import Component

_HOME = "opskit sets rocketmq.home.dir in the unit; leave it out."

RESERVED: Mapping[Component, Mapping[str, str]] = {
    "broker": {
        "brokerClusterName": "Set rocketmq_cluster_name.",
        "brokerName": "Set rocketmq_broker_name on the host.",
        "brokerId": "Set rocketmq_broker_id on the host.",
        "brokerRole": "Set rocketmq_broker_role on the host.",
        "namesrvAddr": "List the hosts in the group nameservers; their rocketmq_address and port make the list.",
        "listenPort": "Set rocketmq_broker_port on the host.",
        "brokerIP1": "Set rocketmq_address on the host.",
        "brokerIP2": "Set rocketmq_address on the host.",
        "storePathRootDir": "Set rocketmq_store_path.",
        "storePathCommitLog": "Set rocketmq_store_path; the commit log lies below it.",
        "rocketmqHome": _HOME,
    },
    "nameserver": {
        "listenPort": "Set rocketmq_nameserver_port on the host.",
        "kvConfigPath": "opskit keeps it below /var/lib/rocketmq; leave it out.",
        "configStorePath": "The nameserver puts the path of its namesrv.conf in its place; leave it out.",
        "rocketmqHome": _HOME,
    },
    "controller": {
        "listenPort": "Set rocketmq_controller_port on the host.",
        "controllerDLegerGroup": "opskit names it after rocketmq_cluster_name; leave it out.",
        "controllerDLegerPeers": "List the hosts in the group controllers.",
        "controllerDLegerSelfId": "List the hosts in the group controllers.",
        "controllerStorePath": "opskit keeps it below /var/lib/rocketmq; leave it out.",
        "rocketmqHome": _HOME,
    },
}
"""Component → key → what to do instead."""
