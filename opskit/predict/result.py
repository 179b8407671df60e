"""What is predicted for one path of one client release."""

from opskit.inventory.cluster import Frozen


class Term(Frozen):
    """One timer of the sum. source: the setting, with the class and release that hold its value."""

    name: str
    seconds: float
    source: str


class Prediction(Frozen):
    """The longest time to recover that the timers allow; seconds null: no timer ends it, it lasts as long as the fault.

    client: release of the client, with the settings that matter, in words. sentence: the reason, for a person.
    """

    path: str
    client: str
    seconds: float | None
    terms: tuple[Term, ...] = ()
    sentence: str
