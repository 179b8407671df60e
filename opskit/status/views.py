"""What each nameserver knows, beside what is declared and beside what the others know. Pure."""

from dataclasses import dataclass

from opskit.inventory.cluster import Broker, Cluster, Nameserver
from opskit.status.ask import Answers

Member = tuple[str, int]
"""Broker name and id."""
View = dict[Member, str]
"""The address under which a nameserver knows each member of the cluster."""


@dataclass(frozen=True)
class Difference:
    """A member of which not all nameservers say the same: who knows it where, and who does not know it."""

    member: Member
    known: dict[str, str]
    missing: tuple[str, ...]

    def __str__(self) -> str:
        name = f"{self.member[0]} id {self.member[1]}"
        told = ", ".join(f"{host} says {address}" for host, address in self.known.items())
        return f"{name}: {told}" + (f", {', '.join(self.missing)} not at all" if self.missing else "")


def member(broker: Broker) -> Member:
    return broker.broker_name, broker.broker_id


def views(cluster: Cluster, answers: Answers) -> dict[str, View]:
    """By host name, the view of each nameserver that answered 106; other clusters of the same nameservers left out."""
    return {
        host: {
            (name, broker_id): address
            for name, addresses in answered.info.value.view(cluster.name).items()
            for broker_id, address in sorted(addresses.items())
        }
        for host, answered in answers.nameservers.items()
        if answered.info.value is not None
    }


def differences(cluster: Cluster, answers: Answers) -> tuple[Difference, ...]:
    """Each member that not every nameserver knows under the same address.

    A nameserver with which a broker does not register, by its own settings in force, is not missed: so a nameserver
    can be added, and the brokers told of it one after the other.
    """
    seen = views(cluster, answers)
    nameservers = {nameserver.host.name: nameserver for nameserver in cluster.nameservers}
    brokers = {member(broker): broker for broker in cluster.brokers}
    found = []
    for who in sorted({who for view in seen.values() for who in view}):
        known = {host: view[who] for host, view in seen.items() if who in view}
        missing = tuple(
            host
            for host in seen
            if host not in known and registers(cluster, answers, brokers.get(who), nameservers[host]) is not False
        )
        if missing or len(set(known.values())) > 1:
            found.append(Difference(who, known, missing))
    return tuple(found)


def registers(cluster: Cluster, answers: Answers, broker: Broker | None, nameserver: Nameserver) -> bool | None:
    """Whether a broker's namesrvAddr in force names the nameserver.

    None where that is unknown: no answer, or a list that names no declared nameserver in the declared spelling.
    """
    config = answers.brokers[broker.host.name].config.value if broker else None
    used = {address.strip() for address in (config or {}).get("namesrvAddr", "").split(";")}
    if not used & {declared.address for declared in cluster.nameservers}:
        return None
    return nameserver.address in used
