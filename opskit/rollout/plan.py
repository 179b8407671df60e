"""What is to be done with one JVM, with its account."""

from typing import Literal

from opskit.inventory.services import Mode
from opskit.observe.model import Shape
from opskit.rollout.prices import Way

Restart = Literal["none", "rolling", "next-restart"]


class Plan(Shape):
    """restart: what puts it in force: none (now), rolling (opskit restarts the unit), next-restart (whoever does).

    then: what is prepared for the next restart beside it. remedy: what the operator can do where opskit cannot.
    command: what is done, as one would write it down.
    """

    way: Way
    restart: Restart = "none"
    mode: Mode | None = None
    latency_fault: bool = False
    then: Way | None = None
    reason: str
    cost: str = ""
    effect: str = ""
    price: str = ""
    remedy: str = ""
    command: str = ""
