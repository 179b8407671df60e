"""What a drill of `prove` finds: whether JVMs left a nameserver that hung, and whether their consumers went on."""

from typing import Literal

from opskit.observe.model import Shape

Movement = Literal["moved", "stayed", "adrift", "not-tried"]
"""adrift: it closed its connection to the hung nameserver, and was heard at no other."""
Consumption = Literal["kept", "stopped", "idle", "unjudged"]
"""idle: nothing was stored for the group meanwhile, so there was nothing to consume."""


class Moved(Shape):
    """One JVM while a nameserver hung. seconds: from the hang until it was seen elsewhere, up to resolution_seconds
    too much: nobody looked in between. to: addresses of the nameservers that it then talked to.
    """

    verdict: Movement
    why: str
    nameserver: str | None = None
    """Host of the one that hung."""
    seconds: float | None = None
    resolution_seconds: float | None = None
    to: tuple[str, ...] = ()


class Consuming(Shape):
    """One consumer group on one broker while a nameserver hung.

    gap_seconds: the longest time in which messages came and none was acknowledged, up to resolution_seconds too much.
    consumed: messages acknowledged meanwhile. services: HOST NAME of the JVMs whose group it is.
    """

    group: str
    broker: str
    services: tuple[str, ...] = ()
    verdict: Consumption
    why: str
    gap_seconds: float | None = None
    resolution_seconds: float | None = None
    consumed: int = 0


class Round(Shape):
    """One nameserver that hung. stopped: why it ended before its time."""

    nameserver: str
    seconds: float
    tried: int
    consumers: tuple[Consuming, ...] = ()
    stopped: str = ""


class DrillOutcome(Shape):
    """hold_seconds: the longest that a nameserver was to hang; gap_limit_seconds: what a consumer's gap is judged
    against. unasked: brokers that did not tell of their consumers, and why. sick: why the cluster was not healthy
    again after a nameserver woke.
    """

    run: str
    hold_seconds: float
    gap_limit_seconds: float
    rounds: tuple[Round, ...] = ()
    unasked: tuple[str, ...] = ()
    sick: tuple[str, ...] = ()
