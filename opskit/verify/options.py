"""What an operator may say about a drill. Seconds throughout."""

import math
from dataclasses import dataclass

from opskit.errors import OpskitError
from opskit.inventory.cluster import Client, Cluster
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
POLL_SECONDS, HEARTBEAT_SECONDS, REBALANCE_SECONDS = 30.0, 30.0, 20.0
"""The client's defaults: pollNameServerInterval and heartbeatBrokerInterval (ClientConfig), RebalanceService."""
PULL_IDLE_SECONDS = 120.0
"""ProcessQueue.PULL_MAX_IDLE_TIME (client): seen, a consumer of 4.8.0 that got nothing for 118 s after a thaw."""
MARGIN_SECONDS = 5.0


@dataclass(frozen=True)
class Options:
    """window: for produce, consume and route; None: as the inventory says. hold: how long the fault is held; None: the
    widest window and the stable time. interval: between two operations of a path; None: 0.2, or what the narrowest
    window asks for. failure_budget: failed operations after which the fault is undone at once; None: none.
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

    def __post_init__(self) -> None:
        for name in ("window", "hold", "stable", "interval"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise OpskitError(f"must be above 0 seconds, not {value:g}", where=f"--{name}")


def limits(cluster: Cluster, options: Options, targets: tuple[Target, ...]) -> Limits:
    """What this drill is judged against."""
    default = options.window or cluster.window_seconds or DEFAULT_WINDOW_SECONDS
    declared = {} if options.window else cluster.windows
    hung = tuple(address for target in targets for address in target.nameserver_addresses)
    own = [f"produce@{broker.broker_name}" for target in targets for broker in target.brokers]
    own += [f"nameserver@{target.host.name}" for target in targets if target.nameserver_addresses]
    return Limits(
        windows=dict.fromkeys(WINDOWED, default) | declared,
        thaw_seconds=thaw_seconds(cluster),
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


def thaw_seconds(cluster: Cluster) -> float:
    """How long the slowest client needs by its timers to use a broker again that was away.

    It polls the route, announces its consumer with a heartbeat, and rebalances; a pull that got lost while the broker
    hung is made again only when it has been idle for two minutes.
    """
    return max([PULL_IDLE_SECONDS + REBALANCE_SECONDS, *(sum(_timers(client)) for client in cluster.clients)])


def settle_seconds(cluster: Cluster, options: Options, limits: Limits) -> tuple[float, float]:
    """How long traffic goes on after the undo, (at least, at most): two route polls, and until it is calm for the
    stable time; no longer than a recovery at the end of the widest window takes to be seen as stable.
    """
    polls = max((_timers(client)[0] for client in cluster.clients), default=0.0)
    widest = max(limits.of(path) or 0.0 for path in limits.windows)
    least = max(2 * polls, options.stable) + MARGIN_SECONDS
    return least, max(least, widest + options.stable + MARGIN_SECONDS)


def _timers(client: Client) -> tuple[float, float, float]:
    """Route poll, heartbeat, rebalance, in seconds."""
    poll = float(client.settings.get("pollNameServerInterval", POLL_SECONDS * 1000)) / 1000
    beat = float(client.settings.get("heartbeatBrokerInterval", HEARTBEAT_SECONDS * 1000)) / 1000
    return poll, beat, REBALANCE_SECONDS


def probing_clients(cluster: Cluster, options: Options) -> int:
    """Each release on each client host, in both layouts, so many times."""
    return 2 * options.clients * sum(len(client.releases) for client in cluster.clients)
