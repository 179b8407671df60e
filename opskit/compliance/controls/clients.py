"""Family clients: what a hung nameserver does to each client JVM that runs now."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.subjects import HIDDEN_JVMS, client_hosts, client_jvms, of_clients, proof_of, refusal
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster
from opskit.observe.agent import PROPERTY
from opskit.observe.facts import HostFacts
from opskit.observe.model import Flow, Jvm

APPLY = "`opskit rollout close-on-timeout apply`"


@control(
    "client-leaves-hung-nameserver",
    "clients",
    "high",
    "Every client leaves a nameserver that hangs.",
    rationale="Up to 4.9.0 a Java client stays with the nameserver that it chose for as long as the connection stands, "
    "and the connection to a process that hangs stands on. Its routes then grow old: it goes on sending to a broker "
    "that hung with the nameserver, and never hears of the one that took over. This made the incident last ten "
    "minutes.",
    looks_at="The client's class as each JVM holds it, its start options, and the report of opskit's agent where one "
    "is in the JVM. A JVM that is switched off by nothing but its own start option is told of by client-switched-off.",
    expects="The setting clientCloseSocketIfTimeout is in force in the running process, for the clients that live and "
    "for those to come.",
    remedy=f"See what would be done with `opskit rollout close-on-timeout preview`, then do it with {APPLY}; neither "
    "needs a new client, nor a restart where none is allowed.",
    references=("docs/rollout.md", "apache/rocketmq#2715", "apache/rocketmq#9290"),
)
def client_leaves_hung_nameserver(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, jvm: Jvm, facts: HostFacts, host: str) -> Outcome:
        proof = proof_of(jvm, facts)
        if proof.is_on:
            return holds(subject, host)
        if proof.verdict == "unknown":
            return unknown(subject, proof.why, host)
        if _is_off_by_property(jvm):
            return not_applicable(subject, "its own start option switches it off: see client-switched-off", host)
        return fails(
            subject, proof.why, host, evidence=tuple(client.jar for client in jvm.clients if client.state == "off")
        )

    yield from of_clients(cluster, evidence, judge)
    for host in client_hosts(cluster):
        facts = evidence.hosts.get(host)
        hidden = refusal(facts, *HIDDEN_JVMS) if facts and client_jvms(facts) else ""
        if hidden:
            yield unknown(host, f"others may be there: {hidden}", host)


@control(
    "client-switched-off",
    "clients",
    "high",
    "No client that would leave a hung nameserver was told to stay.",
    rationale="From 4.9.1 on a client leaves a nameserver that hangs, unless somebody switches that off by a system "
    "property. Such an option outlives the reason for it, and brings the incident back into a release that has it "
    "solved.",
    looks_at=f"The property {PROPERTY} in the start options of each JVM whose client reads it, and the report of "
    "opskit's agent where one is in the JVM.",
    expects="The property is not given, or true; or opskit's agent has switched it on in the running process.",
    remedy=f"Take -D{PROPERTY}=false out of the service's start options (JAVA_TOOL_OPTIONS included) and restart it. "
    "Until then `opskit rollout close-on-timeout apply` switches it on in the running process, where the inventory "
    "says way: live-flip and mode: every.",
    references=("docs/rollout.md",),
)
def client_switched_off(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, jvm: Jvm, facts: HostFacts, host: str) -> Outcome:
        if jvm.unread:
            return unknown(subject, jvm.unread, host)
        readers = [client for client in jvm.clients if client.state == "property"]
        if not readers:
            return not_applicable(subject, "no client in it reads the property: it came with 4.9.1", host)
        if jvm.options.property != "false":
            return holds(subject, host)
        proof = proof_of(jvm, facts)
        if proof.is_on:
            return holds(subject, host)
        if proof.verdict == "unknown":
            return unknown(subject, f"its property says false, and {proof.why}", host)
        releases = ", ".join(sorted({client.release or "of an unknown release" for client in readers}))
        return fails(
            subject, f"its client {releases} was started with -D{PROPERTY}=false", host, evidence=(f"-D{PROPERTY}",)
        )

    yield from of_clients(cluster, evidence, judge)


@control(
    "client-restart-pending",
    "clients",
    "low",
    "No client waits for a restart to take up the jar that lies on its disk.",
    rationale="A jar that was changed or replaced under a running JVM has no effect on it: the process holds the old "
    "one until it is started again, and looks mended on the disk in the meantime.",
    looks_at="The jars that each JVM holds open, beside the files that lie under their names now.",
    expects="No client that stays with a hung nameserver has one on the disk that would leave it.",
    remedy=f"Restart the service. {APPLY} does it where the inventory allows it, one host after the other.",
    references=("docs/rollout.md", "docs/jar-patch.md"),
)
def client_restart_pending(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, jvm: Jvm, _facts: HostFacts, host: str) -> Outcome:
        if jvm.unread and not jvm.clients:
            return unknown(subject, jvm.unread, host)
        if not jvm.is_pending:
            return holds(subject, host)
        jars = tuple(client.jar for client in jvm.clients if client.state == "off")
        return fails(
            subject, "the jar on its disk leaves a hung nameserver, the one it holds does not", host, evidence=jars
        )

    yield from of_clients(cluster, evidence, judge)


@control(
    "client-stuck-now",
    "clients",
    "critical",
    "No client waits for a nameserver that does not answer it.",
    rationale="This is the incident while it happens: the client asks its nameserver, hears nothing, and does not "
    "leave. Its routes are as old as the last answer. The kernel of the hung host still acknowledges, so neither "
    "queues nor the state of the connection show it.",
    looks_at="The age of the last data each way on every connection from a client JVM to a nameserver's port.",
    expects="Each question is answered: no data was sent more than 5 s after the last that came in, and has waited for "
    "1 s.",
    remedy="First `opskit status`: it names the nameserver that hangs. Then cut the client loose, in its network "
    "namespace: `ss -K dst NAMESERVER dport = :9876`. Then `opskit rollout close-on-timeout apply`, so that it does "
    "not come back.",
    references=("docs/discovery.md", "docs/rollout.md"),
)
def client_stuck_now(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    ports = {str(nameserver.port) for nameserver in cluster.nameservers}

    def judge(subject: str, jvm: Jvm, _facts: HostFacts, host: str) -> Outcome:
        stuck = [flow for flow in jvm.flows if flow.stuck and flow.peer.rpartition(":")[2] in ports]
        if stuck:
            return fails(subject, "; ".join(map(_waits, stuck)), host, evidence=tuple(flow.peer for flow in stuck))
        if jvm.unread and not jvm.flows:
            return unknown(subject, f"its connections could not be seen: {jvm.unread}", host)
        return holds(subject, host)

    yield from of_clients(cluster, evidence, judge)


def _is_off_by_property(jvm: Jvm) -> bool:
    """Whether its own property alone keeps it: no client in it is off by its class."""
    states = {client.state for client in jvm.clients}
    return jvm.options.property == "false" and "property" in states and "off" not in states


def _waits(flow: Flow) -> str:
    age = "" if flow.received_ms is None else f" for {flow.received_ms / 1000:.0f} s"
    return f"it has heard nothing from {flow.peer}{age}, and asked since"
