"""Synthetic drills as the probes would record them, judged by the true judge: the incident, and one that holds."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from opskit.predict.result import Prediction, Term
from opskit.verify.history import (
    Attached,
    ClientHeader,
    Clock,
    Effect,
    Header,
    History,
    Op,
    Phase,
    PhaseName,
    Record,
    gather,
)
from opskit.verify.judging.align import Aligned, align
from opskit.verify.judging.judge import judge
from opskit.verify.limits import Limits
from opskit.verify.result import ClientSeen, VerifyResult, Victim

SECOND = 1_000_000_000
ZERO = 5_000 * SECOND
"""What the controller's clock shows when the fault is in effect."""
BASELINE, HOLD, UNDO, SETTLE, LATE = 15.0, 90.0, 0.4, 65.0, 8.0
END = HOLD + UNDO + SETTLE
HOSTS = {"app1": 3_000 * SECOND, "app2": -40 * SECOND, "ns1": 77 * SECOND, "broker1": 0}
"""By how much each host's clock is behind the controller's."""
CLIENTS = (
    ClientHeader("app1/4.8.0/shared", "app1", "4.8.0", "shared"),
    ClientHeader("app1/4.8.0/separate", "app1", "4.8.0", "separate"),
    ClientHeader("app2/5.4.0/separate", "app2", "5.4.0", "separate"),
)
NAMESERVERS = ("192.0.2.31:9876", "192.0.2.32:9876")
LIMITS = Limits(
    windows=dict.fromkeys(("produce", "consume", "route"), 30.0),
    unjudged_paths=("produce@broker-a", "nameserver@ns1"),
    required_attached=len(CLIENTS),
    victim_nameservers=NAMESERVERS[:1],
)
TIMEOUT = "RemotingTimeoutException: wait response on the channel <192.0.2.31:9876> timeout, 3000(ms)"
PREDICTIONS = (
    Prediction(
        path="route",
        client="4.8.0, keeps the connection after a timeout",
        seconds=None,
        sentence="The client asks the hung nameserver only, and no timer of 4.8.0 makes it leave.",
    ),
    Prediction(
        path="produce",
        client="5.4.0, closes the connection on a timeout",
        seconds=163.0,
        terms=(
            Term(
                name="silence of the broker since its last registration",
                seconds=120,
                source="serverChannelMaxIdleTimeSeconds, NettyServerConfig 4.8.0",
            ),
            Term(name="scan for dead brokers", seconds=10, source="RouteInfoManager.scanNotActiveBroker 4.8.0"),
            Term(name="route poll of the client", seconds=30, source="pollNameServerInterval, ClientConfig 5.4.0"),
            Term(name="send under way", seconds=3, source="sendMsgTimeout, DefaultMQProducer 5.4.0"),
        ),
        sentence="The hung broker stays in the route until a healthy nameserver drops it.",
    ),
)

Share = Callable[[ClientHeader, str, float], float]
"""How likely an operation of a client fails on a path at an instant, in seconds from the fault on."""


@dataclass(frozen=True)
class Drill:
    history: History
    result: VerifyResult
    aligned: Aligned


@cache
def incident() -> Drill:
    """Nameserver and broker frozen for 90 s; 4.8.0 keeps its connections after timeouts, 5.4.0 does not."""

    def share(client: ClientHeader, path: str, at: float) -> float:
        hung = 0 <= at < HOLD
        if path == "produce@broker-a":
            return float(hung)
        if client.release == "5.4.0":
            return {"produce": 0.1 * (at < 20), "route": float(at < 6)}.get(path, 0.0) * hung
        return {"produce": 0.4 * hung, "route": float(0 <= at < HOLD + 2)}.get(path, 0.0)

    return _drill("incident", share, PREDICTIONS)


@cache
def holding() -> Drill:
    """A tuned cluster: nothing fails for longer than 7 s."""

    def share(client: ClientHeader, path: str, at: float) -> float:
        return 0.3 * (0 <= at < {"produce": 2.0, "route": 6.0}.get(path, 0)) or float(
            path == "produce@broker-a" and 0 <= at < HOLD
        )

    return _drill("holding", share, PREDICTIONS[1:])


def many(clients: int, seconds: float, interval: float) -> dict[tuple[str, str], list[tuple[int, int, bool]]]:
    """Attempts of so many clients on four paths, of which after 30 s each tenth fails."""
    step, count = round(interval * SECOND), round(seconds / interval)
    return {
        (f"app{client}/4.8.0/shared", path): [
            (seq * step + 3_000_000 + seq % 977, seq * step, not (seq * interval > 30 and seq % 10 == 0))
            for seq in range(count)
        ]
        for path in ("produce", "consume", "route", "produce@broker-b")
        for client in range(clients)
    }


