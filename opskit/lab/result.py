"""What the lab is: the JSON contract opskit/lab/1."""

from typing import Literal

from pydantic import Field

from opskit.inventory.cluster import Frozen

ContainerState = Literal["running", "paused", "stopped", "absent"]
Change = Literal["created", "replaced", "started", "unpaused", "kept"]


class LabHost(Frozen):
    """One host of the lab.

    systemd: what `systemctl is-system-running` says ("running", "degraded", "starting", …); None where it cannot be
    asked. failed_units: what makes it degraded. change: what `lab up` did to it.
    """

    name: str
    container: str
    address: str
    state: ContainerState
    systemd: str | None = None
    failed_units: tuple[str, ...] = ()
    uptime_seconds: float | None = None
    change: Change | None = None

    @property
    def is_up(self) -> bool:
        return self.state == "running" and self.systemd == "running"


class LabReport(Frozen):
    """seconds: how long `lab up` took; removed: hosts that the inventory no longer holds."""

    schema_: Literal["opskit/lab/1"] = Field(default="opskit/lab/1", alias="schema")
    name: str
    overlay: str | None
    subnet: str | None = None
    image: str | None = None
    hosts: tuple[LabHost, ...]
    removed: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def is_up(self) -> bool:
        return bool(self.hosts) and all(host.is_up for host in self.hosts)
