"""How opskit's probe is run on a client host, and what it answers."""

import json
from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Frozen

_SMALL_JVM = ("-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k")

_OPENED = ("-XX:+IgnoreUnrecognizedVMOptions", "--add-opens=java.base/java.nio=ALL-UNNAMED")
"""netty 4.0 of the 4.x client does not start on Java 17 without java.nio opened; Java 8 knows no such option."""


def drill_heap_mb(clients: int) -> int:
    """Heap for a drill of so many clients in one JVM: 50 of them, without fresh ones, were content with 256 MB."""
    return 240 + 8 * clients


def probe_command(
    java: str,
    lib_dir: str,
    release: str,
    verb_args: Sequence[str],
    log_dir: str = "/var/log/rocketmq",
    heap_mb: int = 256,
) -> list[str]:
    """The argv that runs the probe with the client jars of `release` in `lib_dir`.

    verb_args: "smoke", "traffic" or "drill" with its options; see docs/probe.md. Keys never go here but into the
    environment: OPSKIT_ACCESS_KEY and OPSKIT_SECRET_KEY. log_dir: where the client writes rocketmq_client.log; its user
    must be able to write there.
    """
    opened = _OPENED if release.startswith("4.") else ()
    logs = (f"-Drocketmq.client.logRoot={log_dir}", f"-Drocketmq.log.root={log_dir}")
    return [
        java,
        f"-Xmx{heap_mb}m",
        *_SMALL_JVM,
        *opened,
        *logs,
        "-cp",
        f"{lib_dir}/*",
        "opskit.probe.Main",
        *verb_args,
    ]


class SmokeResult(Frozen):
    """The probe's one line: so many messages sent over all queues of the brokers, and what became of them.

    failed: not acknowledged. received: distinct messages. lost: acknowledged, but not received in time.
    """

    sent: int
    acknowledged: int
    failed: int
    received: int
    duplicates: int
    lost: int
    seconds: float
    client: str
    brokers: tuple[str, ...]


class TrafficLedger(Frozen):
    """The account of a run of traffic, its last line.

    indeterminate: the broker may or may not hold it. unexpected: received although the send failed.
    max_gap_ms: longest time without a message received while sending. worst_latency_ms: of an acknowledged send.
    """

    attempted: int
    acknowledged: int
    failed: int
    indeterminate: int
    received: int
    duplicates: int
    lost: int
    unexpected: int
    max_gap_ms: int
    worst_latency_ms: int


def smoke_result(stdout: str, host: str) -> SmokeResult:
    """What the smoke test found; OpskitError where the probe could not judge, for want of a route for instance."""
    return _parsed(SmokeResult, stdout, host)


def traffic_ledger(stdout: str, host: str) -> TrafficLedger:
    """The account at the end of the traffic; the lines before it report progress."""
    return _parsed(TrafficLedger, stdout, host)


Result = TypeVar("Result", SmokeResult, TrafficLedger)


def _parsed(shape: type[Result], stdout: str, host: str) -> Result:
    line = (stdout.strip().splitlines() or [""])[-1]
    try:
        answer = json.loads(line)
        if "error" not in answer:
            return shape.model_validate({key: value for key, value in answer.items() if key != "event"})
        sentence = f"the probe could not judge: {answer['error']}"
    except (json.JSONDecodeError, TypeError, ValidationError):
        sentence = "the probe ended without a result" + (f"; its last line is {line!r:.200}" if line else "")
    raise OpskitError(
        sentence,
        where=host,
        remedy="Look at rocketmq_client.log and the probe's stderr on this host.",
        code=Exit.UNJUDGED,
    )
