"""Every row judged before any is started: its inventory, its variables, its drill. No host is contacted."""

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opskit import paths
from opskit.errors import OpskitError
from opskit.experiment import overlay
from opskit.experiment.table import DrillRow, Experiment
from opskit.inventory.cluster import Cluster
from opskit.inventory.declaration import Declaration
from opskit.inventory.load import load
from opskit.plan.judge import judge, rejection
from opskit.verify.options import Options
from opskit.verify.plan import DrillPlan, plan
from opskit.verify.scenario import AUTO

CLIENT_SIDE = frozenset({"clients", "window_seconds", "windows"})
"""Fields of a cluster that lay down nothing on a server."""


@dataclass(frozen=True)
class Setup:
    """What a lab runs. servers: digest of the inventory and of all that servers get; clients: of the client jars."""

    servers: str
    clients: str


@dataclass(frozen=True)
class PreparedRow:
    """A row that can be made.

    definition: digest of everything that decides its result; cluster: without the lab's addresses.
    """

    row: DrillRow
    inventory: Path
    overlay: Mapping[Path, str]
    cluster: Cluster
    plan: DrillPlan
    setup: Setup
    definition: str

    @property
    def name(self) -> str:
        return self.row.name


def prepare(experiment: Experiment, file: Path) -> tuple[PreparedRow, ...]:
    """In the order of the file. Raises OpskitError (exit 2) that names file and row."""
    prepared, hosts = [], dict[Path, tuple[str, ...]]()
    with tempfile.TemporaryDirectory(prefix="opskit-experiment-") as scratch:
        for row in experiment.settled():
            folder = Path(scratch) / row.name
            try:
                inventory = locate(row.inventory or experiment.inventory, file)
                if inventory not in hosts:
                    hosts[inventory] = tuple(host.name for host in load([inventory]).hosts)
                prepared.append(_prepared(row, inventory, hosts[inventory], folder))
            except OpskitError as error:
                place = _of_row(error.where, row, folder)
                where = f"{file}, row {row.name}{place and f': {place}'}"
                raise OpskitError(error.what, where=where, remedy=error.remedy) from error
    return tuple(prepared)


def locate(name: str, file: Path) -> Path:
    """An inventory as a table names it: beside the file, else in opskit's checkout."""
    places = [folder / name for folder in (file.absolute().parent, paths.assets())]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise OpskitError(
            f"no such inventory: {name}",
            remedy=f"It was looked for as {' and '.join(map(str, dict.fromkeys(places)))}.",
        )
    return found


def options(row: DrillRow) -> Options:
    return Options(
        scenario=row.scenario,
        fault=row.fault,
        victims=row.victim,
        window=row.window,
        hold=row.hold,
        stable=row.stable,
        interval=row.interval,
        clients=row.clients,
    )


def arguments(row: DrillRow) -> tuple[str, ...]:
    """The same for the command line of `opskit verify failover`."""
    numbers = {
        "--window": row.window,
        "--hold": row.hold,
        "--stable": row.stable,
        "--interval": row.interval,
        "--clients": row.clients,
        "--repeat": row.repeat,
    }
    given = [word for name, value in numbers.items() if value is not None for word in (name, f"{value:g}")]
    victims = [word for victim in row.victim or (AUTO,) for word in ("--victim", victim)]
    return ("--scenario", row.scenario, "--fault", row.fault, *victims, *given)


def _prepared(row: DrillRow, inventory: Path, hosts: Sequence[str], folder: Path) -> PreparedRow:
    if strangers := sorted(row.hosts.keys() - set(hosts)):
        raise OpskitError(
            f"hosts: {inventory} has no host {', '.join(strangers)}", remedy=f"Its hosts are {', '.join(hosts)}."
        )
    texts = overlay.files(row, hosts)
    declaration = load([inventory, overlay.write(folder, texts)])
    judged = judge(declaration)
    if judged.cluster is None or judged.errors:
        own = (one.model_copy(update={"origin": _of_row(one.origin, row, folder)}) for one in judged.errors)
        raise rejection(tuple(dict.fromkeys(own)))
    cluster = judged.cluster
    if cluster.environment == "production":
        raise OpskitError(
            f"{inventory} is a production inventory",
            remedy="A lab is none: set opskit_environment: development in vars.",
        )
    return PreparedRow(
        row=row,
        inventory=inventory,
        overlay=texts,
        cluster=cluster,
        plan=plan(cluster, options(row)),
        setup=_setup(cluster, inventory),
        definition=_definition(row, declaration),
    )


def _setup(cluster: Cluster, inventory: Path) -> Setup:
    servers = cluster.model_dump(mode="json", exclude=set(CLIENT_SIDE))
    releases = [(client.host.name, client.releases) for client in cluster.clients]
    return Setup(_digest([str(inventory), servers]), _digest(releases))


def _definition(row: DrillRow, declaration: Declaration) -> str:
    """What is expected of a row, and what is said of it, may change without another drill."""
    drill = row.model_dump(mode="json", exclude={"name", "inventory", "vars", "hosts", "expect", "note"})
    hosts = [(host.name, sorted(host.groups), host.variables) for host in declaration.hosts]
    return _digest([drill, hosts])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _of_row(place: str, row: DrillRow, folder: Path) -> str:
    """A place in the row's overlay as one in the row; any other as it is."""
    found = re.match(rf"{re.escape(str(folder))}/host_vars/(.+?)\.yml(?::\d+)?:? ?(\w*)(.*)", place)
    if not found:
        return place
    host, variable, rest = found.groups()
    return f"{f'hosts.{host}' if variable in row.hosts.get(host, {}) else 'vars'}.{variable}{rest}"
