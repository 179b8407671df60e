"""The committed locks: exactly which jars make up each component of a release."""

from pathlib import Path
from typing import Literal

from opskit.artifacts.jars import Jar
from opskit.errors import OpskitError
from opskit.inventory.cluster import Frozen

Component = Literal["server", "client"]

LOCKS = Path(__file__).parent / "locks"


class LockedJar(Frozen):
    """coordinate: group:artifact:version or group:artifact:version:classifier, always of type jar."""

    coordinate: str
    file: str
    sha256: str


class Lock(Frozen):
    """All jars of a release, without any transitive resolution left to do. Written by scripts/lock-artifacts.py."""

    release: str
    server: tuple[LockedJar, ...]
    client: tuple[LockedJar, ...]

    def component(self, component: Component) -> tuple[LockedJar, ...]:
        return self.server if component == "server" else self.client


def as_jars(locked: tuple[LockedJar, ...]) -> tuple[Jar, ...]:
    return tuple(Jar(name=jar.file, sha256=jar.sha256) for jar in locked)


def locked_releases() -> tuple[str, ...]:
    releases = (path.stem for path in LOCKS.glob("*.json"))
    return tuple(sorted(releases, key=lambda release: [int(part) for part in release.split(".")]))


def read_lock(release: str) -> Lock:
    if release not in locked_releases():
        raise OpskitError(
            f"opskit has no lock for the jars of RocketMQ {release}; it has {', '.join(locked_releases())}",
            where="rocketmq_release",
            remedy="Declare one of these, or give the jars: rocketmq_artifact_source archive or directory.",
        )
    return Lock.model_validate_json((LOCKS / f"{release}.json").read_text())
