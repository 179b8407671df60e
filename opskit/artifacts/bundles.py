"""The jars of one component of a release as one checked tar in the controller's cache."""

import hashlib
import shutil
import tarfile
from pathlib import Path

from opskit.artifacts.jars import Jar, Progress, digest_of, jars_in
from opskit.artifacts.lock import Component
from opskit.artifacts.own_jars import probe_jar
from opskit.artifacts.sources import source_of
from opskit.artifacts.store import obtain, peek
from opskit.inventory.cluster import Artifact, Frozen


class Bundle(Frozen):
    """Jars that belong together on a host, in /opt/rocketmq/releases/RELEASE-DIGEST8/lib.

    digest: over the sorted names and checksums of the jars. archive: an uncompressed tar whose members are lib/NAME.
    """

    component: Component
    release: str
    digest: str
    archive: Path
    jars: tuple[Jar, ...]

    @property
    def folder(self) -> str:
        """Name of the bundle's folder on a host: RELEASE-DIGEST8."""
        return _folder(self.release, self.digest)


def bundle(component: Component, release: str, artifact: Artifact, progress: Progress) -> Bundle:
    """The bundle, from the cache where it holds it; that costs one checksum of the tar and no network access.

    server: nameserver, broker, tools and, in 5.x, controller. client: the Java client and opskit's probe.jar.
    Raises OpskitError, and keeps nothing, where a jar or archive is missing or has the wrong checksum.
    """
    source = source_of(component, release, artifact)
    probe = probe_jar(progress) if component == "client" and not source.has_probe else None
    name = _entry(component, release, f"{source.identity} {probe.sha256 if probe else ''}")

    def build(payload: Path, scratch: Path) -> tuple[Jar, ...]:
        lib = scratch / "lib"
        lib.mkdir()
        source.lay(lib, progress)
        if probe:
            shutil.copyfile(probe.path, lib / "probe.jar")
        progress(f"Packing the RocketMQ {release} {component}")
        jars = jars_in(lib)
        write_tar(payload, lib, jars)
        return jars

    archive, record = obtain(name, "bundle.tar", build, progress)
    return Bundle(
        component=component, release=release, digest=digest_of(record.jars), archive=archive, jars=record.jars
    )


def known_server_folder(release: str, artifact: Artifact) -> str | None:
    """Name of a server bundle's folder on a host, where this controller made the bundle once; it builds nothing.

    Raises OpskitError where the archive or folder of jars that the inventory names is not there.
    """
    identity = f"{source_of('server', release, artifact).identity} "
    record = peek(_entry("server", release, identity))
    return _folder(release, digest_of(record.jars)) if record else None


def _entry(component: Component, release: str, identity: str) -> str:
    return f"{component}-{release}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def _folder(release: str, digest: str) -> str:
    return f"{release}-{digest[:8]}"


def write_tar(tar: Path, lib: Path, jars: tuple[Jar, ...]) -> None:
    """A tar whose bytes depend on nothing but the jars: sorted, without times and owners.

    Uncompressed, since jars are: gzip -1 would save little and cost more time than it saves on the wire.
    """
    with tarfile.open(tar, "w", format=tarfile.USTAR_FORMAT) as archive:
        for jar in sorted(jars, key=lambda jar: jar.name):
            member = tarfile.TarInfo(f"lib/{jar.name}")
            member.size = (lib / jar.name).stat().st_size
            with (lib / jar.name).open("rb") as file:
                archive.addfile(member, file)
