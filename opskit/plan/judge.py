"""Everything that is judged before any host is touched: variables, groups, topology, settings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opskit.errors import OpskitError
from opskit.finding import Finding
from opskit.inventory import topology
from opskit.inventory.build import build
from opskit.inventory.cluster import Broker, Cluster, Controller, Nameserver
from opskit.inventory.declaration import Declaration
from opskit.inventory.load import load
from opskit.rocketmq.settings import Component, check


@dataclass(frozen=True)
class Judged:
    """A declaration with its findings, errors first; cluster is None where the variables make none."""

    sources: tuple[Path, ...]
    cluster: Cluster | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "warning")


def judge(declaration: Declaration) -> Judged:
    """Topology and settings are judged once the variables make a cluster. Pure."""
    cluster, findings = build(declaration)
    if cluster is not None:
        placed = (_located(finding, declaration) for finding in topology.judge(cluster))
        findings = (*findings, *placed, *_settings(cluster, declaration))
    once = dict.fromkeys(findings)
    return Judged(declaration.sources, cluster, tuple(sorted(once, key=lambda finding: finding.severity != "error")))


def _located(finding: Finding, declaration: Declaration) -> Finding:
    """A topology finding with the place of the host or group it is about."""
    return finding.model_copy(update={"origin": declaration.where(finding.subject)})


def _settings(cluster: Cluster, declaration: Declaration) -> Iterator[Finding]:
    """The settings of every server, against the tables of its release."""
    members: tuple[tuple[Component, tuple[Nameserver | Broker | Controller, ...]], ...] = (
        ("nameserver", cluster.nameservers),
        ("broker", cluster.brokers),
        ("controller", cluster.controllers),
    )
    for component, servers in members:
        for server in servers:
            host = declaration.host(server.host.name)
            origin = host.origin(f"rocketmq_{component}_settings")
            for finding in check(component, server.release, server.settings, origin):
                unknown = finding.rule == "release-unknown"
                yield finding.model_copy(update={"origin": host.origin("rocketmq_release")}) if unknown else finding


def accept(sources: Sequence[Path], vault_password_files: Sequence[Path] = ()) -> tuple[Cluster, tuple[Finding, ...]]:
    """The cluster that the inventories declare, and the warnings to show.

    For every verb that goes on from a sound inventory. Raises OpskitError (exit 2) that lists each error finding.
    """
    judged = judge(load(sources, vault_password_files))
    if judged.cluster is None or judged.errors:
        raise rejection(judged.errors)
    return judged.cluster, judged.warnings


def rejection(errors: Sequence[Finding]) -> OpskitError:
    """One error finding as the error it is; several as a list under one sentence."""
    if len(errors) == 1:
        finding = errors[0]
        return OpskitError(
            f"{finding.sentence} [{finding.rule}]", where=finding.origin or finding.subject, remedy=finding.remedy
        )
    lines = (f"{finding.origin or finding.subject}: {finding.sentence} [{finding.rule}]" for finding in errors)
    return OpskitError(f"the inventory has {len(errors)} errors", remedy="\n  ".join(lines))
