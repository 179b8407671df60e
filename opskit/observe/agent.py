"""opskit's Java agent as it is called: its options, and where it lies. Pure."""

from typing import Literal

from opskit.inventory.services import Mode
from opskit.observe.model import AGENT_NAME

HOME = "/usr/local/lib/opskit/agent"
"""On hosts and in images: below /usr, which sandboxed services see too, and which SELinux lets them read."""
PROPERTY = "com.rocketmq.remoting.client.closeSocketIfTimeout"
CONNECT_PROPERTY = "com.rocketmq.remoting.client.connect.timeout"

Verb = Literal["on", "off", "report"]


def agent_options(verb: Verb, mode: Mode | None = None, latency_fault: bool | None = None, token: str = "") -> str:
    """The agent's options: a verb, then what differs from its defaults; latency_fault None leaves producers alone."""
    words: list[str] = [verb]
    if mode:
        words.append(f"mode={mode}")
    if latency_fault is not None:
        words.append(f"latency-fault={'on' if latency_fault else 'off'}")
    if token:
        words.append(f"id={token}")
    return ",".join(words)


def agent_path(sha256: str) -> str:
    """Of the agent jar on a host. Named by content: a newer agent lies beside an older one that a JVM still holds."""
    return f"{HOME}/{AGENT_NAME}-{sha256[:12]}.jar"
