"""A preview as report shapes."""

from collections.abc import Iterator

from opskit.observe.model import Jvm
from opskit.observe.peers import Peer
from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table
from opskit.rollout.plan import Plan
from opskit.rollout.prices import Way
from opskit.rollout.result import PlannedJvm, PreviewResult, Unseen

RESTARTS = {"none": "none", "rolling": "rolling", "next-restart": "at its next start"}
MARKS: dict[Way, Mark] = {"none-needed": "good", "cannot": "bad", "nameservers": "warn", "left-alone": "warn"}
NOW: dict[str, Cell] = {"on": Cell("on", "good"), "off": Cell("off", "bad"), "unknown": Cell("unknown", "warn")}


def present(result: PreviewResult) -> Iterator[Shape]:
    """JVMs with their ways, why and at what price; brokers; who else is connected; what could not be seen."""
    yield Heading(f"JVMs with a RocketMQ client, {result.cluster}")
    if result.jvms:
        yield Table(
            ("host", "service", "client", "Java", "constructed", "way", "mode", "restart"),
            tuple(_jvm(one) for one in result.jvms),
        )
        yield Heading("Why")
        yield from _reasons(result.jvms)
        yield from _accounts(result.jvms)
    yield Heading("Brokers are clients too: clientCloseSocketIfTimeout in broker.conf, in every release")
    yield Table(
        ("host", "broker", "release", "value", "from"),
        tuple(
            (
                line.host,
                line.broker,
                line.release,
                Cell("true", "good") if line.close_on_timeout else Cell("false", "bad"),
                "rocketmq_broker_settings" if line.declared else "opskit's default",
            )
            for line in result.brokers
        ),
    )
    yield from _peers(result.peers)
    yield from _silent("could not tell who is connected", result.silent)
    yield from _silent("could not be seen, or not all of it", result.unseen)
    yield _sum(result)


def service(jvm: Jvm) -> str:
    """What it is called, and its pid on the host."""
    return jvm.name if jvm.name.startswith("pid ") else f"{jvm.name} (pid {jvm.pid})"


def java(jvm: Jvm) -> str:
    vm = f" {jvm.java.vm}" if jvm.java.vm not in (None, "HotSpot") else ""
    return f"{jvm.java.version or jvm.java.major or '?'}{vm}"


def _jvm(one: PlannedJvm) -> tuple[Cell | str, ...]:
    plan, now = one.plan, NOW[one.jvm.constructed.value]
    if one.jvm.is_stuck:
        now = Cell(f"{now.text}, stuck now", "bad")
    return (
        one.process.host,
        service(one.jvm),
        ", ".join(one.jvm.releases) or "?",
        java(one.jvm),
        now,
        Cell(_way(plan), _mark(plan)),
        plan.mode or "",
        RESTARTS[plan.restart],
    )


def _way(plan: Plan) -> str:
    return f"{plan.way}, then {plan.then}" if plan.then else plan.way


def _mark(plan: Plan) -> Mark:
    return MARKS.get(plan.way, "plain")


def _reasons(jvms: tuple[PlannedJvm, ...]) -> Iterator[Shape]:
    """Each reason once, with those that it is about."""
    about: dict[tuple[str, str, str], list[PlannedJvm]] = {}
    for one in jvms:
        about.setdefault((_way(one.plan), one.plan.reason, one.plan.remedy), []).append(one)
    for (way, reason, remedy), members in about.items():
        yield Sentence(f"{way}: {_whom(members)}: {reason}", _mark(members[0].plan))
        if remedy:
            yield Sentence(f"  {remedy}", "dim")


def _accounts(jvms: tuple[PlannedJvm, ...]) -> Iterator[Shape]:
    """What each way in use costs, does and is paid with: once."""
    rows = dict.fromkeys(
        (one.plan.way, one.plan.mode or "", one.plan.cost, one.plan.effect, one.plan.price)
        for one in jvms
        if one.plan.cost or one.plan.price
    )
    for way, mode, cost, effect, price in rows:
        yield Heading(f"{way}, mode {mode}" if mode else way)
        yield Table(
            ("", ""),
            tuple((name, text) for name, text in (("cost", cost), ("effect", effect), ("price", price)) if text),
        )


def _whom(members: list[PlannedJvm]) -> str:
    names = [f"{one.process.host} {one.jvm.name}" for one in members]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _peers(peers: tuple[Peer, ...]) -> Iterator[Shape]:
    if peers:
        yield Heading("Connected to nameservers and brokers, as they see it")
        yield Table(
            ("address", "host", "connections", "to", "clients", "what that means"),
            tuple(row for peer in peers for row in _peer(peer)),
        )


def _peer(peer: Peer) -> Iterator[tuple[Cell | str, ...]]:
    host: Cell | str = peer.host or "?" if peer.standing == "managed" else Cell("unmanaged", "warn")
    first = (peer.address, host, str(peer.connections), ", ".join(peer.servers))
    if not peer.clients:
        yield (*first, "?", "no broker told what it is")
    for number, client in enumerate(peer.clients):
        mark: Mark = "plain" if client.affected is False else "warn"
        told = f"{client.instances} {client.language}{f' {client.release}' if client.release else ''}"
        yield (*(first if not number else ("", "", "", "")), told, Cell(client.sentence, mark))


def _silent(what: str, missing: tuple[Unseen, ...]) -> Iterator[Shape]:
    for one in missing:
        yield Sentence(f"{one.host} {what}: {one.why}", "warn")


def _sum(result: PreviewResult) -> Sentence:
    counts: dict[str, int] = {}
    for one in result.jvms:
        counts[one.plan.way] = counts.get(one.plan.way, 0) + 1
    ways = ", ".join(f"{count} {way}" for way, count in sorted(counts.items())) or "none with a RocketMQ client"
    strangers = sum(peer.standing == "unmanaged" for peer in result.peers)
    told = f"; {strangers} unmanaged address{'' if strangers == 1 else 'es'}" if strangers else ""
    mark: Mark = "warn" if result.unseen or strangers or counts.get("cannot") else "good"
    return Sentence(f"JVMs: {ways}{told}. Nothing was changed, {result.seconds:g} s.", mark)
