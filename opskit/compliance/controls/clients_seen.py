"""Family clients: what brokers see, beside what is managed and what was found."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.subjects import HIDDEN_JVMS, client_hosts, client_jvms, refusal
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.observe.facts import HostFacts
from opskit.observe.peers import NOT_AFFECTED, Peer, Told, judge_peers


@control(
    "client-seen-unmanaged",
    "clients",
    "medium",
    "Every client that the brokers name runs on a client host of the inventory.",
    rationale="A service that nobody told of is in no rollout, in no drill and in no audit: when a nameserver hangs, "
    "it is the one that stays down. It is usually new, and often has an old client in it.",
    looks_at="The clients that each broker names (requests 203, 204 and 328), with language and release, and the TCP "
    "peers of the servers' ports. An address that is connected and that no broker names is no finding: this "
    "controller's own questions look so, and so does a load balancer's check.",
    expects="No client at an address that belongs to no host of the group clients, except in languages whose clients "
    "leave a hung nameserver by themselves.",
    remedy="Find out whose address it is, and add its host to the group clients; a second address of a host that is "
    "there already goes into its rocketmq_address. Then `opskit rollout close-on-timeout preview` tells what it needs.",
    references=("docs/rollout.md", "docs/inventory.md"),
)
def client_seen_unmanaged(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    strangers = [peer for peer in _peers(cluster, evidence) if peer.standing == "unmanaged" and peer.clients]
    unasked = [host for host, broker in sorted(evidence.brokers.items()) if _silence(evidence, host)]
    yield from map(_stranger, strangers)
    for host in unasked:
        yield unknown(host, f"its clients are not known: {_silence(evidence, host)}", host)
    if not cluster.brokers:
        yield not_applicable("cluster", "no broker is declared, and only brokers name clients")
    elif not strangers and not unasked:
        yield holds("cluster")


@control(
    "client-release-seen",
    "clients",
    "low",
    "Every client that the brokers name at a client host was found on it.",
    rationale="A client that runs where opskit looks, and that it does not find, hides from the rollout and from the "
    "proofs: it may sit in a namespace that is not visible, in a jar that was closed again, or have ended meanwhile.",
    looks_at="Language and release of each client that a broker names at a client host's address, beside the JVMs that "
    "were found on that host. Where a broker did not tell, client-seen-unmanaged says so.",
    expects="For each Java release that is named there, a JVM that holds a client of this release.",
    remedy="Look on the host with `opskit rollout close-on-timeout preview`: it says what it could not look into, and "
    "why. Set ansible_become: true where other users' processes are closed to it.",
    references=("docs/discovery.md",),
)
def client_release_seen(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    if not cluster.clients:
        yield not_applicable("cluster", "the inventory declares no client host")
    at: dict[str | None, set[tuple[str, str]]] = {}
    for one in _told(evidence):
        at.setdefault(evidence.owners.get(one.address), set()).add((one.language, one.release or ""))
    for host in client_hosts(cluster):
        if host in evidence.unseen:
            yield unknown(host, f"{host} could not be audited: {evidence.unseen[host].error}", host)
        elif host not in at:
            yield not_applicable(host, f"no broker that told names a client at the address of {host}", host)
        else:
            for language, release in sorted(at[host]):
                yield _hidden(host, language, release, evidence.hosts[host])


def _peers(cluster: Cluster, evidence: Evidence) -> tuple[Peer, ...]:
    """Of every server that told, and every address at which a broker names a client."""
    connected = {
        host: [one for peers in facts.peers.values() for one in peers] for host, facts in evidence.hosts.items()
    }
    for host, broker in evidence.brokers.items():
        connected.setdefault(host, []).extend(sorted({one.address for one in broker.clients}))
    return judge_peers(cluster, connected, _told(evidence), evidence.owners)


def _told(evidence: Evidence) -> list[Told]:
    return [one for broker in evidence.brokers.values() for one in broker.clients]


def _silence(evidence: Evidence, host: str) -> str:
    """Why a broker's clients are not known, or not all of them; "" where they are."""
    broker = evidence.brokers[host]
    if broker.state != "healthy":
        return broker.detail or f"the broker is {broker.state}"
    return broker.clients_error


def _stranger(peer: Peer) -> Outcome:
    told = "; ".join(
        f"{one.language}{' ' + one.release if one.release else ''}, {one.instances} instances: {one.sentence}"
        for one in peer.clients
    )
    observed = f"{told}; connected to {', '.join(peer.servers)}"
    if any(one.affected for one in peer.clients):
        return fails(peer.address, observed, evidence=("request 204",))
    if all(one.language in NOT_AFFECTED for one in peer.clients):
        return not_applicable(peer.address, observed)
    return unknown(peer.address, observed)


def _hidden(host: str, language: str, release: str, facts: HostFacts) -> Outcome:
    subject = f"{host} {language} {release}".rstrip()
    if language in NOT_AFFECTED:
        return not_applicable(subject, f"discovery finds JVMs only, and {NOT_AFFECTED[language]}", host)
    if language != "JAVA":
        return unknown(subject, f"what a {language} client does about a hung nameserver is not known", host)
    jvms = client_jvms(facts)
    if any(client.numbers == release for jvm in jvms for client in jvm.clients):
        return holds(subject, host)
    hidden = refusal(facts, *HIDDEN_JVMS)
    unread = [jvm for jvm in jvms if not jvm.clients or any(client.numbers is None for client in jvm.clients)]
    if hidden or unread:
        who = hidden or f"it may be {unread[0].name}, whose client's release is not known"
        return unknown(subject, f"no JVM with a client of this release was found; {who}", host)
    return fails(subject, f"brokers name a client of this release, and no JVM on {host} holds one", host)
