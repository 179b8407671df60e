"""What an operator may say about a drill. Seconds throughout."""

import math
from dataclasses import dataclass
from typing import Literal

from opskit.errors import OpskitError
from opskit.inventory.cluster import Cluster
from opskit.rocketmq.timers import REBALANCE, client_forgotten
from opskit.rocketmq.timers import Client as ClientTimers
from opskit.rocketmq.timers import Server as ServerTimers
from opskit.verify.limits import Limits
from opskit.verify.scenario import FaultName, ScenarioName, Target

DEFAULT_WINDOW_SECONDS = 30.0
INTERVAL_SECONDS = 0.2
ROUTE_INTERVAL_SECONDS = 1.0
FRESH_INTERVAL_SECONDS = 10.0
"""Between two fresh clients: each is a whole client instance, and its groups are known to the brokers for good."""
INTERVAL_SHARE = 0.8
"""Of the coarsest resolution that is judged; the rest is for the clocks' error."""
WINDOWED = ("produce", "consume", "route")
"""Judged in every drill; fresh clients only where the inventory gives them a window (`opskit_windows`)."""
MARGIN_SECONDS = 5.0
LATE_MARGIN_SECONDS = 10.0

Traffic = Literal["all", "core"]


@dataclass(frozen=True)
class Options:
    """window: for produce, consume and route; None: as the inventory says. hold: how long the fault is held; None: the
    widest window and the stable time. interval: between two operations of a path; None: 0.2, or what the narrowest
    window asks for. failure_budget: failed operations after which the fault is undone at once; None: none. traffic:
    "core" is produce, consume and route; "all" sends to each broker by name too, and starts fresh clients.
    """

    scenario: ScenarioName = "nameserver-and-broker"
    fault: FaultName = "freeze"
    victims: tuple[str, ...] = ()
    window: float | None = None
    hold: float | None = None
    stable: float = 30.0
    interval: float | None = None
    clients: int = 1
    failure_budget: int | None = None
    traffic: Traffic = "all"

    def __post_init__(self) -> None:
        for name in ("window", "hold", "stable", "interval"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise OpskitError(f"must be above 0 seconds, not {value:g}", where=f"--{name}")


def limits(cluster: Cluster, options: Options, targets: tuple[Target, ...]) -> Limits:
    """What this drill is judged against."""
    default = options.window or cluster.window_seconds or DEFAULT_WINDOW_SECONDS
    declared = {} if options.window else cluster.windows
    tried = {path: limit for path, limit in declared.items() if options.traffic == "all" or path in WINDOWED}
    hung = tuple(address for target in targets for address in target.nameserver_addresses)
    own = [f"produce@{broker.broker_name}" for target in targets for broker in target.brokers]
    own += [f"nameserver@{target.host.name}" for target in targets if target.nameserver_addresses]
    return Limits(
        windows=dict.fromkeys(WINDOWED, default) | tried,
        thaw_seconds=thaw_seconds(cluster, targets),
        stable_seconds=options.stable,
        unjudged_paths=tuple(own),
        required_attached=probing_clients(cluster, options) if hung else 0,
        victim_nameservers=hung,
    )


def hold_seconds(options: Options, limits: Limits) -> float:
    """How long the fault is held: long enough that a recovery at the end of the widest window is seen to be stable.

    Raises OpskitError (exit 2) for a hold that is shorter than the widest window.
    """
    widest = max(limits.windows.values())
    if options.hold is not None and options.hold < widest:
        raise OpskitError(
            f"the fault is held for {options.hold:g} s, but a window is {widest:g} s",
            where="--hold",
            remedy=f"Hold it longer, best {widest + options.stable:g} s: the widest window and the stable time.",
        )
    return options.hold or widest + options.stable


def interval_seconds(options: Options, limits: Limits) -> float:
    """Between two operations of a path: most of the resolution of every figure.

    Raises OpskitError (exit 2) for one that is too coarse for the narrowest window.
    """
    narrowest = min(limits.windows[path] for path in WINDOWED)
    coarsest = limits.coarsest * INTERVAL_SHARE * narrowest
    if options.interval is not None and options.interval > coarsest:
        raise OpskitError(
            f"{options.interval:g} s between two operations is too coarse for a window of {narrowest:g} s",
            where="--interval",
            remedy=f"Take {coarsest:g} or less: a figure's resolution must be a twentieth of its window or finer.",
        )
    return options.interval or round(min(INTERVAL_SECONDS, coarsest), 3)


def route_interval_seconds(options: Options, limits: Limits) -> float:
    """Between two route queries of a client: seldom, since what a hung nameserver never reads fills its socket.

    At five a second the client's writes stopped after 310 s, and 120 s later its own idle handler closed the connection
    and it moved on: the probe had rescued it. A service polls every 30 s.
    """
    coarsest = limits.coarsest * INTERVAL_SHARE * limits.windows["route"]
    return max(interval_seconds(options, limits), round(min(ROUTE_INTERVAL_SECONDS, coarsest), 3))


def fresh_interval_seconds(limits: Limits) -> float:
    """Between two fresh clients of a path; as fine as their window asks for, where they have one."""
    windows = [limit for path, limit in limits.windows.items() if path.startswith("bootstrap")]
    return min([FRESH_INTERVAL_SECONDS, *(limits.coarsest * INTERVAL_SHARE * limit for limit in windows)])


def thaw_seconds(cluster: Cluster, targets: tuple[Target, ...]) -> float:
    """How long the slowest client needs by its timers until all is with it as before the fault.

    It polls the route, announces its consumer with a heartbeat, and rebalances. A broker that hung counts a client that
    connected again meanwhile twice until it forgets the dead connection; the rebalances that ask it share out the
    queues to a member that is not there.
    """
    announced = [
        timers.poll.seconds + timers.heartbeat.seconds + REBALANCE.seconds for timers in _client_timers(cluster)
    ]
    hung = [ServerTimers("broker", one.release, one.settings) for target in targets for one in target.brokers]
    forgotten = [sum(timer.seconds for timer in (*client_forgotten(broker), REBALANCE)) for broker in hung]
    return max([*announced, *forgotten], default=0.0)


def late_seconds(thaw_seconds: float) -> float:
    """How long acknowledged messages are waited for: longer than a broker that woke misleads a consumer."""
    return thaw_seconds + LATE_MARGIN_SECONDS


def settle_seconds(cluster: Cluster, options: Options, limits: Limits) -> tuple[float, float]:
    """How long traffic goes on after the undo, (at least, at most): two route polls, and until it is calm for the
    stable time; no longer than a recovery at the end of the widest window takes to be seen as stable.
    """
    polls = max((timers.poll.seconds for timers in _client_timers(cluster)), default=0.0)
    widest = max(limits.of(path) or 0.0 for path in limits.windows)
    least = max(2 * polls, options.stable) + MARGIN_SECONDS
    return least, max(least, widest + options.stable + MARGIN_SECONDS)


def _client_timers(cluster: Cluster) -> list[ClientTimers]:
    return [ClientTimers(release, client.settings) for client in cluster.clients for release in client.releases]


def probing_clients(cluster: Cluster, options: Options) -> int:
    """Each release on each client host, in both layouts, so many times."""
    return 2 * options.clients * sum(len(client.releases) for client in cluster.clients)
