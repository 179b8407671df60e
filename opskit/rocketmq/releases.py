"""Releases of RocketMQ: their order, their ordinal on the wire, and what changed from one to the next."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Self

from opskit.errors import OpskitError

SUPPORTED = ("4.8.0", "4.9.7", "5.1.4", "5.3.3", "5.4.0")
"""Releases with a setting table in data/, oldest first."""

_PATTERN = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_FIRST_ORDINAL = {4: 213, 5: 413}
"""MQVersion ordinals of 4.0.0 and 5.0.0; 20 a minor release and 2 a patch follow (read from the enum of 5.4.0)."""

_OPENED_PACKAGES = ("sun.nio.ch", "jdk.internal.ref", "java.nio", "java.lang", "java.util", "sun.net.www.protocol.http")
_EXPORTED_PACKAGES = (*_OPENED_PACKAGES, "sun.security.x509", "sun.security.util")


@dataclass(frozen=True, order=True)
class Release:
    """A release, ordered by its numbers. str() gives it back as it is written: 5.4.0."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises OpskitError where the text is not three numbers."""
        numbers = _PATTERN.fullmatch(text)
        if numbers is None:
            raise OpskitError(f"{text!r} is no release of RocketMQ", remedy='Write its three numbers, such as "5.4.0".')
        return cls(*map(int, numbers.groups()))

    @classmethod
    def of_ordinal(cls, ordinal: int) -> Self | None:
        """The release that puts this version into its frames; None for snapshots and what is no release from 4.0.0 on.

        Only Java says the truth: the Go and C++ clients send the same ordinal in every release.
        """
        first_of_major = [(major, first) for major, first in _FIRST_ORDINAL.items() if first <= ordinal < first + 200]
        for major, first in first_of_major:
            minor, rest = divmod(ordinal - first, 20)
            if rest % 2 == 0:
                return cls(major, minor, rest // 2)
        return None

    @classmethod
    def name(cls, ordinal: int) -> str:
        """4.8.0 for 373; "MQVersion 372" for a snapshot or what is no release."""
        release = cls.of_ordinal(ordinal)
        return str(release) if release else f"MQVersion {ordinal}"

    @property
    def ordinal(self) -> int:
        """MQVersion ordinal. Raises ValueError where MQVersion has no place for the release."""
        if self.major not in _FIRST_ORDINAL or max(self.minor, self.patch) > 9:
            raise ValueError(f"MQVersion numbers no release {self}")
        return _FIRST_ORDINAL[self.major] + 20 * self.minor + 2 * self.patch

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@cache
def numbers(release: str) -> tuple[int, int, int]:
    """(5, 4, 0) for "5.4.0". Raises OpskitError where it is no release."""
    parsed = Release.parse(release)
    return parsed.major, parsed.minor, parsed.patch


def needs_logback_files(release: str) -> bool:
    """Whether a server exits with -1 unless its home holds conf/logback_*.xml: up to 5.0.0; later the jars hold them.

    JoranConfigurator.doConfigure in the Startup classes.
    """
    return numbers(release) <= (5, 0, 0)


def java_options(release: str, controller: bool = False) -> tuple[str, ...]:
    """The module options that servers of the release need on Java 9 or newer; from 5.0.0 on only a controller does.

    Its hessian prints InaccessibleObjectException without java.lang (measured: 5.4.0 on Java 17; it boots even so).
    4.x has netty 4.0, which fails with NoClassDefFoundError without (measured: 4.8.0 on Java 17). Java 8 does not start
    with them unless it is told to ignore what it does not know.
    """
    if numbers(release) >= (5, 0, 0):
        return ("--add-opens=java.base/java.lang=ALL-UNNAMED",) if controller else ()
    exports = (f"--add-exports=java.base/{package}=ALL-UNNAMED" for package in _EXPORTED_PACKAGES)
    opens = (f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED_PACKAGES)
    return *exports, *opens


def has_two_nameserver_trap(release: str) -> bool:
    """Whether its client fails forever where one of exactly two nameservers cannot be connected to: #7056.

    4.9.1 to 5.1.3: connecting eats the whole timeout, and the good channel is closed.
    """
    return (4, 9, 1) <= numbers(release) <= (5, 1, 3)
