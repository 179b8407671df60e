"""Everything that is judged before any host is touched: variables, groups, topology, settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opskit.errors import OpskitError
from opskit.finding import Finding
from opskit.inventory import topology
from opskit.inventory.build import build
from opskit.inventory.cluster import Cluster
from opskit.inventory.declaration import Declaration
from opskit.inventory.load import load


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
    """Topology is judged once the variables make a cluster. Pure."""
    cluster, findings = build(declaration)
    if cluster is not None:
        findings = (*findings, *(_located(finding, declaration) for finding in topology.judge(cluster)))
    once = dict.fromkeys(findings)
    return Judged(declaration.sources, cluster, tuple(sorted(once, key=lambda finding: finding.severity != "error")))


def _located(finding: Finding, declaration: Declaration) -> Finding:
    """A topology finding with the place of the host it is about, or the inventories."""
    places = {host.name: host.where for host in declaration.hosts}
    sources = ", ".join(str(source) for source in declaration.sources)
    return finding.model_copy(update={"origin": places.get(finding.subject, sources)})


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
