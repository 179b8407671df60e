"""Whether there are enough nameservers, and whether each answers and knows what the others know."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.observed import (
    Owners,
    answer,
    is_elected,
    is_process_of,
    listed,
    registered,
    silence,
    unseen,
)
from opskit.compliance.controls.subjects import HIDDEN_SERVERS, refusal
from opskit.compliance.evidence import BrokerSeen, Evidence
from opskit.inventory.cluster import Broker, Cluster
from opskit.inventory.placement import declared
from opskit.status.condition import label
from opskit.status.findings import REGISTERING


@control(
    "nameserver-alone",
    "nameservers",
    "critical",
    "There is more than one nameserver.",
    rationale="A client leaves a hung nameserver for another one. Where there is no other, no client learns a route "
    "until that one wakes, whatever else was done.",
    looks_at="The nameservers of the inventory; two names of one machine count once.",
    expects="At least two machines with a nameserver; three are better.",
    remedy="Declare a second nameserver on a host of its own, run `opskit deploy`, then tell every client its address.",
    references=("docs/inventory.md",),
)
def _alone(cluster: Cluster, _: Evidence) -> Iterator[Outcome]:
    count = _machines(cluster)
    if count < 2:
        yield fails("nameservers", f"the cluster has {count} nameserver: when it hangs, no client learns a route")
    else:
        yield holds("nameservers")


@control(
    "nameserver-pair-only",
    "nameservers",
    "low",
    "There are three nameservers.",
    rationale="With two, one that hangs leaves the cluster without a spare, and it is met first by half of all clients "
    "that start meanwhile. Clients from 4.9.1 to 5.1.3 fail for as long as one of exactly two cannot be connected to "
    "(apache/rocketmq#7056).",
    looks_at="The nameservers of the inventory; two names of one machine count once.",
    expects="At least three machines with a nameserver.",
    remedy="Declare a third nameserver on a host of its own, run `opskit deploy`, then tell every client its address.",
    references=("docs/inventory.md", "apache/rocketmq#7056"),
)
def _pair_only(cluster: Cluster, _: Evidence) -> Iterator[Outcome]:
    count = _machines(cluster)
    if count < 2:
        yield not_applicable("nameservers", "there is one only, which nameserver-alone tells of")
    elif count == 2:
        yield fails("nameservers", "the cluster has two nameservers: three are better")
    else:
        yield holds("nameservers")


@control(
    "nameserver-answers",
    "nameservers",
    "critical",
    "Every nameserver answers.",
    rationale="A hung nameserver still accepts connections: its kernel does that, and a check of the port passes. Only "
    "a question shows it. Clients up to 4.9.0 stay with it for as long as it hangs, ten minutes in the incident.",
    looks_at="The answers of each nameserver to a client's question for routes (105) and to one for the cluster (106), "
    "each within a deadline.",
    expects="Both are answered.",
    remedy="Run `opskit status` to see whether it lasts, then look at its host and its log.",
    references=("docs/status.md",),
)
def _answers(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for one in cluster.nameservers:
        yield answer(one, evidence.nameservers[one.host.name], "requests 105 and 106")


@control(
    "nameserver-views-agree",
    "nameservers",
    "high",
    "Every nameserver knows every broker, and knows what the others know.",
    rationale="A client asks one nameserver only. Where that one does not know a broker, or knows it at another "
    "address, its clients do not use it, and those of the other nameservers do: half of the services fail, and no "
    "server looks ill.",
    looks_at="The brokers that each nameserver shows: name, id and address (request 106). A broker that does not "
    "answer and that no nameserver knows is left to broker-answers.",
    expects="Each shows every declared broker at its declared address, and whatever else another one shows.",
    remedy=f"{REGISTERING} Run `opskit status` again after that.",
    references=("docs/status.md",),
)
def _views_agree(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    owners, shown = Owners(cluster, evidence), set(registered(evidence))
    strangers = {(name, number) for name, number, address in shown if not owners.is_declared(name, number, address)}
    known = {(name, number) for name, number, _ in shown}
    expected = [
        one
        for one in cluster.brokers
        if (one.broker_name, one.broker_id) in known or evidence.brokers[one.host.name].state == "healthy"
    ]
    for nameserver in cluster.nameservers:
        host, seen = nameserver.host.name, evidence.nameservers[nameserver.host.name]
        if seen.view is None:
            yield unknown(host, silence(nameserver, seen) or f"{host} did not show its brokers", host)
            continue
        wrong = [
            why
            for broker in expected
            if (why := _misknown(owners, seen.view, broker, evidence.brokers[broker.host.name]))
        ]
        missing = sorted(strangers - {(name, number) for name in seen.view for number in seen.view[name]})
        wrong += [f"does not know {name} id {number}, which another nameserver shows" for name, number in missing]
        if wrong:
            yield fails(host, f"{host} {listed(wrong)}", host, evidence=("request 106",))
        else:
            yield holds(host, host)


def _misknown(owners: Owners, view: dict[str, dict[int, str]], broker: Broker, seen: BrokerSeen) -> str:
    """What is wrong with what a nameserver knows of a broker; empty where nothing is."""
    members = view.get(broker.broker_name, {})
    address = members.get(broker.broker_id)
    if is_elected(broker, seen):
        address = next((one for one in members.values() if owners.is_at(one, broker)), None)
    if address is None:
        return f"does not know {label(broker)}"
    if not owners.is_at(address, broker):
        return f"knows {label(broker)} at {address}, declared is {broker.address}"
    return ""


@control(
    "broker-undeclared",
    "nameservers",
    "medium",
    "Every broker that is registered is declared.",
    rationale="Clients send to whatever the nameservers show. A broker that nobody declared takes their messages, and "
    "nobody watches it, updates it or knows that they are there when it goes.",
    looks_at="The brokers that the nameservers show for this cluster (request 106).",
    expects="Each has the name and the id, or the name and the address, of a broker of the inventory.",
    remedy="Declare it in the inventory, or consume what it holds and stop it; a broker that is gone leaves the "
    "nameservers after two minutes at the most.",
    references=("docs/status.md",),
)
def _undeclared(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    owners = Owners(cluster, evidence)
    members: dict[tuple[str, int], set[str]] = {}
    for name, number, address in registered(evidence):
        members.setdefault((name, number), set()).add(address)
    for (name, number), addresses in sorted(members.items()):
        subject = f"{name} id {number}"
        if all(owners.is_declared(name, number, address) for address in addresses):
            yield holds(subject)
            continue
        hosts = {address: owners.of(address) for address in sorted(addresses)}
        where = listed([f"{address} ({host})" if host else address for address, host in hosts.items()])
        yield fails(subject, f"{subject} is registered at {where}, and not declared", evidence=("request 106",))
    for nameserver in cluster.nameservers:
        host, seen = nameserver.host.name, evidence.nameservers[nameserver.host.name]
        if seen.view is None:
            yield unknown(host, silence(nameserver, seen) or f"{host} did not show its brokers", host)
    if not members and all(seen.view is not None for seen in evidence.nameservers.values()):
        yield not_applicable("nameservers", "no broker is registered")


@control(
    "controller-runs",
    "nameservers",
    "high",
    "Every declared controller runs.",
    rationale="Controllers elect the new master by majority. One that is missing is not noticed, until the next one "
    "goes and a broker that hangs has no successor any more.",
    looks_at="The processes of each host with a declared controller, and the port on which it listens. opskit asks "
    "controllers nothing, so one that hangs is not seen here.",
    expects="A controller process listens on the declared port.",
    remedy="See the last lines of its log, then run `opskit deploy`.",
    references=("docs/deploy.md",),
)
def _controller_runs(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for one in cluster.controllers:
        host = one.host.name
        if host in evidence.unseen:
            yield unknown(host, unseen(evidence, host), host)
            continue
        facts = evidence.hosts[host]
        running = [process for process in facts.servers if is_process_of(process, one)]
        if any(one.port in process.ports for process in running):
            yield holds(host, host)
        elif hidden := refusal(facts, *HIDDEN_SERVERS):
            yield unknown(host, f"not all servers of {host} could be looked into: {hidden}", host)
        elif running:
            told = f"{host} runs a controller (pid {running[0].pid}) that does not listen on {one.port}"
            yield fails(host, told, host, evidence=("processes",))
        else:
            yield fails(host, f"{host} runs no controller", host, evidence=("processes",))
    if not cluster.controllers:
        yield not_applicable("controllers", "the inventory declares none")


def _machines(cluster: Cluster) -> int:
    placement = declared(cluster)
    return len({placement.machine(server) for server in placement.of("nameserver")})
