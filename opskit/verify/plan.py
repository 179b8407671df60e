"""What a drill would do, before any host is asked: guard rails that need no connection, and the dry run. Pure."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.errors import OpskitError
from opskit.inventory.cluster import Cluster, Frozen
from opskit.report.shapes import Heading, Sentence, Shape, Table
from opskit.verify.options import (
    Options,
    Traffic,
    fresh_interval_seconds,
    hold_seconds,
    interval_seconds,
    limits,
    route_interval_seconds,
    settle_seconds,
)
from opskit.verify.request import fault_request, words_of
from opskit.verify.scenario import choose


class HostCommands(Frozen):
    """What is done on one victim, as a person would type it."""

    host: str
    arm: tuple[str, ...]
    inject: tuple[str, ...]
    undo: tuple[str, ...]


class DrillPlan(BaseModel):
    """The result of --dry-run. windows: path → seconds; the rest in seconds."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/verify-plan/1"] = Field(default="opskit/verify-plan/1", alias="schema")
    cluster: str
    scenario: str
    fault: str
    windows: dict[str, float]
    hold_seconds: float
    settle_seconds: float
    thaw_seconds: float
    """No window after the thaw is narrower."""
    interval_seconds: float
    route_interval_seconds: float
    fresh_interval_seconds: float
    clients: tuple[str, ...]
    """HOST/RELEASE of each probe."""
    victims: tuple[HostCommands, ...]
    traffic: Traffic = "all"


def plan(cluster: Cluster, options: Options) -> DrillPlan:
    """Raises OpskitError (exit 2) for a drill that must not or cannot be made."""
    if not cluster.clients:
        raise OpskitError(
            "no client host: a drill needs real clients under traffic",
            where=cluster.name,
            remedy="Add a host to the group clients; opskit deploy puts the probe on it.",
        )
    targets = choose(cluster, options.scenario, options.victims)
    limited = limits(cluster, options, targets)
    hold = hold_seconds(options, limited)
    requests = [fault_request(cluster, options.fault, target, "DRILL", hold) for target in targets]
    return DrillPlan(
        cluster=cluster.name,
        scenario=options.scenario,
        fault=options.fault,
        windows=limited.windows,
        hold_seconds=hold,
        settle_seconds=settle_seconds(cluster, options, limited)[1],
        thaw_seconds=limited.thaw_seconds,
        traffic=options.traffic,
        interval_seconds=interval_seconds(options, limited),
        route_interval_seconds=route_interval_seconds(options, limited),
        fresh_interval_seconds=fresh_interval_seconds(limited),
        clients=tuple(f"{client.host.name}/{release}" for client in cluster.clients for release in client.releases),
        victims=tuple(HostCommands(host=request["subject"], **words_of(request)) for request in requests),
    )


def present_plan(planned: DrillPlan) -> Iterator[Shape]:
    """For the terminal."""
    hosts = ", ".join(victim.host for victim in planned.victims)
    yield Sentence(f"{planned.scenario}, {planned.fault}: {hosts} would hang for {planned.hold_seconds:g} s")
    yield Sentence(
        f"Probes: {', '.join(planned.clients)}; an operation of each path every "
        f"{planned.interval_seconds:g} s, on for {planned.settle_seconds:g} s at most after the undo"
    )
    yield Table(("path", "window"), tuple((path, f"{limit:g} s") for path, limit in planned.windows.items()))
    for victim in planned.victims:
        yield Heading(victim.host)
        steps = (("arm the undo", victim.arm), ("inject", victim.inject), ("undo", victim.undo))
        yield Table(("step", "command"), tuple((step, command) for step, words in steps for command in words))
    yield Sentence("Nothing was touched.", "dim")
