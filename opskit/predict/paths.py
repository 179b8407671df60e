"""The longest time to recover of each path, as a sum of timers. What each form stands on: docs/timing.md."""

from typing import Literal, NamedTuple

from opskit.predict.situation import Situation, Sum, seconds
from opskit.rocketmq.timers import ADMIN_TIMEOUT, REBALANCE, TCP_GIVES_UP, Timer

Layout = Literal["shared", "separate"]
"""Whether producers and consumers of a JVM share one client instance, as 4.8.0 has it unless they are named apart."""

_QUEUES = 4
"""Of the topic on each broker: so many sends in a row go to another broker."""


class Worst(NamedTuple):
    """timers: None where none ends it."""

    timers: Sum | None
    sentence: str

    @property
    def seconds(self) -> float | None:
        return None if self.timers is None else seconds(self.timers)


def longest(*each: Worst) -> Worst:
    """The first of those that last longest; none that ends is longer than one that does not."""
    return max(each, key=lambda worst: float("inf") if worst.seconds is None else worst.seconds)


def produce(now: Situation) -> Worst:
    """Synchronous sends over all brokers, by running producers."""
    client = now.client
    if not now.hung:
        return Worst((), "Running producers send by the routes that they have.")
    if not now.left:
        return Worst(None, f"No master is left to take what {now.names} does not.")
    if not now.is_silent:
        return _produce_past_a_kill(now)
    if client.retries_in_time and len(now.hung) == 1:
        return Worst((), f"A try at {now.names} is cut short, and the next one goes to another broker in time.")
    by_route = _produce_by_route(now)
    if client.avoids_for < 600:
        return by_route
    avoided = Worst(
        (
            _meets(now),
            client.send_timeout,
            Timer("sends begun before the first timed out", client.send_timeout.seconds, client.send_timeout.source),
        ),
        f"{now.names} is avoided after the first timeout (sendLatencyFaultEnable), whatever the route says; "
        "this asks for another broker that is not being avoided.",
    )
    return by_route if longest(avoided, by_route) is avoided else avoided


def _produce_by_route(now: Situation) -> Worst:
    if now.route_changed is None:
        return Worst(None, _stuck(now))
    retried = ", and is tried again every 10 s" if now.client.avoids_for == 10 else ""
    sentence = f"{now.names} takes its share of the sends until the client's route drops it{retried}."
    return Worst((*now.route_changed, now.client.send_timeout), sentence)


def _produce_past_a_kill(now: Situation) -> Worst:
    client = now.client
    if client.retries:
        sentence = "A request that it was reading waits out its timeout; any later one is refused and goes elsewhere."
        return Worst((_meets(now), client.send_timeout), sentence)
    return Worst((now.poll, client.send_timeout), "Each send to it is refused, and not retried, until the next poll.")


def _meets(now: Situation) -> Timer:
    interval = now.pace.interval
    sends = _QUEUES * len(now.left) + 1
    return Timer("until a send meets it", round(interval * sends, 3), f"{sends} sends, one each {interval:g} s")


def _stuck(now: Situation) -> str:
    return (
        "A client on the hung nameserver stays there (clientCloseSocketIfTimeout false), "
        f"so it never hears that {now.names or 'anything'} is gone."
    )


def consume(now: Situation, layout: Layout, new_groups: bool) -> Worst:
    """Delivery of what the brokers that go on hold, to running consumers."""
    reasons = [Worst((), "Consumers read on from the other brokers.")]
    if now.is_silent and now.hung:
        reasons += _consume_beside_a_hung_broker(now, layout)
    client = now.client
    blocks = now.is_silent and now.hung_nameservers and now.registration_timeout >= client.api_timeout.seconds
    if new_groups and blocks and client.closes_on_timeout:
        sentence = (
            f"Each new topic or consumer group blocks the other brokers for {now.registration_timeout:g} s "
            "(registerBrokerTimeoutMills), so that heartbeats time out and close good connections."
        )
        reasons.append(Worst(None, sentence))
    worst = longest(*reasons)
    return Worst(worst.timers, worst.sentence + _stored(now)) if now.hung else worst


