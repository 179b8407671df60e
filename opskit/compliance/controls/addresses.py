"""Whether brokers and clients are told of every nameserver."""

import ipaddress
from collections.abc import Iterable, Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.observed import Owners, listed, silence
from opskit.compliance.controls.subjects import of_clients
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.observe.facts import HostFacts
from opskit.observe.model import Jvm
from opskit.observe.peers import without_port


@control(
    "broker-knows-every-nameserver",
    "nameservers",
    "high",
    "Every broker registers with every nameserver.",
    rationale="A nameserver knows only the brokers that register with it. Clients that drift away from a hung "
    "nameserver must find every broker at the next one, or they have left one outage for another.",
    looks_at="The namesrvAddr in force in each broker (request 26). An entry that the inventory does not know is no "
    "finding: while a nameserver is added or removed the longer list is the safe one.",
    expects="The list names every declared nameserver, in whatever order.",
    remedy="Run `opskit deploy`: it writes the list and restarts the brokers one by one.",
    references=("docs/deploy.md",),
)
def _broker_knows(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    owners = Owners(cluster, evidence)
    for broker in cluster.brokers:
        host, seen = broker.host.name, evidence.brokers[broker.host.name]
        if seen.settings is None:
            why = silence(broker, seen) or f"{host} did not tell its settings: {seen.settings_error or 'no reason'}"
            yield unknown(host, why, host)
            continue
        given = _split(seen.settings.get("namesrvAddr", ""))
        if not given:
            yield unknown(host, f"namesrvAddr is empty in {host}: where it asks for the list cannot be seen", host)
            continue
        missing, others = _compared(cluster, owners, given)
        told = f"; it names {listed(others)}, which the inventory does not know" if others else ""
        if not missing:
            observed = f"namesrvAddr names every nameserver{told}" if told else ""
            yield holds(host, host).model_copy(update={"observed": observed})
        elif _could_be_one(owners, others):
            why = f"whether {host} registers with {listed(missing)} depends on names that cannot be resolved here{told}"
            yield unknown(host, why, host)
        else:
            wrong = f"namesrvAddr in force in {host} does not name {listed(missing)}{told}"
            yield fails(host, wrong, host, evidence=("request 26: namesrvAddr",))


@control(
    "client-knows-every-nameserver",
    "nameservers",
    "low",
    "Every client is told of every nameserver.",
    rationale="Closing the connection to a hung nameserver helps a client that has another one to go to. Lists of "
    "nameservers are copied from service to service, and are not corrected when a nameserver is added.",
    looks_at="The list that each client instance holds, as the report of opskit's agent in its JVM shows it. The "
    "application sets it in code, so a start option or a connection proves nothing: without an agent it is unknown.",
    expects="Each instance lists every declared nameserver, in whatever order.",
    remedy="Correct the list in the service's own configuration and restart it; `opskit rollout close-on-timeout` "
    "brings in the agent that shows the list.",
    references=("docs/agent.md",),
)
def _client_knows(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    owners = Owners(cluster, evidence)

    def judge(subject: str, jvm: Jvm, facts: HostFacts, host: str) -> Outcome:
        told = next((one for one in facts.agents if one.pid == jvm.pid), None)
        if told is None or told.report is None:
            why = f"its agent did not tell: {told.error}" if told else "opskit's agent is not in it"
            return unknown(subject, f"which nameservers it is told of cannot be seen: {why}", host)
        short, hidden = [], []
        for instance in told.report.instances:
            missing, others = _compared(cluster, owners, instance.nameservers)
            sentence = f"client {instance.client_id} is not told of {listed(missing)}"
            if not instance.nameservers or (missing and _could_be_one(owners, others)):
                hidden.append(f"client {instance.client_id} is told of {listed(others) or 'none that the agent shows'}")
            elif missing:
                short.append(sentence)
        if short:
            return fails(subject, listed(short), host, evidence=("the agent's report: nameservers",))
        if hidden:
            return unknown(subject, listed(hidden), host)
        if not told.report.instances:
            return not_applicable(subject, "its agent shows no client instance now", host)
        return holds(subject, host)

    yield from of_clients(cluster, evidence, judge)


def _split(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(";") if entry.strip()]


def _compared(cluster: Cluster, owners: Owners, given: Iterable[str]) -> tuple[list[str], list[str]]:
    """(declared nameservers that no entry is for, entries that are for no declared nameserver)."""
    entries = list(dict.fromkeys(given))
    missing = [
        f"{one.host.name} ({one.address})"
        for one in cluster.nameservers
        if not any(owners.is_at(entry, one) for entry in entries)
    ]
    others = [entry for entry in entries if not any(owners.is_at(entry, one) for one in cluster.nameservers)]
    return missing, others


def _could_be_one(owners: Owners, entries: Iterable[str]) -> bool:
    """Whether one of them is a name that stands for who knows which address."""
    return any(not _is_ip(without_port(entry)) and owners.of(entry) is None for entry in entries)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
