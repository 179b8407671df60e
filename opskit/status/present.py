"""The result of `opskit status` as report shapes."""

from collections.abc import Iterator

from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table
from opskit.rocketmq.answers import WRITABLE
from opskit.status.pairs import IN_SYNC_BYTES, size
from opskit.status.result import BrokerStatus, Server, StatusReport

WORDS = {
    "healthy": "healthy",
    "refused": "refuses connections",
    "unreachable": "unreachable",
    "silent": "accepts connections but does not answer",
    "error": "answers with an error",
}


def present(report: StatusReport) -> Iterator[Shape]:
    """Nameservers, brokers, what does not hold with what to do, and one sentence that sums it up."""
    yield Heading(f"Cluster {report.cluster}")
    yield Table(
        ("nameserver", "address", "state", "release", "knows", "answered in"),
        tuple(
            (server.host, server.address, _state(server), _release(server), _knows(server.brokers, report), _ms(server))
            for server in report.nameservers
        ),
    )
    yield Table(
        (
            "broker",
            "pair",
            "address",
            "state",
            "release",
            "permission",
            "registered with",
            "behind",
            "put/s",
            "answered in",
        ),
        tuple(_broker(broker, report) for broker in report.brokers),
    )
    for finding in report.findings:
        yield Sentence(finding.sentence, "bad" if finding.severity == "error" else "warn")
        yield Sentence(f"  {finding.remedy}", "dim")
    yield _verdict(report)


def _broker(broker: BrokerStatus, report: StatusReport) -> tuple[Cell | str, ...]:
    permission, known = broker.permission, len(broker.registered_with)
    asked = sum(nameserver.brokers is not None for nameserver in report.nameservers)
    behind = "" if broker.behind_bytes is None else size(max(0, broker.behind_bytes))
    return (
        broker.host,
        f"{broker.broker_name} id {broker.broker_id} {broker.role.lower().replace('_', ' ')}",
        broker.address,
        _state(broker),
        _release(broker),
        "?" if permission is None else Cell(str(permission), "plain" if permission == WRITABLE else "bad"),
        Cell(f"{known} of {asked}", "plain" if known == asked else "bad") if asked else "?",
        Cell(behind, "plain" if (broker.behind_bytes or 0) <= IN_SYNC_BYTES else "warn"),
        "" if broker.put_tps is None else f"{broker.put_tps:.1f}",
        _ms(broker),
    )


def _state(server: Server) -> Cell:
    return Cell(WORDS[server.state], "good" if server.state == "healthy" else "bad")


def _release(server: Server) -> Cell | str:
    if server.release is None:
        return "?"
    return Cell(server.release, "plain" if server.release == server.declared_release else "bad")


def _knows(brokers: dict[str, str] | None, report: StatusReport) -> Cell | str:
    if brokers is None:
        return "?"
    known = sum(f"{broker.broker_name} id {broker.broker_id}" in brokers for broker in report.brokers)
    return Cell(f"{known} of {len(report.brokers)}", "plain" if known == len(report.brokers) else "bad")


def _ms(server: Server) -> str:
    return f"{server.seconds * 1000:.0f} ms" if server.state in ("healthy", "error") else "-"


def _verdict(report: StatusReport) -> Sentence:
    servers = (*report.nameservers, *report.brokers)
    if report.judgement == "unjudged":
        return Sentence(f"Nothing can be said: none of the {len(servers)} servers could be reached.", "bad")
    healthy = sum(server.state == "healthy" for server in servers)
    told = f"{healthy} of {len(servers)} servers healthy"
    errors = sum(finding.severity == "error" for finding in report.findings)
    warnings = len(report.findings) - errors
    told += f", {warnings} warning{'' if warnings == 1 else 's'}" if warnings else ""
    if report.judgement == "fails":
        return Sentence(
            f"The cluster is not as declared: {told}, {errors} thing{'' if errors == 1 else 's'} to mend.", "bad"
        )
    mark: Mark = "warn" if warnings else "good"
    return Sentence(f"The cluster is as declared: {told}, all nameservers agree.", mark)
