"""All that one audit saw: what the controls judge. JSON in, JSON out, so that a case is a file."""

from datetime import datetime
from typing import Literal

from opskit.observe.facts import HostFacts
from opskit.observe.model import Shape
from opskit.observe.peers import Told
from opskit.reach.sweep import Outcome as SweepOutcome

ServerState = Literal["healthy", "refused", "unreachable", "silent", "error"]


class Unseen(Shape):
    """A host that did not tell, and why."""

    outcome: SweepOutcome
    error: str


class NameserverSeen(Shape):
    """One nameserver as it answered.

    view: broker name → id → address, of this cluster; None where it did not answer. settings: in force (319).
    """

    state: ServerState
    detail: str = ""
    seconds: float = 0.0
    release: str | None = None
    view: dict[str, dict[int, str]] | None = None
    settings: dict[str, str] | None = None
    settings_error: str = ""


class BrokerSeen(Shape):
    """One broker as it answered. settings: in force (26), secrets masked; topics: name → perm; groups: of consumers
    (201); clients: as 203, 204 and 328 name them. …_error: why there is none. slaves_in_sync: of a master on 5.x.
    behind_bytes: of a slave, what its master has and it has not.
    """

    state: ServerState
    detail: str = ""
    seconds: float = 0.0
    release: str | None = None
    settings: dict[str, str] | None = None
    settings_error: str = ""
    topics: dict[str, int] | None = None
    topics_error: str = ""
    groups: tuple[str, ...] | None = None
    groups_error: str = ""
    clients: tuple[Told, ...] = ()
    clients_error: str = ""
    slaves_in_sync: int | None = None
    behind_bytes: int | None = None


class DrillSeen(Shape):
    """A drill that is over. topology: its servers as "component host release", sorted; client_releases: that probed."""

    run: str
    at: datetime
    judgement: Literal["holds", "fails", "unjudged"]
    undo: str = ""
    scenario: str = ""
    fault: str = ""
    window_seconds: float | None = None
    topology: tuple[str, ...] = ()
    client_releases: tuple[str, ...] = ()


class Evidence(Shape):
    """By host name. A declared host is in `hosts` or in `unseen`; a declared server always has its entry."""

    at: datetime
    hosts: dict[str, HostFacts]
    unseen: dict[str, Unseen]
    nameservers: dict[str, NameserverSeen]
    brokers: dict[str, BrokerSeen]
    bundles: dict[str, str]
    """Release → folder name of its server bundle, of those that the controller knows; units start from there."""
    owners: dict[str, str]
    """IP address → host of the inventory, as the controller resolves it."""
    drills: tuple[DrillSeen, ...] = ()
    """Newest first."""
    drills_unreadable: tuple[str, ...] = ()
