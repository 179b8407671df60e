"""Whether every broker answers, and every slave has what its master has."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.observed import answer, is_elected, listed, silence
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Broker, Cluster
from opskit.status.condition import label
from opskit.status.pairs import IN_SYNC_BYTES, pairs, size


@control(
    "broker-answers",
    "nameservers",
    "critical",
    "Every broker answers.",
    rationale="A hung broker is shown by the nameservers for two minutes more, and its port accepts connections all "
    "the while. Each client that has its route sends to it and waits. A slave that is silent is a pair without a "
    "spare.",
    looks_at="The answers of each broker, master or slave, to the requests for its runtime (28) and its settings (26), "
    "each within a deadline.",
    expects="Both are answered.",
    remedy="Run `opskit status` to see whether it lasts, then look at its host and its log.",
    references=("docs/status.md",),
)
def _answers(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for one in cluster.brokers:
        yield answer(one, evidence.brokers[one.host.name], "requests 28 and 26")


@control(
    "slave-in-sync",
    "nameservers",
    "high",
    "Every slave has what its master has.",
    rationale="While a master hangs its slave alone serves what is stored. What the slave does not have cannot be read "
    "until the master is back, and is lost where it does not come back.",
    looks_at="How many bytes each slave is behind its master (request 28 to both), and from 5.0.0 on how many slaves "
    "the master itself counts in sync (907).",
    expects=f"Each slave is within {size(IN_SYNC_BYTES)} of its master, and the master counts all of them.",
    remedy="Run `opskit status` again; where the distance does not shrink, check the HA port of the master and both "
    "disks.",
    references=("docs/status.md",),
)
def _in_sync(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    for pair, members in pairs(cluster).items():
        slaves = [one for one in members if not one.is_master]
        master = next((one for one in members if one.is_master), None)
        if master is None or not slaves:
            yield not_applicable(pair, "it has no slave" if master else "it has no master")
            continue
        wrong = [*_distances(master, slaves, evidence), *_count(master, slaves, evidence)]
        silent = [one for one in (master, *slaves) if evidence.brokers[one.host.name].state != "healthy"]
        counted = evidence.brokers[master.host.name].slaves_in_sync
        untold = [one for one in slaves if evidence.brokers[one.host.name].behind_bytes is None]
        if wrong:
            yield fails(pair, "; ".join(wrong), evidence=("requests 28 and 907",))
        elif silent:
            yield unknown(pair, silence(silent[0], evidence.brokers[silent[0].host.name]), silent[0].host.name)
        elif untold and (counted or 0) < len(slaves):
            yield unknown(pair, f"how far {label(untold[0])} is behind was not told", untold[0].host.name)
        else:
            yield holds(pair)


def _distances(master: Broker, slaves: list[Broker], evidence: Evidence) -> Iterator[str]:
    for slave in slaves:
        behind = evidence.brokers[slave.host.name].behind_bytes
        if behind is not None and abs(behind) > IN_SYNC_BYTES:
            way = "behind" if behind > 0 else "ahead of"
            yield f"{label(slave)} is {size(abs(behind))} {way} its master {master.host.name}"


def _count(master: Broker, slaves: list[Broker], evidence: Evidence) -> Iterator[str]:
    """A slave that does not answer is not counted: its silence is told of by broker-answers. Where masters are elected,
    the declared master may be a slave today, and then counts nobody.
    """
    if is_elected(master, evidence.brokers[master.host.name]):
        return
    counted = evidence.brokers[master.host.name].slaves_in_sync
    answering = [one.host.name for one in slaves if evidence.brokers[one.host.name].state == "healthy"]
    if counted is not None and counted < len(answering):
        yield f"{label(master)} counts {counted} in sync of {listed(answering)}"
