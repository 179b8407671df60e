"""Family host: ACL and TLS where they are declared, and releases that get fixes."""

from collections.abc import Iterator

from opskit.compliance.control import Outcome, control, fails, holds, not_applicable, unknown
from opskit.compliance.controls.subjects import HIDDEN_SERVERS, brokers_in, of_servers, process_of, refusal, unit_of
from opskit.compliance.evidence import Evidence
from opskit.inventory.cluster import Cluster, Server
from opskit.observe.facts import HostFacts
from opskit.onhost.masking import MASK
from opskit.rocketmq.releases import SUPPORTED, numbers

ACL = "aclEnable"
AUTH = ("authenticationEnabled", "authorizationEnabled")
ACL_UNREAD = (5, 3, 3)
"""From here on nothing reads aclEnable any more (BrokerConfig has its setter left)."""
TLS_OPTION, TLS_SETTING = "-Dtls.", "useTLS"


@control(
    "acl-in-force",
    "host",
    "high",
    "Brokers check who asks, where the inventory says so.",
    rationale="A broker that was restarted with another file, or whose release reads another switch, serves everybody "
    "and refuses nobody: no client notices. From 5.3.3 on nothing reads aclEnable any more, so an upgrade alone opens "
    "the cluster.",
    looks_at="The switches aclEnable, authenticationEnabled and authorizationEnabled in each broker's settings and "
    "opskit's own keys (opskit_acl) in the inventory, beside the settings in force (request 26). Which users and "
    "rights there are is not looked at.",
    expects="Each switch that is declared is true in force; where opskit signs its requests, at least one is.",
    remedy="Run `opskit deploy`, which lays the file down and restarts the broker after a drain. From 5.3.3 on set "
    "authenticationEnabled and authorizationEnabled in rocketmq_broker_settings instead of aclEnable.",
    references=("docs/settings.md",),
)
def acl_in_force(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    if not cluster.brokers:
        yield not_applicable("cluster", "no broker is declared")
    for broker in brokers_in(cluster):
        yield _acl(cluster, broker, evidence)


@control(
    "tls-in-force",
    "host",
    "medium",
    "Servers speak TLS as the inventory declares it.",
    rationale="TLS of RocketMQ is a matter of system properties at the start, which no admin request shows: a server "
    "that was started by hand, or before they were declared, speaks plain text and says nothing. Clients of a server "
    "with tls.server.mode=permissive, the default, may do so all the time.",
    looks_at="Options -Dtls.… among the declared JVM options beside the options of the running process, and useTLS in "
    "a broker's declared settings beside those in force. Certificates are not looked at.",
    expects="Each declared option was given to the process that runs, and useTLS is in force.",
    remedy="Run `opskit deploy`, which lays down the unit and restarts the server.",
    references=("docs/settings.md",),
)
def tls_in_force(cluster: Cluster, evidence: Evidence) -> Iterator[Outcome]:
    def judge(subject: str, server: Server, facts: HostFacts) -> Outcome:
        host, declared = server.host.name, _tls_options(server)
        process = process_of(server, facts)
        if declared and process is None:
            return unknown(subject, refusal(facts, *HIDDEN_SERVERS) or "it does not run", host)
        missing = [one.partition("=")[0] for one in declared if process and not _is_given(one, process.options)]
        if missing:
            return fails(subject, f"it runs without {', '.join(missing)} as declared", host, evidence=tuple(missing))
        return (
            _use_tls(subject, server, evidence) if _is_true(server.settings.get(TLS_SETTING)) else holds(subject, host)
        )

    for server in cluster.servers:
        host = server.host.name
        if _tls_options(server) or _is_true(server.settings.get(TLS_SETTING)):
            yield from of_servers([server], evidence, judge)
        else:
            yield not_applicable(f"{host} {unit_of(server)}", "the inventory declares no TLS for it", host)


@control(
    "release-supported",
    "host",
    "low",
    "The servers' release still gets fixes, and opskit knows it.",
    rationale="The 4.x line gets necessary fixes only, and not all of them: that of issue 7056 is in 5.1.4 and was not "
    "brought to 4.9.8. What bounds a recovery best came with 5.x, such as enableSlaveActingMaster and a limit for each "
    "try of a send. Of a release without a table of settings opskit can check no setting.",
    looks_at="The releases that the inventory declares for the servers.",
    expects=f"A release of 5.x, and one of the releases whose settings opskit knows: {', '.join(SUPPORTED)}.",
    remedy="Change rocketmq_release and run `opskit deploy`: it rolls 4.8.0 to 5.4.0 in place, one server after the "
    "other. Old clients need no change for it.",
    references=("docs/deploy.md", "apache/rocketmq#7056", "apache/rocketmq#6389"),
)
def release_supported(cluster: Cluster, _evidence: Evidence) -> Iterator[Outcome]:
    running: dict[str, list[str]] = {}
    for server in cluster.servers:
        running.setdefault(server.release, []).append(server.host.name)
    if not running:
        yield not_applicable("cluster", "no server is declared")
    for release, hosts in sorted(running.items()):
        subject, where = f"release {release}", ", ".join(sorted(set(hosts)))
        if release not in SUPPORTED:
            yield fails(subject, f"opskit has no table of its settings; it is declared for {where}")
        elif numbers(release) < (5, 0, 0):
            yield fails(subject, f"the 4.x line gets necessary fixes only; it is declared for {where}")
        else:
            yield holds(subject)


def _acl(cluster: Cluster, broker: Server, evidence: Evidence) -> Outcome:
    host, seen = broker.host.name, evidence.brokers[broker.host.name]
    declared = [key for key in (ACL, *AUTH) if _is_true(broker.settings.get(key))]
    if not declared and not cluster.acl:
        return not_applicable(host, "the inventory declares no ACL", host)
    if seen.settings is None:
        return unknown(host, f"its settings in force are not known: {seen.settings_error or seen.detail}", host)
    read = [key for key in (ACL, *AUTH) if key != ACL or numbers(broker.release) < ACL_UNREAD]
    in_force = [key for key in read if _is_true(seen.settings.get(key))]
    unread = [f"{key} is declared, and nothing in {broker.release} reads it" for key in declared if key not in read]
    lost = [f"{key} is declared and not in force" for key in declared if key in read and key not in in_force]
    open_to_all = ["opskit signs its requests, and the broker checks nobody"] if not declared and not in_force else []
    wrong = [*unread, *lost, *open_to_all]
    if wrong:
        return fails(host, "; ".join(wrong), host, evidence=("request 26", *declared))
    return holds(host, host)


def _tls_options(server: Server) -> list[str]:
    return [option for option in server.jvm.options if option.startswith(TLS_OPTION)]


def _use_tls(subject: str, server: Server, evidence: Evidence) -> Outcome:
    host = server.host.name
    seen = evidence.brokers.get(host) if server.component == "broker" else evidence.nameservers.get(host)
    if seen is None or seen.settings is None:
        return unknown(subject, "its settings in force are not known", host)
    # a nameserver does not tell what it has as a client, so silence is no proof
    if TLS_SETTING not in seen.settings:
        return unknown(subject, f"it does not tell {TLS_SETTING} among its settings in force", host)
    if _is_true(seen.settings[TLS_SETTING]):
        return holds(subject, host)
    return fails(subject, f"{TLS_SETTING} is declared and not in force", host, evidence=(TLS_SETTING,))


def _is_given(option: str, given: tuple[str, ...]) -> bool:
    """Whether the process has it as its last word on that property; a masked value counts by its name."""
    name, _, value = option.partition("=")
    values = [text for key, _, text in (one.partition("=") for one in given) if key == name]
    return bool(values) and values[-1] in (value, MASK)


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
