"""What each way costs, does and is paid with, in measured figures: docs/rollout.md says where they come from."""

from typing import Literal, NamedTuple

from opskit.inventory.services import Mode

Way = Literal[
    "none-needed",
    "property",
    "agent-at-start",
    "jar-patch",
    "upgrade",
    "live-flip",
    "nameservers",
    "left-alone",
    "cannot",
]


class Account(NamedTuple):
    """cost: once, to put it in force; effect: what it buys; price: what it costs for good, or in a fault."""

    cost: str = ""
    effect: str = ""
    price: str = ""


UPGRADE = "5.1.4"
"""The first client without the trap of two nameservers, and whose retries leave a healthy broker's connection alone."""

_EFFECT = "a client leaves a hung nameserver after one timed-out query, by itself"
_NAMESERVER_PRICE = "none measured: connections to brokers are left alone"
BROKER_CLOSES = (
    "every timed-out call closes the connection to its broker too: up to 5.1.3 a retry with 0 ms left closes the "
    "healthy broker's, which cut consumers off for 10 to 34 s at a time where producer and consumer share a client "
    "instance; and a hung broker that wakes counts clients that reconnected twice, which stopped deliveries of the "
    "healthy broker for up to 76 s at a time in the 140 s after"
)
LATENCY_FAULT = (
    "sendLatencyFaultEnable: a broker that came back is avoided for up to 600 s, and one busy answer of the healthy "
    "broker shortly before a hang once pinned every send to the hung one for 75 s"
)
TWO_NAMESERVERS = (
    "with exactly two nameservers, one of which drops packets, a fresh client up to 5.1.3 never gets a route (RocketMQ "
    "issue 7056): a third nameserver cures it"
)

ACCOUNTS: dict[Way, Account] = {
    "none-needed": Account(effect=_EFFECT),
    "live-flip": Account(
        "no restart: one pause of about 10 ms; 0.2 to 1.3 s to attach; four warning lines on stderr from JDK 21 on",
        f"{_EFFECT}; one that is stuck now recovered within 0.2 to 4 s where it asks each second, and has 63 s where "
        "it only polls; lasts until the process ends",
    ),
    "agent-at-start": Account(
        "a restart; 40 to 80 ms more at each start; one line on stderr (Picked up JAVA_TOOL_OPTIONS), also of other "
        "Java commands that the unit runs",
        f"{_EFFECT}; at every start from then on",
    ),
    "jar-patch": Account(
        "a restart; one byte in the jar, the original kept beside it", f"{_EFFECT}; until the jar is deployed again"
    ),
    "property": Account("a restart", _EFFECT),
    "upgrade": Account(
        "a build and a restart",
        f"{_EFFECT}; on by default from 4.9.1 on",
        "from 5.2.0 on enableHeartbeatChannelEventListener must be false, else reconnects starve consumers for up to "
        "30 s",
    ),
    "nameservers": Account(
        "a third nameserver and the clients' namesrvAddr; or a restart with the property",
        "a fresh client gets its routes while one of two nameservers drops packets",
    ),
    "left-alone": Account(),
    "cannot": Account(),
}


def account(way: Way, mode: Mode | None, latency_fault: bool, two_nameservers: bool) -> Account:
    """The account of a way, with the prices that go with its mode."""
    base = ACCOUNTS[way]
    prices = [base.price] if base.price else []
    if way in ("live-flip", "agent-at-start", "jar-patch"):
        prices.append(BROKER_CLOSES if mode == "every" else _NAMESERVER_PRICE)
        if latency_fault and way != "jar-patch":
            prices.append(LATENCY_FAULT)
        if two_nameservers:
            prices.append(TWO_NAMESERVERS)
    return base._replace(price="; ".join(prices))
