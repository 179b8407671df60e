"""The result of `opskit plan` as report shapes."""

from collections.abc import Iterator

from opskit.finding import Finding
from opskit.plan.result import PlanResult
from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table


def present(plan: PlanResult) -> Iterator[Shape]:
    """Placement first, then what is wrong with it, then one sentence that says whether it holds."""
    if plan.cluster is not None:
        yield Heading(f"Cluster {plan.cluster} ({plan.environment})")
        yield _placement(plan)
    if plan.findings:
        yield Heading("Findings")
        yield from _findings(plan.findings)
    yield Heading("Verdict")
    yield _verdict(plan)


def _placement(plan: PlanResult) -> Table:
    racks = any(server.rack for server in plan.servers)
    servers = (
        (
            server.host,
            server.broker_role.lower().replace("_", " ") if server.broker_role else server.role,
            f"{server.broker_name} id {server.broker_id}" if server.broker_name else "",
            server.address,
            server.release,
            *((server.rack or "",) if racks else ()),
        )
        for server in plan.servers
    )
    clients = (
        (client.host, "client", "", client.address, ", ".join(client.releases), *(("",) if racks else ()))
        for client in plan.clients
    )
    columns = ("host", "runs", "broker", "address", "release", *(("rack",) if racks else ()))
    return Table(columns, (*servers, *clients))


def _findings(findings: tuple[Finding, ...]) -> Iterator[Shape]:
    marks: dict[str, Mark] = {"error": "bad", "warning": "warn"}
    yield Table(
        ("severity", "rule", "what is wrong", "what to do"),
        tuple(
            (
                Cell(finding.severity, marks[finding.severity]),
                finding.rule,
                f"{finding.sentence}\n{finding.origin}",
                finding.remedy,
            )
            for finding in findings
        ),
    )


def _verdict(plan: PlanResult) -> Sentence:
    warnings = f"{plan.warnings} warning{'' if plan.warnings == 1 else 's'}"
    if plan.errors:
        errors = f"{plan.errors} error{'' if plan.errors == 1 else 's'}"
        return Sentence(f"The plan is rejected: {errors}, {warnings}. Nothing was touched.", "bad")
    if plan.warnings:
        return Sentence(f"The plan holds, with {warnings}. No host was contacted.", "warn")
    return Sentence("The plan holds. No host was contacted.", "good")
