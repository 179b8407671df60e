"""Whether the failover was shown, lately, on this topology."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.observed import listed
from opskit.compliance.evidence import DrillSeen, Evidence
from opskit.inventory.cluster import Cluster

_DRILL = "Run `opskit verify failover`."


def client_releases(cluster: Cluster) -> set[str]:
    """Releases of the clients that a drill of this cluster probes with."""
    return {release for client in cluster.clients for release in client.releases}


@control(
    "drill-passed",
    "drills",
    "high",
    "The last drill of each kind passed.",
    rationale="That a cluster survives a hung node is a guess until it was tried. A drill that failed says that it "
    "does not; what was changed since then is worth nothing until a drill says so.",
    looks_at="The reports of `opskit verify failover` on this controller, of the servers, hosts and releases that are "
    "declared now and the client releases that are declared now: the newest judged one of each scenario and fault.",
    expects="It held, and whatever was done to the hosts was undone.",
    remedy="See the report (`opskit verify history`), mend what it names, and run `opskit verify failover` again.",
    references=("docs/verify.md",),
)
def _passed(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    kinds: dict[tuple[str, str], DrillSeen] = {}
    for drill in _of_now(cluster, evidence.drills):
        if drill.judgement != "unjudged" or drill.undo == "failed":
            kinds.setdefault((drill.scenario, drill.fault), drill)
    for (scenario, fault), drill in sorted(kinds.items()):
        subject = f"{scenario} {fault}".strip() or "cluster"
        if drill.undo == "failed":
            told = f"the undo of drill {drill.run} failed: a host may be frozen or cut off still"
            remedy = "Run `opskit verify restore`, then `opskit verify failover` again."
            yield fails(subject, told, remedy=remedy, evidence=(f"run {drill.run}",))
        elif drill.judgement == "fails":
            yield fails(subject, f"drill {drill.run} did not hold", evidence=(f"run {drill.run}",))
        else:
            yield holds(subject)
    if kinds:
        return
    if evidence.drills_unreadable:
        yield unknown("cluster", f"a drill's report cannot be read: {evidence.drills_unreadable[0]}")
    else:
        yield not_applicable("cluster", "no drill of this topology and these client releases was judged here")


@control(
    "drill-recent",
    "drills",
    "low",
    "A drill passed lately, on this topology and with these client releases.",
    rationale="What was true on the day of the drill decays: hosts are replaced, services bring new clients, settings "
    "change. A drill says something of the cluster that it was made on, and of no other.",
    looks_at="The reports of `opskit verify failover` on this controller, their day, servers, hosts and releases; "
    "opskit_drill_days says how old one may be.",
    expects="One that held is younger than opskit_drill_days and was made on what is declared now.",
    remedy=_DRILL,
    references=("docs/verify.md",),
)
def _recent(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    if not cluster.clients:
        yield not_applicable("cluster", "the inventory declares no client host, and a drill needs one to probe from")
        return
    held = [drill for drill in evidence.drills if drill.judgement == "holds" and drill.undo != "failed"]
    current = list(_of_now(cluster, held))
    newest = max((drill.at for drill in current), default=None)
    if newest is not None and evidence.at - newest <= timedelta(days=cluster.drill_days):
        yield holds("cluster")
    elif evidence.drills_unreadable:
        yield unknown("cluster", f"a drill's report cannot be read: {evidence.drills_unreadable[0]}")
    elif newest is not None:
        days = (evidence.at - newest).days
        yield fails("cluster", f"the last drill that passed is {days} days old, {cluster.drill_days} are allowed")
    else:
        yield fails("cluster", _why_none(cluster, evidence.drills, held))


def _of_now(cluster: Cluster, drills: Sequence[DrillSeen]) -> Iterator[DrillSeen]:
    wanted = client_releases(cluster)
    return (one for one in drills if one.topology == cluster.topology and set(one.client_releases) == wanted)


def _why_none(cluster: Cluster, drills: Sequence[DrillSeen], held: Sequence[DrillSeen]) -> str:
    """What keeps every drill that there is from being the one that is asked for."""
    if not drills:
        return "no drill was ever made from this controller"
    if not held:
        return f"none of the {len(drills)} drills made from this controller passed"
    same = next((drill for drill in held if drill.topology == cluster.topology), None)
    if same:
        probed, wanted = sorted(same.client_releases), sorted(client_releases(cluster))
        return f"drill {same.run} passed with clients of {listed(probed)}, declared are {listed(wanted)}"
    last = held[0]
    if not last.topology:
        return f"drill {last.run} passed, but its report does not name the servers of its day"
    changed = sorted(set(cluster.topology) ^ set(last.topology))
    return f"drill {last.run} passed on another topology, which differs in {listed(changed)}"
