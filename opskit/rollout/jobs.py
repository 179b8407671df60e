"""What a host is asked to do for one JVM: the steps of its plan. Pure; `opskit.onhost.jvm.rollout` does them."""

from typing import Literal

from opskit.inventory.services import Mode, Service
from opskit.observe.agent import agent_path
from opskit.observe.model import Jvm, ProcessRef, Shape
from opskit.rollout.environment import RUN, drop_in
from opskit.rollout.plan import Plan


class FileEntry(Shape):
    path: str
    content: str
    mode: str


class HeldJar(Shape):
    """sha256: of the jar that the process holds, so that one deployed since is not touched."""

    path: str
    sha256: str


class Step(Shape):
    """One of the three ways. files, and made, what a start makes of them: of agent-at-start; jars: of jar-patch; the
    others: of live-flip.
    """

    way: Literal["live-flip", "agent-at-start", "jar-patch"]
    mode: Mode | None = None
    latency_fault: bool = False
    untested: bool = False
    """Loaded into a JDK on which that was never shown to work."""
    files: tuple[FileEntry, ...] = ()
    made: tuple[str, ...] = ()
    jars: tuple[HeldJar, ...] = ()


class Job(Shape):
    """subject: what an operator calls the JVM. steps: none where a restart is all that is missing.

    seconds: within which a restarted unit must be back.
    """

    subject: str
    process: ProcessRef
    unit: str | None
    steps: tuple[Step, ...]
    restart: bool
    health: str
    seconds: float


def job(
    process: ProcessRef, jvm: Jvm, plan: Plan, service: Service, agent_sha256: str, untested_jdk: bool = False
) -> Job | None:
    """None where opskit has nothing to do on the host: the plan says so, or leaves it to the operator."""
    wanted = [way for way in (plan.way, plan.then) if way]
    steps = tuple(step for way in wanted if (step := _step(way, jvm, plan, service, agent_sha256, untested_jdk)))
    restart = plan.restart == "rolling"
    if not steps and not (restart and jvm.is_pending):
        return None
    return Job(
        subject=jvm.name,
        process=process,
        unit=jvm.unit,
        steps=steps,
        restart=restart,
        health=service.health or "",
        seconds=service.restart_seconds,
    )


def _step(way: str, jvm: Jvm, plan: Plan, service: Service, agent_sha256: str, untested_jdk: bool) -> Step | None:
    if way == "live-flip":
        return Step(way=way, mode=plan.mode or service.mode, latency_fault=service.latency_fault, untested=untested_jdk)
    if way == "agent-at-start" and jvm.unit:
        text = drop_in(jvm.unit, service.mode, agent_path(agent_sha256), agent_sha256, service.latency_fault)
        entry = FileEntry(path=text.path, content=text.content, mode=text.mode)
        return Step(way=way, files=(entry,), made=(f"{RUN}/{jvm.unit}.env",))
    if way == "jar-patch":
        off = [client for client in jvm.clients if client.state == "off" and client.sha256 and not client.replaced]
        jars = {client.jar: client.sha256 or "" for client in off}
        if jars:
            return Step(way=way, jars=tuple(HeldJar(path=path, sha256=digest) for path, digest in jars.items()))
    return None
