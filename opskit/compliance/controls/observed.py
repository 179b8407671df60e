"""Where servers stand by what runs and by what nameservers show: what several controls ask of the evidence. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from opskit.compliance.control import Outcome, fails, holds
from opskit.compliance.controls.subjects import HIDDEN_SERVERS
from opskit.compliance.evidence import BrokerSeen, Evidence, NameserverSeen
from opskit.inventory.cluster import Broker, Cluster, Host, Nameserver, Server
from opskit.inventory.placement import Placed, Placement, declared
from opskit.observe.facts import HostFacts, ServerProcess
from opskit.observe.peers import without_port
from opskit.render.layout import KINDS
from opskit.status.condition import Condition, sentence
from opskit.status.findings import remedy

SHOWN = 5
"""Names in one sentence."""
ELECTING = ("enableControllerMode", "enableDLegerCommitLog")
"""Settings of a broker: controllers elect (from 5.0.0 on), or the brokers of a DLedger group (from 4.5.0 on)."""
_Member = tuple[str, int, str]
"""Broker name, id and port."""


class Owners:
    """Whose an address is, by the names and addresses of the inventory and by what the controller resolves."""

    def __init__(self, cluster: Cluster, evidence: Evidence) -> None:
        self._hosts = dict(evidence.owners)
        for host in reversed(cluster.hosts):
            self._hosts |= {host.name: host.name, host.address: host.name}
        self._pairs: dict[str, list[Broker]] = {}
        for broker in cluster.brokers:
            self._pairs.setdefault(broker.broker_name, []).append(broker)

    def of(self, address: str) -> str | None:
        """Host at "ip:port" or "name:port"; None where it is nobody's in the inventory."""
        return self._hosts.get(without_port(address))

    def is_at(self, address: str, server: Server) -> bool:
        """Whether "ip:port" or "name:port" is where the server is declared."""
        if address == server.address:
            return True
        return address.endswith(f":{server.port}") and self.of(address) == server.host.name

    def is_declared(self, name: str, number: int, address: str) -> bool:
        """Whether a member that a nameserver shows is a broker of the inventory: by its id, or by where it is."""
        return any(broker.broker_id == number or self.is_at(address, broker) for broker in self._pairs.get(name, []))


def observed(cluster: Cluster, evidence: Evidence) -> Placement:
    """Every server that runs on a host which told; which broker a process is, the nameservers and its port tell."""
    owners = Owners(cluster, evidence)
    shown: dict[str, set[_Member]] = {}
    for name, number, address in registered(evidence):
        shown.setdefault(owners.of(address) or "", set()).add((name, number, address.rpartition(":")[2]))
    servers = tuple(
        placed
        for host in cluster.hosts
        if host.name in evidence.hosts
        for process in evidence.hosts[host.name].servers
        for placed in _placed(cluster.servers_on(host.name), shown.get(host.name, set()), host, process)
    )
    return replace(declared(cluster), servers=servers)


def standing(cluster: Cluster, evidence: Evidence) -> Placement:
    """Every server that is declared, and every other one that runs."""
    known = declared(cluster)
    marks = {_mark(server) for server in known.servers}
    return replace(
        known,
        servers=(
            *known.servers,
            *(server for server in observed(cluster, evidence).servers if _mark(server) not in marks),
        ),
    )


def pairs_of(placement: Placement) -> dict[str, Placement]:
    """Each broker name with the placement of its own brokers."""
    return {
        name: replace(placement, servers=brokers, hosts=tuple(one.host for one in brokers))
        for name, brokers in placement.pairs.items()
        if name
    }


def holds_broker(process: ServerProcess) -> bool:
    """Whether brokers run in it: a proxy in local mode (mqbroker --enable-proxy) has one, with its three ports."""
    if process.kind == "proxy":
        return any({port - 2, port + 1} <= set(process.ports) for port in process.ports)
    return process.kind in ("broker", "container")


def is_process_of(process: ServerProcess, server: Server) -> bool:
    """Whether it listens where the server should, or is in its unit, which may be starting still."""
    kind_fits = holds_broker(process) if isinstance(server, Broker) else process.kind == server.component
    return kind_fits and (server.port in process.ports or process.unit == KINDS[server.component].unit)


def registered(evidence: Evidence) -> Iterator[tuple[str, int, str]]:
    """(broker name, id, address) of each member that a nameserver shows; once for each that shows it."""
    for seen in evidence.nameservers.values():
        for name, members in (seen.view or {}).items():
            for number, address in members.items():
                yield name, number, address


def is_elected(broker: Broker, seen: BrokerSeen) -> bool:
    """Whether an election gives it its id and its role, so that the declared ones are where it began."""
    settings = broker.settings | (seen.settings or {})
    return any(str(settings.get(key)).lower() == "true" for key in ELECTING)


def silence(node: Nameserver | Broker, seen: NameserverSeen | BrokerSeen) -> str:
    """What its state means, in a sentence; empty for one that answers."""
    return sentence(node, Condition(seen.state, seen.detail or "no detail", seen.release, seen.seconds))


def answer(node: Nameserver | Broker, seen: NameserverSeen | BrokerSeen, requests: str) -> Outcome:
    """Whether a server answers these requests; what to do depends on how it does not."""
    host = node.host.name
    if seen.state == "healthy":
        return holds(host, host)
    what = remedy(node.component, seen.state)
    return fails(host, silence(node, seen), host, remedy=what, evidence=(requests,))


def unseen(evidence: Evidence, host: str) -> str:
    """Why a host's facts are not there."""
    return f"{host} could not be audited: {evidence.unseen[host].error}"


def unread(facts: HostFacts) -> str:
    """Why a server may run on a host that its facts do not name, or a broker in a proxy; empty where all were seen."""
    named = [f"process {process.pid} " for process in facts.servers if process.kind != "proxy"]
    told = [sentence for sentence in facts.refused if any(word in sentence for word in HIDDEN_SERVERS)]
    return next((sentence for sentence in told if not any(name in sentence for name in named)), "")


def listed(names: Sequence[str]) -> str:
    """a, b and c; of many the first, and how many more."""
    shown = list(names) if len(names) <= SHOWN + 1 else [*names[:SHOWN], f"{len(names) - SHOWN} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def _placed(
    declared_here: Sequence[Server], shown_here: Collection[_Member], host: Host, process: ServerProcess
) -> Iterator[Placed]:
    release, port = process.release or "", min(process.ports, default=0)
    if process.kind in ("nameserver", "controller"):
        yield Placed("nameserver" if process.kind == "nameserver" else "controller", host, port, release)
    if holds_broker(process):
        ports = {str(port) for port in process.ports}
        shown = {(name, number) for name, number, at in shown_here if at in ports}
        own = {
            (broker.broker_name, broker.broker_id)
            for broker in declared_here
            if isinstance(broker, Broker) and is_process_of(process, broker)
        }
        # what is declared counts where both name the pair: an elected broker is shown under the id of the day
        known = own if {name for name, _ in shown} <= {name for name, _ in own} else shown
        for name, number in sorted(known) or [("", -1)]:
            yield Placed("broker", host, port, release, name, number)


def _mark(server: Placed) -> tuple[str, str, str, int]:
    return server.role, server.host.name, server.pair, server.broker_id
