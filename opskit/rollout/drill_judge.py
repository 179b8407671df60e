"""From looks at connections and offsets to verdicts: who left, who went on consuming. Pure. Instants are in seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from opskit.inventory.cluster import Cluster
from opskit.observe.model import Flow, Jvm
from opskit.rocketmq.timers import Client as ClientTimers
from opskit.rollout.drill_model import Consuming, Consumption, Moved

POLL_SECONDS = 30.0
"""pollNameServerInterval by default (ClientConfig)."""
ANSWER_SECONDS = 8.0
"""A client's longest wait for a route: 6 s (MQAdminImpl), and a look."""
FIRST_SCANNING = 5
"""Major release from which a client keeps a connection to every nameserver and uses one of them
(NettyRemotingClient.scanAvailableNameSrv)."""

IsVictim = Callable[[Flow], bool]


@dataclass(frozen=True)
class Look:
    """flows: to nameservers; None where the process is gone."""

    at: float
    flows: tuple[Flow, ...] | None


@dataclass(frozen=True)
class Offsets:
    """Of one group on one broker."""

    at: float
    stored: int
    consumed: int


def hold_seconds(cluster: Cluster) -> float:
    """So long that the slowest declared client leaves: it asks at one poll, and elsewhere at the next."""
    timers = [ClientTimers(release, client.settings) for client in cluster.clients for release in client.releases]
    poll = max((one.poll.seconds for one in timers), default=POLL_SECONDS)
    return 2 * max(poll, POLL_SECONDS) + ANSWER_SECONDS


def attached(jvm: Jvm, flows: Sequence[Flow]) -> tuple[Flow, ...]:
    """The connections by which it asks for routes."""
    if flows and any(int(client.numbers.split(".")[0]) >= FIRST_SCANNING for client in jvm.clients if client.numbers):
        return (min(flows, key=_silence),)
    return tuple(flows)


def movement(jvm: Jvm, looks: Sequence[Look], is_victim: IsVictim, began: float, ended: float, name: str) -> Moved:
    """What it did between the two instants. name: of the victim's host."""
    before = [look for look in looks if look.at <= began and look.flows is not None]
    old = {flow.local for look in before[-1:] for flow in attached(jvm, look.flows or ()) if is_victim(flow)}
    if not old:
        return not_tried("it was connected to no nameserver that hung")
    during = [look for look in looks if began < look.at <= ended]
    asked_at, seen_at = None, before[-1].at
    for look in during:
        if look.flows is None:
            return not_tried("it ended while the nameserver hung", name)
        elsewhere = [flow for flow in look.flows if not is_victim(flow) and _silence(flow) < look.at - began]
        if elsewhere and not old & {flow.local for flow in look.flows}:
            return Moved(
                verdict="moved",
                why=f"it left {name} and was heard elsewhere",
                nameserver=name,
                seconds=round(look.at - began, 1),
                resolution_seconds=round(min(look.at - seen_at, look.at - began), 1),
                to=tuple(sorted({flow.peer for flow in elsewhere})),
            )
        waiting = any(flow.local in old and (flow.sent_ms or 0) / 1000 < look.at - began for flow in look.flows)
        asked_at = look.at if asked_at is None and waiting else asked_at
        seen_at = look.at
    return _unmoved(old, during, asked_at, name)


def _unmoved(old: set[str], during: Sequence[Look], asked_at: float | None, name: str) -> Moved:
    if not during:
        return not_tried("nobody could look while the nameserver hung", name)
    if not old & {flow.local for flow in during[-1].flows or ()}:
        return Moved(verdict="adrift", why=f"it left {name}, and was heard at no other nameserver", nameserver=name)
    if asked_at is None:
        return not_tried("it asked nothing while the nameserver hung", name)
    waited = during[-1].at - asked_at
    if waited < ANSWER_SECONDS:
        return not_tried(f"it asked only {waited:.0f} s before the last look, too late to be judged", name)
    return Moved(
        verdict="stayed", why=f"it asked {name}, heard nothing for {waited:.0f} s, and stayed", nameserver=name
    )


def not_tried(why: str, name: str | None = None) -> Moved:
    return Moved(verdict="not-tried", why=why, nameserver=name)


def consuming(
    group: str, broker: str, services: Sequence[str], looks: Sequence[Offsets], began: float, ended: float, limit: float
) -> Consuming:
    """Whether a group went on between the two instants; limit: the longest gap in seconds."""
    before = [look for look in looks if look.at <= began]
    watched = [*before[-1:], *(look for look in looks if began < look.at <= ended)]

    def judged(verdict: Consumption, why: str, gap: float | None = None) -> Consuming:
        steps = [late.at - early.at for early, late in pairwise(watched)]
        return Consuming(
            group=group,
            broker=broker,
            services=tuple(services),
            verdict=verdict,
            why=why,
            gap_seconds=None if gap is None else round(gap, 1),
            resolution_seconds=round(max(steps), 1) if steps and gap is not None else None,
            consumed=watched[-1].consumed - watched[0].consumed if watched else 0,
        )

    if not before or len(watched) < 2 or ended - watched[-1].at > limit:
        return judged("unjudged", "the broker did not tell of it, before or while the nameserver hung")
    if watched[-1].stored == watched[0].stored:
        return judged("idle", "nothing was stored for it meanwhile: nothing to judge")
    if before[-1].consumed == before[0].consumed:
        return judged("unjudged", "it acknowledged nothing before the nameserver hung either")
    gap = longest_gap(watched)
    if gap > limit:
        return judged("stopped", f"messages came, and for {gap:.1f} s it acknowledged none", gap)
    return judged("kept", "it went on", gap)


def longest_gap(looks: Sequence[Offsets]) -> float:
    """The longest time without an acknowledgement, counted from the look before a message came that could have one."""
    longest, calm = 0.0, looks[0]
    waiting_since: float | None = None
    for early, late in pairwise(looks):
        if waiting_since is None and late.stored > calm.stored:
            waiting_since = early.at
        if waiting_since is not None:
            longest = max(longest, late.at - waiting_since)
        if late.consumed > early.consumed or late.consumed >= late.stored:
            calm, waiting_since = late, None
    return longest


def _silence(flow: Flow) -> float:
    """Seconds since data came in last; a connection that is new counts from its beginning."""
    return (flow.received_ms or 0) / 1000
