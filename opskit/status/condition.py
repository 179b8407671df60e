"""How one server is doing, from the outcomes of the questions that any server of its kind must answer. Pure."""

from dataclasses import dataclass
from typing import Any, Literal

from opskit.inventory.cluster import Broker, Nameserver
from opskit.reach.line import Reply
from opskit.rocketmq.releases import Release
from opskit.status.ask import BrokerAnswers, NameserverAnswers

State = Literal["healthy", "refused", "unreachable", "silent", "error"]
"""silent: it accepts connections but does not answer, as in the incident."""

_WORST = ("unreachable", "refused", "silent", "garbled", "error", "answered")


@dataclass(frozen=True)
class Condition:
    """detail: the reason in words, empty for a healthy server; release: what the server says it runs."""

    state: State
    detail: str
    release: str | None
    seconds: float

    @property
    def healthy(self) -> bool:
        return self.state == "healthy"


def of_nameserver(answers: NameserverAnswers) -> Condition:
    """Healthy only where clients get their routes (105) and operators the cluster (106): in 5.x two thread pools."""
    return _condition({"routes (105)": answers.route, "the cluster (106)": answers.info})


def of_broker(answers: BrokerAnswers) -> Condition:
    return _condition({"its runtime (28)": answers.runtime, "its settings (26)": answers.config})


def label(node: Nameserver | Broker) -> str:
    """ns1; or a1 (broker-a id 0)."""
    return f"{node.host.name} ({node.broker_name} id {node.broker_id})" if isinstance(node, Broker) else node.host.name


def sentence(node: Nameserver | Broker, condition: Condition) -> str:
    """What the state means, said of the node; empty where it is healthy."""
    name = label(node)
    match condition.state:
        case "healthy":
            return ""
        case "silent":
            return f"{name} accepts connections but does not answer: its host or process hangs ({condition.detail})"
        case "refused":
            return f"{name} refuses connections: {condition.detail}"
        case "unreachable":
            return f"{name} cannot be reached: {condition.detail}"
        case "error":
            return f"{name} answers with an error: {condition.detail}"


def _condition(replies: dict[str, Reply[Any]]) -> Condition:
    asked, worst = min(replies.items(), key=lambda item: _WORST.index(item[1].outcome))
    partly = any(reply.outcome == "answered" for reply in replies.values()) and worst.outcome != "answered"
    detail = f"asked for {asked}: {worst.detail}" if partly else worst.detail
    version = next((reply.version for reply in replies.values() if reply.version is not None), None)
    return Condition(
        _state(worst),
        detail,
        None if version is None else Release.name(version),
        max(r.seconds for r in replies.values()),
    )


def _state(reply: Reply[Any]) -> State:
    match reply.outcome:
        case "answered":
            return "healthy"
        case "garbled":
            return "error"
        case outcome:
            return outcome