def _drill(name: str, share: Share, predictions: tuple[Prediction, ...]) -> Drill:
    luck = random.Random(name)  # noqa: S311 - the same drill each time
    history = gather(_records(share, luck))
    judged = judge(history, LIMITS, "restored")
    only = judged.verdict.judgement == "holds"
    result = VerifyResult(
        cluster="orders",
        run="20261122T144400Z-verify-3f9a1c",
        folder="/var/lib/opskit/runs/orders/20261122T144400Z-verify-3f9a1c",
        at=datetime(2026, 11, 22, 14, 44, tzinfo=UTC),
        scenario="nameserver-and-broker",
        fault="freeze",
        victims=tuple(
            Victim(host=host, units=(unit,), proof="1 of 1 processes in state T (stopped)", shown=89, missed=0)
            for host, unit in (("ns1", "rocketmq-nameserver.service"), ("broker1", "rocketmq-broker.service"))
        ),
        clients=tuple(
            ClientSeen(
                name=one.name, host=one.host, release=one.release, layout=one.layout, nameservers=NAMESERVERS[:1]
            )
            for one in CLIENTS
        ),
        hold_seconds=judged.hold_seconds,
        stable_seconds=LIMITS.stable_seconds,
        verdict=judged.verdict.model_copy(update={"in_this_run_only": only}),
        summaries=judged.summaries,
        windows=judged.windows,
        longest_gap_seconds=judged.longest_gap_seconds,
        fresh=judged.fresh,
        ledger=judged.ledger,
        ledgers=judged.ledgers,
        predictions=predictions,
        notes=judged.notes,
        commands=(
            "app1: java -cp '/opt/rocketmq/clients/4.8.0/lib/*' opskit.Probe --nameservers 192.0.2.31:9876",
            "ns1: systemd-run --on-active=120 --timer-property=AccuracySec=100ms --unit opskit-undo-3f python3 undo.py",
            "ns1: kill -STOP 4711",
            "broker1: kill -STOP 812",
            "ns1: kill -CONT 4711",
            "broker1: kill -CONT 812",
        ),
        environment={
            "opskit": "0.1.0",
            "servers": "4.8.0 on ns1, ns2, broker1, broker1s, broker2, broker2s",
            "Java": "OpenJDK 17.0.13",
            "kernel": "6.1.0-28-amd64",
        },
    )
    return Drill(history, result, align(history))


def _records(share: Share, luck: random.Random) -> Iterator[Record]:
    yield Header("orders", "3f9a1c", "nameserver-and-broker", "freeze", ("ns1", "broker1"), SECOND // 5, CLIENTS)
    entered: dict[PhaseName, float] = {
        "baseline": -BASELINE,
        "inject": -0.5,
        "fault": 0.1,
        "undo": HOLD,
        "thaw": HOLD + UNDO,
        "late": END,
        "end": END + LATE,
    }
    for phase, at in entered.items():
        yield Phase(phase, ZERO + round(at * SECOND))
    for host, behind in HOSTS.items():
        for at in (-10.0, 30.0, 100.0):
            yield Clock(host, "boot", ZERO + round(at * SECOND), behind, 400_000)
    for host in ("ns1", "broker1"):
        for tick in range(89):
            yield Effect(host, True, "1 of 1 processes in state T", ZERO + tick * SECOND - HOSTS[host])
    for client in CLIENTS:
        yield Attached(client.name, NAMESERVERS[:1], ZERO - SECOND)
        for path, interval in (("produce", 0.2), ("produce@broker-a", 0.2), ("produce@broker-b", 0.2), ("route", 0.2)):
            yield from _path(client, path, interval, share, luck)
        for kind in ("bootstrap@producer", "bootstrap@consumer"):
            yield from _fresh(client, kind, luck)
    for number, host in enumerate(("ns1", "ns2")):
        for at in range(-15, int(END)):
            hung = number == 0 and 0 <= at < HOLD
            start = ZERO + at * SECOND
            took = 3 * SECOND if hung else 4_000_000 + luck.randrange(2_000_000)
            yield Op("controller", f"nameserver@{host}", at, start, start + took, 0, "fail" if hung else "ok")


def _path(client: ClientHeader, path: str, interval: float, share: Share, luck: random.Random) -> Iterator[Op]:
    """Operations and, of sends, their deliveries; what stayed open in the hang arrives after the thaw, half of it."""
    behind = HOSTS[client.host]
    for seq in range(round((BASELINE + END) / interval)):
        at = seq * interval - BASELINE
        bad = luck.random() < share(client, path, at)
        took = luck.uniform(3.0, 3.03) if bad else luck.lognormvariate(-5.6, 0.5)
        start, took_ns = ZERO + round(at * SECOND) - behind, round(took * SECOND)
        message = None if path == "route" else {"produce": 0, "produce@broker-a": 1, "produce@broker-b": 2}[path]
        message = None if message is None else seq * 3 + message
        how = "ok" if not bad else "fail" if path == "route" else "indeterminate"
        yield Op(client.name, path, seq, start, start + took_ns, 0, how, TIMEOUT if bad else "", message)  # type: ignore[arg-type]
        if message is not None and (not bad or luck.random() < 0.5):
            delay = luck.lognormvariate(-5.2, 0.4) if not bad else HOLD + UNDO + luck.uniform(0.5, 3) - at
            arrived = start + round(delay * SECOND) if bad else start + took_ns + round(delay * SECOND)
            yield Op(client.name, "consume", seq, start, arrived, 0, "ok", message=message)


def _fresh(client: ClientHeader, path: str, luck: random.Random) -> Iterator[Op]:
    behind = HOSTS[client.host]
    for seq in range(int(BASELINE + END) // 5):
        at = seq * 5 - BASELINE
        via = luck.choice(NAMESERVERS)
        bad = 0 <= at < HOLD and via == NAMESERVERS[0]
        took = luck.uniform(3.0, 3.1) if bad else luck.lognormvariate(-3, 0.3)
        start = ZERO + round(at * SECOND) - behind
        how = "fail" if bad else "ok"
        yield Op(client.name, path, seq, start, start + round(took * SECOND), 0, how, TIMEOUT if bad else "", via=via)  # type: ignore[arg-type]
