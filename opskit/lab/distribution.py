"""Which systems a lab host can be. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from opskit.errors import OpskitError


@dataclass(frozen=True)
class Distribution:
    """A Debian release. suite: its name in apt's sources; java: the package of the Java that comes with it."""

    name: str
    title: str
    suite: str
    java: str

    @property
    def suites(self) -> tuple[str, ...]:
        """The release itself, and what mends it."""
        return (self.suite, f"{self.suite}-updates", f"{self.suite}-security")


VARIABLE = "OPSKIT_LAB_DISTRIBUTION"
DEFAULT = Distribution("debian12", "Debian 12", "bookworm", "openjdk-17-jre-headless")
KNOWN: Mapping[str, Distribution] = {
    one.name: one for one in (DEFAULT, Distribution("debian13", "Debian 13", "trixie", "openjdk-21-jre-headless"))
}


def named(given: str) -> Distribution:
    """The distribution of this name. OpskitError (exit 2) where the lab knows no such one."""
    if given not in KNOWN:
        raise OpskitError(
            f"the lab knows no distribution {given!r}",
            where=f"--distribution or {VARIABLE}",
            remedy=f"Name one of {', '.join(KNOWN)}.",
        )
    return KNOWN[given]
