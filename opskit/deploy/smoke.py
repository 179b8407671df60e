"""The smoke test: real messages, sent and received by the official Java client on a client host."""

import secrets
from collections.abc import Callable

from opskit.artifacts.bundles import Bundle
from opskit.artifacts.probe import probe_command, smoke_result
from opskit.change.topic import create_on_every_master
from opskit.deploy.result import Smoke
from opskit.inventory.cluster import Cluster, Host
from opskit.reach.command import execute
from opskit.render.layout import CLIENT_RELEASES

TOPIC = "opskit-smoke"
"""opskit's own topic; it stays, so that a second smoke test creates nothing."""
QUEUES = 4
MESSAGES = 1000
SECONDS = 60


def smoke(cluster: Cluster, host: Host, client: Bundle, say: Callable[[str], None]) -> Smoke:
    """Send 1,000 messages over all masters and receive them again, with one release of the client.

    Raises OpskitError (exit 3) where the probe could not run.
    """
    say(f"Smoke test from {host.name} with the {client.release} client: {MESSAGES} messages")
    create_on_every_master(cluster, TOPIC, QUEUES)
    lib = f"{CLIENT_RELEASES}/{client.folder}/lib"
    words = ["smoke", "--nameservers", cluster.nameserver_addresses, "--topic", TOPIC]
    words += ["--messages", str(MESSAGES), "--timeout-seconds", str(SECONDS)]
    keys = {}
    if cluster.acl:
        keys["OPSKIT_ACCESS_KEY"] = cluster.acl.access_key
        keys["OPSKIT_SECRET_KEY"] = cluster.acl.secret_key.get_secret_value()
    logs = f"/tmp/opskit-probe-{secrets.token_hex(4)}"  # noqa: S108 - on the client host, made by the probe's own user
    command = ["sh", "-c", 'logs=$1; shift; "$@"; status=$?; rm -rf "$logs"; exit $status', "sh", logs]
    command += probe_command(cluster.java, lib, client.release, words, logs)
    _, stdout, _ = execute(host.endpoint, command, SECONDS + 30, keys)
    return Smoke(host=host.name, **smoke_result(stdout, host.name).model_dump())
