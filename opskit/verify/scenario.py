"""Which nodes hang: scenarios, faults, victims, and who may not be one. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from opskit.errors import OpskitError
from opskit.inventory.cluster import Broker, Cluster, Host, Nameserver, Server

ScenarioName = Literal["nameserver", "broker", "nameserver-and-broker", "host"]
FaultName = Literal["freeze", "blackhole", "kill", "freeze-host"]

SCENARIOS: dict[ScenarioName, str] = {
    "nameserver": "one nameserver hangs: running clients go on from cached routes, fresh ones may not start",
    "broker": "one broker master hangs: clients learn of it from the nameservers",
    "nameserver-and-broker": "a nameserver and a broker master hang at once, on two hosts: separation alone is no cure",
    "host": "a host that carries a nameserver and a broker master hangs: the incident",
}
FAULTS: dict[FaultName, str] = {
    "freeze": "SIGSTOP to every process of the units; the kernel still acknowledges TCP: the incident",
    "blackhole": "nftables drops what the units send and receive; SSH stays open: a pulled cable",
    "kill": "SIGKILL, and systemd does not revive the unit before the undo: TCP breaks, for contrast",
    "freeze-host": "the lab only: the whole container stops, its SSH and its timers with it",
}
AUTO = "auto"


@dataclass(frozen=True)
class Target:
    """A host, and those of its servers that hang."""

    host: Host
    servers: tuple[Server, ...]

    @property
    def nameserver_addresses(self) -> tuple[str, ...]:
        return tuple(server.address for server in self.servers if isinstance(server, Nameserver))

    @property
    def brokers(self) -> tuple[Broker, ...]:
        return tuple(server for server in self.servers if isinstance(server, Broker))


def scenario_named(name: str) -> ScenarioName:
    """Raises OpskitError (exit 2) that lists the scenarios."""
    return cast(ScenarioName, _known("scenario", name, list(SCENARIOS)))


def fault_named(name: str) -> FaultName:
    """Raises OpskitError (exit 2) that lists the faults."""
    return cast(FaultName, _known("fault", name, list(FAULTS)))


def choose(
    cluster: Cluster, scenario: ScenarioName, victims: Sequence[str], attached: Mapping[str, int] | None = None
) -> tuple[Target, ...]:
    """The targets of a scenario, sorted by host.

    victims: hosts or broker names; where none fits, or "auto", it is the nameserver that most clients are attached to
    and the first master. attached: nameserver's address → clients. Raises OpskitError (exit 2) for a victim that is
    none, or after which none of its role would be left.
    """
    named = {name for name in victims if name != AUTO}
    counts = attached or {}
    masters: list[Server] = [broker for broker in cluster.brokers if broker.is_master]
    nameservers: list[Server] = sorted(cluster.nameservers, key=lambda one: -counts.get(one.address, 0))
    if scenario == "host":
        carriers = {master.host.name for master in masters}
        first = _pick(named, [one for one in nameservers if one.host.name in carriers])
        picked = [one for one in cluster.servers if first and one.host == first.host]
    else:
        hung = (nameservers if scenario != "broker" else []), (masters if scenario != "nameserver" else [])
        picked = [one for one in (_pick(named, candidates) for candidates in hung) if one]
    if not picked:
        raise OpskitError(
            f"this cluster has no victim for the scenario {scenario}: {SCENARIOS[scenario]}",
            where=cluster.name,
            remedy="Take another scenario: opskit verify list.",
        )
    _refuse_strangers(named, picked, scenario)
    _refuse_last(cluster, picked)
    hosts = {server.host.name: server.host for server in picked}
    return tuple(Target(hosts[name], tuple(one for one in picked if one.host.name == name)) for name in sorted(hosts))


def _known(kind: str, name: str, known: Sequence[str]) -> str:
    if name not in known:
        raise OpskitError(f"no {kind} {name!r}", where=f"--{kind}", remedy=f"Known: {', '.join(known)}.")
    return name


def _pick(named: set[str], candidates: Sequence[Server]) -> Server | None:
    """The candidate that is named, else the first."""
    return next((one for one in candidates if _names(one) & named), next(iter(candidates), None))


def _names(server: Server) -> set[str]:
    return {server.host.name, server.broker_name} if isinstance(server, Broker) else {server.host.name}


def _refuse_strangers(named: set[str], picked: Sequence[Server], scenario: str) -> None:
    strangers = named - {name for server in picked for name in _names(server)}
    if strangers:
        raise OpskitError(
            f"{', '.join(sorted(strangers))} cannot be a victim of the scenario {scenario}",
            where="--victim",
            remedy="Name one nameserver by its host, one broker master by its host or broker name; or take auto.",
        )


def _refuse_last(cluster: Cluster, picked: Sequence[Server]) -> None:
    left = [server for server in cluster.servers if server not in picked]
    roles = {
        "nameserver": [one for one in left if isinstance(one, Nameserver)],
        "broker master": [one for one in left if isinstance(one, Broker) and one.is_master],
    }
    for role, remaining in roles.items():
        if not remaining:
            raise OpskitError(
                f"the victim is the last {role} of the cluster",
                where="--victim",
                remedy=f"Nobody could recover. A drill needs a second {role}.",
            )