def _consume_beside_a_hung_broker(now: Situation, layout: Layout) -> list[Worst]:
    client = now.client
    reasons: list[Worst] = []
    missed = (
        client.heartbeat,
        *(Timer("heartbeat to the hung broker first", client.api_timeout.seconds, client.api_timeout.source),)
        * len(now.hung_brokers),
        client.pull_retry,
    )
    if now.fault == "blackhole":
        sentence = "Each connect to the silent broker blocks the one thread that pulls, so messages come in bursts."
        reasons.append(Worst(now.route_changed, sentence))
    if client.closes_on_timeout and client.heartbeats_on_connect:
        sentence = (
            "Each reconnect to the hung broker sends a heartbeat that blocks those to the other brokers "
            "(enableHeartbeatChannelEventListener), and they forget the consumer."
        )
        reasons.append(Worst(None if now.route_changed is None else (*now.route_changed, *missed), sentence))
    sends = produce(now)
    if client.closes_healthy_channels and layout == "shared" and sends.seconds != 0:
        sentence = (
            "A send that used its time up on the hung broker is retried with 0 ms left and closes the good connection; "
            "that broker forgets the consumer until the next heartbeat."
        )
        reasons.append(Worst(None if sends.timers is None else (*sends.timers, *missed), sentence))
    return reasons


def _stored(now: Situation) -> str:
    """What becomes of messages that a hung master holds."""
    if not now.has_slaves or now.route_changed is None:
        return f" What {now.names} holds waits for its return."
    return f" What {now.names} holds waits for its slave, up to {seconds(now.route_changed):g} s."


def route(now: Situation) -> Worst:
    """The application's own route queries, on a client instance of its own."""
    if not now.hung_nameservers:
        return Worst((), "Every nameserver answers.")
    interval = now.pace.route_interval
    timeout = ADMIN_TIMEOUT if now.pace.by_admin else now.client.api_timeout
    around = Timer("queries before, at and after the switch", round(3 * interval, 3), f"one each {interval:g} s")
    if not now.is_silent or now.client.closes_on_timeout:
        sentence = "The query that times out closes the connection, and the next one asks another nameserver."
        return Worst((*(timeout,) * now.hung_nameservers, around), sentence)
    if now.fault == "blackhole":
        return Worst((TCP_GIVES_UP, around), "Only the client's own kernel ends the connection (tcp_retries2).")
    return Worst(None, _stuck(now))


def bootstrap_producer(now: Situation) -> Worst:
    """A producer that starts during the fault, up to its first send; it may try `attempts` times."""
    client = now.client
    if refused := _meets_a_hung_nameserver(now):
        return Worst(None, refused)
    if not now.hung:
        return Worst((), "A fresh producer gets its route" + (", late." if now.hung_nameservers else "."))
    if not now.left:
        return Worst(None, f"No master is left to take what {now.names} does not.")
    spare = now.attempts - (now.hung_nameservers + 1 if now.hung_nameservers else 0)
    if now.is_silent and ((client.retries_in_time and len(now.hung) == 1) or (client.avoids_for and spare > 1)):
        return Worst((), "A try at the hung broker is cut short, or avoided by the next attempt.")
    asked = (client.api_timeout,) * max(now.hung_nameservers, 1)
    return Worst(
        (*now.removed, *asked, client.send_timeout, _fresh(now)),
        f"A fresh producer may still send to {now.names} until the nameservers drop it.",
    )


def bootstrap_consumer(now: Situation) -> Worst:
    """A consumer that starts during the fault, up to its first message."""
    if now.hung_nameservers and (now.is_silent or now.client.tries_one_nameserver):
        return Worst(None, f"{_share(now)}; where it does not answer, start() throws.")
    if not now.hung:
        return Worst((), "A fresh consumer gets its route.")
    sentence = f"A fresh consumer asks a random broker who shares its queues; where that is {now.names}, it waits."
    return Worst((*now.removed, now.client.api_timeout, REBALANCE, _fresh(now)), sentence)


def _fresh(now: Situation) -> Timer:
    interval = now.pace.fresh_interval
    return Timer("until the next fresh client", interval, f"one each {interval:g} s")


def _meets_a_hung_nameserver(now: Situation) -> str:
    """Why some fresh producers fail for as long as a nameserver hangs; "" where none does."""
    hung, share = now.hung_nameservers, _share(now)
    if not hung or (not now.is_silent and not now.client.tries_one_nameserver):
        return ""
    if not now.is_silent:
        return "" if now.attempts > hung else f"{share}; only its next attempt asks another."
    if now.fault == "blackhole" and len(now.cluster.nameservers) == 2 and now.client.is_trapped_by_two_nameservers:
        return f"{share}; connecting uses the query's time up, so the good one is closed again and again (issue 7056)."
    if now.fault != "blackhole" and not now.client.closes_on_timeout:
        return f"{share}, where it stays (clientCloseSocketIfTimeout false)."
    # one attempt may race with the closing of the connection (measured on 5.4.0)
    return "" if now.attempts > hung + 1 else f"{share}; {hung + 2} attempts are sure to get past it."


def _share(now: Situation) -> str:
    hung = now.hung_nameservers
    does = "does not answer" if hung == 1 else "do not answer"
    return f"{hung} of {len(now.cluster.nameservers)} nameservers {does}, and a fresh client begins at a random one"
