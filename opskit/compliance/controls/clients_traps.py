"""Family clients: what closing a connection after a timeout breaks in releases before 5.1.4."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.subjects import of_clients, proof_of
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.observe.agent import CONNECT_PROPERTY
from opskit.observe.facts import HostFacts
from opskit.observe.model import AgentInstance, HeldClient, Jvm
from opskit.observe.prove import Proof
from opskit.rocketmq.releases import numbers

FIRST_LENIENT = (5, 1, 4)
"""Closes no connection after a call that had next to no time left: MIN_CLOSE_TIMEOUT_MILLIS, NettyRemotingClient."""
FIRST_READING = (4, 9, 1)
"""Reads both properties, and closes a connection after a timeout by default (NettySystemConfig)."""
FIRST_APART = (4, 9, 1)
"""Gives each producer and consumer an instance of its own, by the pid and a time in its name (ClientConfig)."""
ROUTE_TIMEOUT_MS = 3000
"""Of a client's route query, connecting included (mqClientApiTimeout)."""


@control(
    "client-two-nameserver-trap",
    "clients",
    "medium",
    "No client up to 5.1.3 that leaves a hung nameserver has exactly two of them.",
    rationale="Where one of two nameservers cannot be connected to (its host is dark, not merely hung), such a client "
    "spends the whole time of a route query on connecting, runs out of time at the good one, and closes its connection "
    "to it: so again at each try, forever. From 4.9.1 on clients do so by default, older ones once they were switched "
    "on. With three nameservers it gets past the dark one.",
    looks_at="The releases of the clients in each JVM, whether they close a connection after a timeout, how many "
    f"nameservers are declared, and -D{CONNECT_PROPERTY}, which is read from 4.9.1 on, where discovery tells it; "
    "without that the trap counts as open.",
    expects=f"Three nameservers; or a client from 5.1.4 on; or -D{CONNECT_PROPERTY} below 3000 ms.",
    remedy="Add a third nameserver to the inventory and run `opskit deploy`, and give it to the clients; or start the "
    f"service with -D{CONNECT_PROPERTY}=1000, where its client is 4.9.1 or later; or bring in the client 5.1.4.",
    references=("docs/rollout.md", "apache/rocketmq#7056"),
)
def client_two_nameserver_trap(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    count = len(cluster.nameservers)
    if count != 2:
        yield not_applicable("cluster", f"{count} nameservers are declared, and the trap needs exactly two")
        return

    def judge(subject: str, jvm: Jvm, facts: HostFacts, host: str) -> Outcome:
        if not jvm.clients:
            return unknown(subject, jvm.unread or "no client could be read in it", host)
        proof = proof_of(jvm, facts)
        closing = [client for client in jvm.clients if _may_close(client, proof)]
        trapped = sorted({one.numbers for one in closing if one.numbers and _is_before_lenient(one.numbers)})
        if trapped and jvm.options.property == "false" and not proof.is_on:
            return not_applicable(subject, "it closes no connection after a timeout: see client-switched-off", host)
        if trapped and _escapes(jvm) and all(numbers(release) >= FIRST_READING for release in trapped):
            return holds(subject, host)
        if trapped and proof.verdict == "unknown" and all(numbers(release) < FIRST_READING for release in trapped):
            return unknown(subject, f"whether its client {', '.join(trapped)} was switched on: {proof.why}", host)
        if trapped:
            return fails(
                subject,
                f"its client {', '.join(trapped)} cannot get past one of two nameservers that is dark",
                host,
                evidence=tuple(client.jar for client in closing),
            )
        if any(client.numbers is None for client in closing):
            return unknown(subject, "the release of its client is not known, and may be one of them", host)
        return holds(subject, host)

    yield from of_clients(cluster, evidence, judge)


@control(
    "client-shared-instance-every-channel",
    "clients",
    "medium",
    "No producer and consumer share a client instance that closes brokers' connections as well.",
    rationale="Up to 5.1.3 a send that burnt its time on a hung broker is tried again at a healthy one with 0 ms left, "
    "times out there at once, and the client closes that connection too. The healthy broker then forgets a consumer on "
    "the same instance until the next heartbeat: gaps of 10 to 34 s were measured on 4.8.0. Up to 4.9.0 all producers "
    "and consumers of a JVM share one instance unless they are named apart.",
    looks_at="Which connections the client closes by its class, property and agent; who shares an instance is in the "
    "report of opskit's agent only. Without a report it stays unknown up to 4.9.0; later releases keep them apart by "
    "default, and are not judged.",
    expects="Only connections to nameservers are closed; or producers and consumers are on instances of their own; or "
    "the client is 5.1.4 or later.",
    remedy="Put mode: nameserver in force with `opskit rollout close-on-timeout apply` (that closes connections to "
    "nameservers only), give producers and consumers an instanceName of their own, or bring in the client 5.1.4. "
    "`opskit rollout close-on-timeout prove --live` shows who shares an instance.",
    references=("docs/agent.md", "docs/timing.md", "apache/rocketmq#7056"),
)
def client_shared_instance_every_channel(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, jvm: Jvm, facts: HostFacts, host: str) -> Outcome:
        if not jvm.clients:
            return unknown(subject, jvm.unread or "no client could be read in it", host)
        proof = proof_of(jvm, facts)
        if proof.report:
            return _by_report(subject, proof.report.instances, host)
        if jvm.pid in facts.flipped:
            return unknown(subject, f"which connections it closes is not known: {proof.why}", host)
        every = [client for client in jvm.clients if _closes_brokers(client, jvm)]
        if not every:
            return not_applicable(subject, "no client in it, up to 5.1.3, closes brokers' connections", host)
        if all(client.numbers and numbers(client.numbers) >= FIRST_APART for client in every):
            why = "producers and consumers have instances of their own by default, from 4.9.1 on"
            return not_applicable(subject, f"{why}; whether the service names them alike only its agent tells", host)
        why = (
            "it closes brokers' connections; whether a producer and a consumer share an instance, as they do by default"
        )
        return unknown(subject, f"{why}, only its agent tells", host)

    yield from of_clients(cluster, evidence, judge)


def _may_close(client: HeldClient, proof: Proof) -> bool:
    """Whether a client closes its connection to a nameserver after a timeout, or nobody can say that it does not."""
    return client.state in ("property", "on", "unknown") or (client.state == "off" and proof.verdict != "off")


def _escapes(jvm: Jvm) -> bool:
    """Whether connecting leaves time for the other nameserver, by the last such option that discovery tells."""
    given = [option.partition("=")[2] for option in jvm.options.shown if option.startswith(f"-D{CONNECT_PROPERTY}=")]
    return bool(given) and given[-1].isdecimal() and int(given[-1]) < ROUTE_TIMEOUT_MS


def _by_report(subject: str, instances: tuple[AgentInstance, ...], host: str) -> Outcome:
    shared = [one for one in instances if one.shared and one.every]
    old = [one.client_id for one in shared if one.release and _is_before_lenient(one.release)]
    if old:
        names = ", ".join(old[:3]) + (f" and {len(old) - 3} more" if len(old) > 3 else "")
        return fails(subject, f"{len(old)} shared client instances close brokers' connections: {names}", host)
    if any(one.release is None for one in shared):
        return unknown(subject, "a shared instance closes brokers' connections, and its release is not known", host)
    return holds(subject, host)


def _closes_brokers(client: HeldClient, jvm: Jvm) -> bool:
    if client.numbers and not _is_before_lenient(client.numbers):
        return False
    if client.state == "property":
        return jvm.options.property != "false"
    by_agent = "mode=every" in (jvm.own_agent or "").partition("=")[2].split(",")
    return client.state == "on" or (client.state == "off" and by_agent)


def _is_before_lenient(release: str) -> bool:
    return numbers(release) < FIRST_LENIENT
