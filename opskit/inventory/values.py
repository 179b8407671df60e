"""The variables of each host, checked against the table: typed values out, and a finding for each that is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from opskit.finding import Finding
from opskit.inventory import kinds
from opskit.inventory.declaration import PREFIXES, Declaration, DeclaredHost
from opskit.inventory.variables import VARIABLES, Variable


@dataclass(frozen=True)
class Values:
    """Typed values per host, with defaults filled in; cluster-wide ones stand once."""

    cluster: dict[str, Any]
    hosts: dict[str, dict[str, Any]]


def read_values(declaration: Declaration) -> tuple[Values, list[Finding]]:
    """Every variable of the table for every host, and what is unknown, of the wrong type, missing or contradictory."""
    findings = [finding for host in declaration.hosts for finding in _unknown(host)]
    declared: dict[str, dict[str, Any]] = {host.name: {} for host in declaration.hosts}
    failed: set[str] = set()
    for host in declaration.hosts:
        for name, value in host.variables.items():
            if name not in VARIABLES or value is None:
                continue
            try:
                declared[host.name][name] = VARIABLES[name].kind.parse(value)
            except ValueError as error:
                failed.add(name)
                findings.append(_wrong_type(host, VARIABLES[name], value, error))
    for variable in VARIABLES.values():
        if variable.name not in failed:
            findings += _missing(declaration, variable, declared)
        if variable.scope == "cluster":
            findings += _differing(declaration, variable, declared)
    cluster = {
        variable.name: next(
            (values[variable.name] for values in declared.values() if variable.name in values), variable.default
        )
        for variable in VARIABLES.values()
        if variable.scope == "cluster"
    }
    per_host = {name: variable.default for name, variable in VARIABLES.items() if variable.scope == "host"}
    return Values(cluster, {host: per_host | values for host, values in declared.items()}), findings


def _unknown(host: DeclaredHost) -> Iterator[Finding]:
    for name in host.variables:
        if name.startswith(PREFIXES) and name not in VARIABLES:
            near = get_close_matches(name, VARIABLES, n=1, cutoff=0.6)
            yield Finding(
                rule="unknown-variable",
                severity="error",
                subject=name,
                sentence=f"{name} is no variable of opskit" + (f"; did you mean {near[0]}?" if near else ""),
                remedy="Correct the name; docs/variables.md lists all. Own variables take another prefix.",
                origin=host.origin(name),
            )


def _wrong_type(host: DeclaredHost, variable: Variable, value: Any, error: ValueError) -> Finding:
    wrong = f" is not {variable.kind.expects}" if variable.secret else str(error)
    quote = "Put it in quotes" if variable.kind.ansible == "str" and isinstance(value, int | float) else "Correct it"
    return Finding(
        rule="wrong-type",
        severity="error",
        subject=variable.name,
        sentence=f"{variable.name}{wrong}",
        remedy=f"{quote}; for example {variable.name}: {variable.example}",
        origin=host.origin(variable.name),
    )


def _missing(declaration: Declaration, variable: Variable, declared: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    concerned = [host for host in declaration.hosts if variable.is_required(host.groups)]
    without = [host.name for host in concerned if variable.name not in declared[host.name]]
    if not without or (variable.scope == "cluster" and len(without) < len(concerned)):
        return
    where = "anywhere" if len(without) == len(concerned) > 1 else "for " + _few(without)
    yield Finding(
        rule="missing-variable",
        severity="error",
        subject=variable.name,
        sentence=f"{variable.name} is not set {where}",
        remedy=f"Set it, for example {variable.name}: {variable.example}",
        origin=declaration.host(without[0]).origin(variable.name),
    )


def _differing(declaration: Declaration, variable: Variable, declared: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """A cluster-wide variable has one value; the host that departs from the first is named."""
    setters = [host for host in declaration.hosts if variable.name in declared[host.name]]
    first, others = setters[:1], setters[1:]
    for host in others:
        one, other = declared[first[0].name][variable.name], declared[host.name][variable.name]
        if one != other:
            values = "" if variable.secret else f": {kinds.shown(one)} on {first[0].name}, {kinds.shown(other)}"
            yield Finding(
                rule="cluster-wide-variable-differs",
                severity="error",
                subject=variable.name,
                sentence=f"{variable.name} has one value for the whole cluster, but differs{values} on {host.name}",
                remedy="Set it once, in group_vars/all.yml.",
                origin=host.origin(variable.name),
            )
            return


def _few(hosts: list[str]) -> str:
    return ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")
