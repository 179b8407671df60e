"""What does not hold in a running cluster: one finding a rule and subject. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from opskit.finding import Finding, Severity
from opskit.inventory.cluster import Broker, Cluster, Nameserver
from opskit.rocketmq.answers import WRITABLE
from opskit.status.ask import Answers
from opskit.status.condition import Condition, label, of_broker, of_nameserver, sentence
from opskit.status.pairs import lag, master_of, pairs, size, slaves_in_sync
from opskit.status.topics import on_one_master, unknown
from opskit.status.views import differences, member, views

REGISTERING = "A broker registers every 30 s: after a restart ask again in 40 s, else compare its namesrvAddr."
_REMEDIES = {
    "refused": "See the last lines of its log, and start it.",
    "unreachable": "Check the host, the network, the firewall; opskit_dial says how opskit reaches RocketMQ's ports.",
    "error": "See its log; where it has an ACL, check the access key that opskit signs with.",
}
_SILENT = {
    "nameserver": "Look at its host first. Clients up to 4.9.0 stay with a hung nameserver; when its process is "
    "stopped or its host fenced, their connections break and they move on.",
    "broker": "Look at its host first. Nameservers show a hung broker for two minutes more, and clients send to it; "
    "when its process is stopped or its host fenced, its connections break and it leaves the routes at once.",
}
SHOWN = 5


def findings(cluster: Cluster, answers: Answers) -> Iterator[Finding]:
    """Errors and warnings in the order in which to look at them: servers, views, pairs, settings, topics."""
    nameservers = {host: of_nameserver(answered) for host, answered in answers.nameservers.items()}
    brokers = {host: of_broker(answered) for host, answered in answers.brokers.items()}
    yield from _servers("nameserver", cluster.nameservers, nameservers)
    yield from _servers("broker", cluster.brokers, brokers)
    yield from _views(cluster, answers)
    for broker in cluster.brokers:
        yield from _registration(cluster, answers, broker)
        yield from _permission(answers, broker)
        yield from _slave(cluster, answers, broker) if not broker.is_master else _master(cluster, answers, broker)
    yield from _topics(cluster, answers)


def remedy(role: str, state: str) -> str:
    """What to do about a nameserver or broker that is not healthy."""
    return _SILENT[role] if state == "silent" else _REMEDIES[state]


def permission(answers: Answers, broker: Broker) -> tuple[int | None, int]:
    """brokerPermission in force, None where the broker did not say, and as it is declared."""
    config = answers.brokers[broker.host.name].config.value or {}
    found = config.get("brokerPermission", "")
    return int(found) if found.isdecimal() else None, int(broker.settings.get("brokerPermission", WRITABLE))


def _servers(
    role: str, nodes: tuple[Nameserver, ...] | tuple[Broker, ...], states: Mapping[str, Condition]
) -> Iterator[Finding]:
    for node in nodes:
        host, state = node.host.name, states[node.host.name]
        if not state.healthy:
            yield _finding(f"{role}-{state.state}", host, sentence(node, state), remedy(role, state.state))
        if state.release not in (None, node.release):
            runs = f"{label(node)} runs {state.release}, declared is {node.release}"
            yield _finding("other-release", host, runs, "Run opskit deploy, or declare the release that runs.")
    releases = sorted({state.release for state in states.values() if state.release})
    if len(releases) > 1:
        runs = f"the {role}s run different releases: {_and(releases)}"
        yield _finding("mixed-releases", f"{role}s", runs, "Finish the roll: a mix is for its time only.", "warning")


def _views(cluster: Cluster, answers: Answers) -> Iterator[Finding]:
    for difference in differences(cluster, answers):
        told = f"the nameservers do not agree on {difference}"
        yield _finding("views-differ", " ".join(map(str, difference.member)), told, REGISTERING)
    declared = {member(broker) for broker in cluster.brokers}
    seen = views(cluster, answers)
    for who in sorted({who for view in seen.values() for who in view} - declared):
        where = _and([f"{host} ({view[who]})" for host, view in seen.items() if who in view])
        told = f"{who[0]} id {who[1]} is registered with {where}, but not declared"
        yield _finding("undeclared-broker", " ".join(map(str, who)), told, "Declare it, or stop it.")


def _registration(cluster: Cluster, answers: Answers, broker: Broker) -> Iterator[Finding]:
    seen, host = views(cluster, answers), broker.host.name
    missing = [nameserver for nameserver, view in seen.items() if member(broker) not in view]
    if missing:
        who = "no nameserver knows" if len(missing) == len(seen) else f"{_and(missing)} do{_s(missing, 'es')} not know"
        yield _finding("not-registered", host, f"{who} {label(broker)}", REGISTERING)
    known = {nameserver: view[member(broker)] for nameserver, view in seen.items() if member(broker) in view}
    for address in sorted(set(known.values()) - {broker.address}):
        where = _and([nameserver for nameserver, found in known.items() if found == address])
        told = f"{label(broker)} is registered with {where} at {address}, declared is {broker.address}"
        remedy = "See whether two brokers claim the same name and id; else deploy, or correct rocketmq_address."
        yield _finding("other-address", host, told, remedy)


def _permission(answers: Answers, broker: Broker) -> Iterator[Finding]:
    found, declared = permission(answers, broker)
    if found not in (None, declared):
        told = f"{label(broker)} has brokerPermission {found}, declared is {declared}"
        told += ": it is drained and takes no new messages" if found == WRITABLE - 2 else ""
        yield _finding(
            "other-permission", broker.host.name, told, "Undo the drain that left it, or restart the broker."
        )


def _slave(cluster: Cluster, answers: Answers, slave: Broker) -> Iterator[Finding]:
    found = lag(cluster, answers, slave)
    if found is None or found.in_sync:
        return
    host, master = slave.host.name, found.master.host.name
    if found.behind > 0:
        told = f"{label(slave)} is {size(found.behind)} behind its master {master}"
        yield _finding(
            "slave-behind", host, told, "Ask again; if it does not shrink, check the HA port and both disks."
        )
    else:
        told = f"{label(slave)} holds {size(-found.behind)} more than its master {master}"
        remedy = "The master lost messages, or came back with another store: do not deploy before this is understood."
        yield _finding("slave-ahead", host, told, remedy)


def _master(cluster: Cluster, answers: Answers, master: Broker) -> Iterator[Finding]:
    slaves = [
        broker for broker in pairs(cluster)[master.broker_name] if master_of(cluster, broker) not in (None, broker)
    ]
    counted = slaves_in_sync(answers, master)
    if counted is not None and counted < len(slaves):
        told = f"{label(master)} counts {counted} of its {len(slaves)} slaves in sync"
        yield _finding(
            "slaves-not-in-sync", master.host.name, told, "See whether each slave runs and reaches the HA port."
        )


def _topics(cluster: Cluster, answers: Answers) -> Iterator[Finding]:
    for broker, reason in unknown(cluster, answers):
        told = f"the topics of {label(broker)} could not be listed: {reason}"
        yield _finding("topics-unknown", broker.host.name, told, "Ask again with a longer --deadline.", "warning")
    for name, names in on_one_master(cluster, answers).items():
        shown = names if len(names) <= SHOWN else (*names[:SHOWN], f"{len(names) - SHOWN} more")
        told = f"{_and(shown)} live{_s(names)} on {name} only: while its master is down nobody can send there"
        yield _finding("topic-on-one-master", name, told, "Create it on the other masters too.", "warning")


def _and(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _s(names: Sequence[str], ending: str = "s") -> str:
    """The ending of a verb whose subject is one."""
    return ending if len(names) == 1 else ""


def _finding(rule: str, subject: str, told: str, remedy: str, severity: Severity = "error") -> Finding:
    return Finding(rule=rule, severity=severity, subject=subject, sentence=told, remedy=remedy)
