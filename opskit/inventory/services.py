"""What an operator says about the services that hold RocketMQ clients: the entries of `opskit_clients`."""

import re
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, TypeAdapter, field_validator

from opskit.inventory.kinds import Entries, Kind

Way = Literal["auto", "live-flip", "agent-at-start", "jar-patch", "property", "upgrade", "leave"]
Mode = Literal["nameserver", "every"]

_GLOB = re.compile(r"\S+")


class Service(BaseModel):
    """One entry: whom it is about, and what is wanted for them.

    unit, container and main are globs; all that are given must match, and an entry without any is about every JVM.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: StrictStr | None = None
    """Of the systemd unit, with or without its suffix."""
    container: StrictStr | None = None
    """Of the container's id."""
    main: StrictStr | None = None
    """Of the main class, or the file name of the jar that java was started with."""
    restart: StrictBool = False
    """Whether the unit may be restarted by a rollout."""
    restart_seconds: float = Field(default=120.0, gt=5, le=3600)
    """Within which a restarted unit must be up, steady and well."""
    way: Way = "auto"
    mode: Mode = "nameserver"
    """Which connections are closed when a call over them times out: the nameservers' only, or every one."""
    latency_fault: StrictBool = False
    """Whether the agent also switches on sendLatencyFaultEnable in producers."""
    health: StrictStr | None = None
    """Shell command on the host; it fails where the service is not well."""

    @field_validator("unit", "container", "main")
    @classmethod
    def _says_something(cls, value: str | None) -> str | None:
        if value is not None and not _GLOB.fullmatch(value):
            raise ValueError("not a glob")
        return value

    def is_about(self, unit: str | None, container: str | None, main: str | None) -> bool:
        """Whether a JVM with this unit, container and main class is meant."""
        wanted = ((self.unit, unit), (self.container, container), (self.main, main))
        return all(glob is None or _matches(glob, found) for glob, found in wanted)


def service_for(services: tuple[Service, ...], unit: str | None, container: str | None, main: str | None) -> Service:
    """The first entry about such a JVM; the defaults where there is none."""
    return next((service for service in services if service.is_about(unit, container, main)), Service())


def _matches(glob: str, found: str | None) -> bool:
    if found is None:
        return False
    return fnmatchcase(found, glob) or fnmatchcase(found.removesuffix(".service"), glob)


_EXPECTS = {
    "unit": "a glob such as orders-*.service",
    "container": "a glob of container ids",
    "main": "a glob of main classes or jar names",
    "restart": "true or false",
    "restart_seconds": "a number of seconds above 5, 3600 at the most",
    "latency_fault": "true or false",
    "way": "one of auto, live-flip, agent-at-start, jar-patch, property, upgrade, leave",
    "mode": "one of nameserver, every",
    "health": "a shell command",
}


SERVICES: Kind = Entries(
    "list of services",
    "list",
    f"a list of mappings with some of {', '.join(_EXPECTS)}",
    TypeAdapter(list[Service]),
    thing="service",
    keys=_EXPECTS,
)
