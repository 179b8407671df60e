"""Which way close-on-timeout comes into one JVM: rules on facts. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from opskit.inventory.services import Mode, Service
from opskit.observe.agent import CONNECT_PROPERTY, HOME, PROPERTY, agent_options
from opskit.observe.model import AgentReport, HeldClient, Jvm
from opskit.rocketmq.timers import Client as ClientTimers
from opskit.rollout.objections import (
    flip_objection,
    is_switched_off,
    patch_objection,
    start_objection,
    starts_on,
    switched_off_by,
)
from opskit.rollout.plan import Plan, Restart
from opskit.rollout.prices import UPGRADE, Way, account


@dataclass(frozen=True)
class Around:
    """What a plan depends on beside its JVM. nameservers: how many the clients have.

    accept_broker_closes, untested_jdk: what the operator takes upon himself.
    """

    nameservers: int
    accept_broker_closes: bool = False
    untested_jdk: bool = False


def decide(jvm: Jvm, service: Service, around: Around, report: AgentReport | None = None) -> Plan:
    """The least invasive way that the rules allow, or the declared one, or why not.

    report: of opskit's agent in this JVM, where it was asked.
    """
    return _Case(jvm, service, around, report).plan()


@dataclass(frozen=True)
class _Case:
    jvm: Jvm
    service: Service
    around: Around
    report: AgentReport | None

    def plan(self) -> Plan:
        jvm = self.jvm
        if self.service.way == "leave":
            return self._make("left-alone", reason="the inventory says way: leave")
        if not jvm.clients:
            return self._cannot(f"what it holds could not be read: {jvm.unread or 'no reason told'}", _LOOK)
        if self.report and self.report.is_on and self.report.mode in (None, self.service.mode):
            return self._held_on(f"opskit's agent reports it on in the running process, mode {self.report.mode}")
        if self._is_old():
            return self._old()
        if foreign := next((client for client in jvm.clients if client.state in ("absent", "unknown")), None):
            return self._foreign(foreign)
        return self._modern()

    def _held_on(self, reason: str) -> Plan:
        lasts = bool(self.jvm.own_agent)
        return self._make("none-needed", reason=reason, then=None if lasts else self._next_start())

    def _next_start(self) -> Way | None:
        """What can be prepared for the next start; the agent at a start does nothing for clients from 4.9.1 on."""
        return "agent-at-start" if self._is_old() and not start_objection(self.jvm) else None

    def _is_old(self) -> bool:
        return any(client.state == "off" for client in self.jvm.clients)

    def _old(self) -> Plan:
        """Up to 4.9.0: the constructor says false."""
        jvm, ways = self.jvm, self._ways()
        if self.report is None and starts_on(jvm, self.service.mode) and jvm.constructed.value != "off":
            return self._held_on(f"its start options load opskit's agent ({jvm.own_agent}); prove asks it")
        if self._waits_for_property():
            return self._switched_off()
        if self.service.way in ways:
            return ways[self.service.way]()
        if self.service.way == "property":
            old = ", ".join(sorted({client.release or "?" for client in jvm.clients if client.state == "off"}))
            return self._cannot(f"client {old} does not read the property", "Choose another way, or auto.")
        if jvm.is_pending and self.service.restart:
            return self._pending()
        if self.service.restart and not start_objection(jvm):
            return self._at_start("it may be restarted, and the agent needs no change to its jars")
        flip = flip_objection(jvm, self.around.untested_jdk)
        if not flip:
            return self._flip("it may not be restarted now")
        if jvm.is_pending:
            return self._pending()
        start = start_objection(jvm)
        if not start:
            return self._at_start(f"{flip}; so it has to wait for its next start")
        return self._cannot(f"{flip}, and {start}", f"{_EXPORT} Or bring in the client {UPGRADE}.")

    def _waits_for_property(self) -> bool:
        """Whether the agent is on as wanted beside a client that its property switches off: more of it would not help,
        and a restart for it would come with every roll.
        """
        wanted = self.service.mode
        is_in = self.report.mode == wanted if self.report else starts_on(self.jvm, wanted)
        return is_in and self.service.way != "live-flip" and is_switched_off(self.jvm)

    def _ways(self) -> dict[str, Callable[[], Plan]]:
        """What the inventory may ask for; each is made or refused."""
        jvm = self.jvm

        def unless(objection: str, make: Callable[[], Plan], remedy: str) -> Callable[[], Plan]:
            return (lambda: self._cannot(objection, remedy)) if objection else make

        flip = flip_objection(jvm, self.around.untested_jdk)
        patch = patch_objection(jvm, self.report, self.around.accept_broker_closes)
        accept = "Choose agent-at-start, or accept the price by --accept-broker-closes."
        asked = "the inventory asks for it"
        return {
            "live-flip": unless(flip, lambda: self._flip(asked), "Choose agent-at-start, or auto."),
            "agent-at-start": unless(start_objection(jvm), lambda: self._at_start(asked), _EXPORT),
            "jar-patch": unless(
                patch, self._patch, accept if patch.startswith("the patch") else "Choose agent-at-start, or auto."
            ),
            "upgrade": self._upgrade,
        }

    def _flip(self, reason: str) -> Plan:
        then, remedy = self._next_start(), ""
        if self.jvm.is_pending:
            then, reason = None, f"{reason}; a restart is pending that will hold the changed jar"
        elif not then:
            remedy = f"For its next start: {_EXPORT if self._is_old() else f'turn -D{PROPERTY} to true.'}"
        options = agent_options("on", self.service.mode, self.service.latency_fault or None)
        return self._make(
            "live-flip",
            mode=self.service.mode,
            then=then,
            reason=reason,
            remedy=remedy,
            command=f"load the agent with {options} into pid {self.jvm.pid} by the attach protocol",
        )

    def _at_start(self, reason: str) -> Plan:
        options = agent_options("on", self.service.mode, self.service.latency_fault or None)
        return self._make(
            "agent-at-start",
            restart=self._restart(),
            mode=self.service.mode,
            reason=reason,
            command=f"{self.jvm.unit}: JAVA_TOOL_OPTIONS += -javaagent:{HOME}/opskit-agent-….jar={options}",
        )

    def _patch(self) -> Plan:
        entries = ", ".join(f"{client.jar}: {client.entry}" for client in self.jvm.clients if client.state == "off")
        return self._make(
            "jar-patch",
            restart=self._restart(),
            mode="every",
            reason="the inventory asks for it",
            command=f"iconst_0 to iconst_1 in {entries}",
        )

    def _upgrade(self) -> Plan:
        held = ", ".join(self.jvm.releases)
        return self._make(
            "upgrade",
            restart="next-restart",
            mode="every",
            reason="the inventory asks for it",
            remedy="Build and deploy it; then prove.",
            command=f"rocketmq-client {held} to {UPGRADE} or newer",
        )

    def _pending(self) -> Plan:
        on_disk = {client.on_disk for client in self.jvm.clients if client.state == "off"}
        return self._make(
            "jar-patch" if "on" in on_disk else "upgrade",
            restart=self._restart(),
            mode="every",
            reason="restart pending: the jar on the disk closes on a timeout, the process holds the one before",
        )

    def _foreign(self, client: HeldClient) -> Plan:
        known = "is too old to have the setting" if client.state == "absent" else "is not understood, so left alone"
        return self._cannot(
            f"NettyClientConfig of {client.jar} {known}",
            f"Bring in the client {UPGRADE}. While it is stuck, ss -K on its connection to the nameserver frees it.",
        )

    def _modern(self) -> Plan:
        """From 4.9.1 on, or patched: on unless somebody switched it off."""
        jvm, way = self.jvm, self.service.way
        if jvm.constructed.value == "unknown":
            return self._cannot(f"what is in force is not known: {jvm.constructed.why}", "Ask it by prove --live.")
        if jvm.constructed.value == "off":
            if way == "live-flip" and self.service.mode == "every":
                return self._ways()[way]()
            return self._switched_off()
        if way == "property" and jvm.options.property != "true":
            return self._make(
                "property",
                restart=self._restart(),
                mode="every",
                reason="the inventory asks for it, though it is on by default",
                command=f"-D{PROPERTY}=true",
            )
        if self.around.nameservers == 2 and (trapped := [one for one in jvm.clients if _is_trapped(one)]):
            return self._make(
                "nameservers",
                restart="next-restart",
                reason=f"client {trapped[0].release} with exactly two nameservers: while one of them drops packets, a "
                "fresh client never gets a route (RocketMQ issue 7056)",
                remedy=f"Add a third nameserver, or the property at the next restart, or the client {UPGRADE}.",
                command=f"-D{CONNECT_PROPERTY}=1000",
            )
        why = "patched" if all(client.state == "on" for client in jvm.clients) else jvm.constructed.why
        return self._make("none-needed", reason=f"on, as constructed{f': {why}' if why else ''}")

    def _switched_off(self) -> Plan:
        refused = {
            "live-flip": "; mode nameserver leaves such a client alone, only mode every flips it",
            "agent-at-start": "; the agent at a start leaves such a client alone",
        }
        return self._make(
            "property",
            restart=self._restart(),
            mode="every",
            reason=f"it is switched off: {switched_off_by(self.jvm)}{refused.get(self.service.way, '')}",
            remedy="Take that out, or turn it to true; a start option wins over JAVA_TOOL_OPTIONS.",
            command=f"-D{PROPERTY}=true",
        )

    def _restart(self) -> Literal["rolling", "next-restart"]:
        return "rolling" if self.service.restart and self.jvm.unit and not self.jvm.is_contained else "next-restart"

    def _cannot(self, reason: str, remedy: str) -> Plan:
        return self._make("cannot", reason=reason, remedy=remedy)

    def _make(
        self,
        way: Way,
        *,
        reason: str,
        restart: Restart = "none",
        mode: Mode | None = None,
        then: Way | None = None,
        remedy: str = "",
        command: str = "",
    ) -> Plan:
        latency = self.service.latency_fault and way in ("live-flip", "agent-at-start")
        two = self.around.nameservers == 2 and any(_is_trapped(client) for client in self.jvm.clients)
        cost, effect, price = account(way, mode, latency, two)
        return Plan(
            way=way,
            restart=restart,
            mode=mode,
            latency_fault=latency,
            then=then,
            reason=reason,
            cost=cost,
            effect=effect,
            price=price,
            remedy=remedy,
            command=command,
        )


_EXPORT = "opskit rollout close-on-timeout export writes what its image or its start script needs."
_LOOK = "Look with root: ansible_become: true."


def _is_trapped(client: HeldClient) -> bool:
    """Issue 7056 needs a client that closes on a timeout: one up to 4.9.0 falls into it once it is switched on."""
    if client.numbers is None:
        return False
    return ClientTimers(client.numbers, {"clientCloseSocketIfTimeout": True}).is_trapped_by_two_nameservers
