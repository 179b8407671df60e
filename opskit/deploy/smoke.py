"""The smoke test: real messages, sent and received by the official Java client on a client host."""

import asyncio
import json
from collections.abc import Callable

from opskit.artifacts.bundles import Bundle
from opskit.artifacts.probe import probe_command
from opskit.deploy.result import Smoke
from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Cluster, Host
from opskit.reach.command import execute
from opskit.render.layout import CLIENT_RELEASES
from opskit.rocketmq.admin import create_topic
from opskit.status.ask import tell_masters

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
    asyncio.run(tell_masters(cluster, create_topic(TOPIC, queues=QUEUES)))
    lib = f"{CLIENT_RELEASES}/{client.folder}/lib"
    words = ["smoke", "--nameservers", cluster.nameserver_addresses, "--topic", TOPIC]
    words += ["--messages", str(MESSAGES), "--timeout-seconds", str(SECONDS)]
    keys = {}
    if cluster.acl:
        keys["OPSKIT_ACCESS_KEY"] = cluster.acl.access_key
        keys["OPSKIT_SECRET_KEY"] = cluster.acl.secret_key.get_secret_value()
    command = probe_command(cluster.java, lib, client.release, words)
    _, stdout, stderr = execute(host.endpoint, command, SECONDS + 30, keys)
    return _read(host.name, client.release, stdout, stderr)


def _read(host: str, release: str, stdout: str, stderr: str) -> Smoke:
    lines = stdout.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        said = (stderr or stdout).strip().splitlines()
        raise OpskitError(
            f"the smoke test with the {release} client did not run: {said[-1] if said else 'it said nothing'}",
            where=host,
            code=Exit.UNJUDGED,
        )
    ledger = json.loads(lines[-1])
    names = ("sent", "acknowledged", "received", "failed", "lost", "seconds")
    return Smoke(host=host, client=release, **{name: ledger[name] for name in names})
