"""What is in force in one JVM, by its agent's report or by what the process holds. Pure."""

from typing import Literal

from opskit.observe.model import AgentReport, Jvm, Shape
from opskit.observe.survey import Asked

Verdict = Literal["on-live", "on-constructed", "off", "unknown"]


class Proof(Shape):
    """on-live: its agent reports so, per instance; on-constructed: bytes and properties that the process holds make it
    so. pending: a restart would bring in what lies on the disk.
    """

    verdict: Verdict
    why: str
    pending: bool = False
    report: AgentReport | None = None

    @property
    def is_on(self) -> bool:
        return self.verdict in ("on-live", "on-constructed")


def prove(jvm: Jvm, asked: Asked | None) -> Proof:
    """asked: what became of the question to its agent; None where it was not asked."""
    if asked and asked.report:
        verdict, why = _by_report(asked.report)
        return Proof(verdict=verdict, why=why, pending=jvm.is_pending, report=asked.report)
    verdict, why = _by_bytes(jvm)
    if asked:
        # it was asked since something in memory may differ from the bytes
        return Proof(verdict="unknown", why=f"its agent could not be asked: {asked.why}", pending=jvm.is_pending)
    return Proof(verdict=verdict, why=why, pending=jvm.is_pending)


def _by_report(report: AgentReport) -> tuple[Verdict, str]:
    off = [instance.client_id for instance in report.instances if not instance.value]
    if off:
        return "off", f"{len(off)} of {len(report.instances)} client instances stay with a hung nameserver: {_few(off)}"
    if report.new_instances is False:
        return "off", "a client made from now on would stay with a hung nameserver"
    if report.errors:
        return "unknown", f"the agent met an error: {report.errors[0]}"
    if report.new_instances is None:
        return "unknown", "what a client made from now on would do could not be seen"
    count = len(report.instances)
    every = sum(instance.every for instance in report.instances)
    scope = "" if not count else ", every connection" if every == count else ", nameservers' connections only"
    if every and every != count:
        scope = f", {every} of them on every connection"
    return "on-live", f"{count} client instance{'' if count == 1 else 's'} and those to come{scope}"


def _by_bytes(jvm: Jvm) -> tuple[Verdict, str]:
    if jvm.unread:
        return "unknown", jvm.unread
    if not jvm.clients:
        return "unknown", jvm.constructed.why or "no RocketMQ client was found in it"
    why = jvm.constructed.why
    if jvm.constructed.value == "on":
        return "on-constructed", why
    if jvm.constructed.value == "off":
        pending = "restart pending: the jar on the disk closes on a timeout, the process holds the one before; "
        return "off", f"{pending if jvm.is_pending else ''}{why}"
    return "unknown", why


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
