"""What `lab up` has to do: hosts wanted and containers found in, steps out. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from opskit.errors import OpskitError

FIRST_ADDRESS = 10
"""Offset in the subnet of the first host; the gateway and what podman may take lie below."""

Deed = Literal["create", "replace", "start", "unpause", "keep", "remove"]
DEEDS: dict[str, Deed] = {
    "running": "keep",
    "paused": "unpause",
    "created": "start",
    "configured": "start",
    "initialized": "start",
    "exited": "start",
    "stopped": "start",
}
"""By the state that podman gives a container; any other (removing, stopping, unknown) is replaced."""


@dataclass(frozen=True)
class Container:
    """A container of this lab. key: fingerprint of the public key it lets in. started: Unix seconds."""

    host: str
    name: str
    state: str
    address: IPv4Address
    key: str
    folder: str
    image: str = ""
    started: float = 0.0


@dataclass(frozen=True)
class Step:
    deed: Deed
    host: str
    address: IPv4Address


def steps(wanted: Sequence[str], found: Sequence[Container], subnet: IPv4Network, key: str) -> tuple[Step, ...]:
    """One step for each host wanted or found, removals first.

    A container keeps its address for its life. One that lets another key in, or lies outside the subnet, is of a lab
    that was torn down half: it is replaced.
    """
    usable = {one.host: one for one in found if one.key == key and one.address in subnet and one.state in DEEDS}
    gone = [Step("remove", one.host, one.address) for one in found if one.host not in wanted]
    free = _free(subnet, {one.address for host, one in usable.items() if host in wanted})
    known = {one.host for one in found}

    def step(host: str) -> Step:
        if host in usable:
            return Step(DEEDS[usable[host].state], host, usable[host].address)
        return Step("replace" if host in known else "create", host, next(free))

    return (*gone, *(step(host) for host in wanted))


def _free(subnet: IPv4Network, taken: set[IPv4Address]) -> Iterator[IPv4Address]:
    for offset in range(FIRST_ADDRESS, subnet.num_addresses - 1):
        if (address := subnet[offset]) not in taken:
            yield address
    raise OpskitError(
        f"the lab's network {subnet} has no address left",
        remedy="Use fewer hosts, or let podman give larger subnets (default_subnet_pools in containers.conf).",
    )
