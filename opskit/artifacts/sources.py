"""Where a component's jars come from: each source names itself cheaply and lays its jars down on demand."""

import hashlib
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opskit.artifacts import maven
from opskit.artifacts.jars import Progress, digest_of, jars_in
from opskit.artifacts.lock import Component, as_jars, read_lock
from opskit.errors import OpskitError
from opskit.inventory.cluster import Artifact


@dataclass(frozen=True)
class Source:
    """identity: changes whenever the jars would; found without network access.

    lay: puts the jars into an empty folder, or raises OpskitError. has_probe: they include opskit's probe.jar.
    """

    identity: str
    lay: Callable[[Path, Progress], None]
    has_probe: bool = False


def source_of(component: Component, release: str, artifact: Artifact) -> Source:
    if artifact.source == "maven":
        return _maven(component, release)
    if not artifact.path:
        raise OpskitError(
            f"no path given for the {artifact.source}",
            where="rocketmq_artifact_path",
            remedy="Give its path on the controller.",
        )
    path = Path(artifact.path).expanduser()
    return _directory(path) if artifact.source == "directory" else _archive(path, artifact.sha512, release)


def _maven(component: Component, release: str) -> Source:
    locked = read_lock(release).component(component)

    def lay(into: Path, progress: Progress) -> None:
        progress(f"Maven resolves the {len(locked)} jars of the RocketMQ {release} {component}")
        maven.fetch(locked, into, progress)

    return Source(f"maven:{digest_of(as_jars(locked))}", lay)


def _directory(path: Path) -> Source:
    jars = jars_in(path) if path.is_dir() else ()
    if not jars:
        raise OpskitError(
            "holds no jar" if path.is_dir() else "no such directory",
            where=str(path),
            remedy="rocketmq_artifact_path must name a folder with the release's jars, such as its lib/.",
        )

    def lay(into: Path, progress: Progress) -> None:
        progress(f"Copying {len(jars)} jars of {path}")
        for jar in jars:
            shutil.copyfile(path / jar.name, into / jar.name)

    return Source(f"directory:{digest_of(jars)}", lay, has_probe=any(jar.name == "probe.jar" for jar in jars))


def _archive(path: Path, sha512: str | None, release: str) -> Source:
    expected = normal_sha512(sha512, path)

    def lay(into: Path, progress: Progress) -> None:
        progress(f"Checking {path.name}")
        if not path.is_file():
            raise OpskitError(
                "no such archive",
                where=str(path),
                remedy=f"Download rocketmq-all-{release}-bin-release.zip and its .sha512 to the controller.",
            )
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha512").hexdigest()
            if found != expected:
                raise OpskitError(
                    f"wrong checksum: the inventory says sha512 {expected}, found {found}",
                    where=str(path),
                    remedy="Download the archive again, and compare rocketmq_artifact_sha512 with its .sha512 file.",
                )
            progress(f"Unpacking {path.name}")
            try:
                _unpack(zipfile.ZipFile(file), into, path)
            except zipfile.BadZipFile as error:
                raise OpskitError(
                    f"is no zip archive: {error}", where=str(path), remedy="Give rocketmq-all-RELEASE-bin-release.zip."
                ) from error
        _check_release(into, path, release)

    return Source(f"archive:{expected}", lay)


def normal_sha512(sha512: str | None, path: Path) -> str:
    """Lower-case hex; the published .sha512 files break it into groups of upper-case digits."""
    plain = re.sub(r"\s", "", sha512 or "").lower()
    if not re.fullmatch(r"[0-9a-f]{128}", plain):
        raise OpskitError(
            f"the archive {path} needs its sha512" if not plain else "this is no sha512: 128 hex digits are expected",
            where="rocketmq_artifact_sha512",
            remedy="Copy it from the .sha512 file published beside the archive.",
        )
    return plain


def _unpack(archive: zipfile.ZipFile, into: Path, path: Path) -> None:
    """The official layout is rocketmq-all-RELEASE-bin-release/lib/*.jar; lib/ at the top is taken as well."""
    for member in archive.infolist():
        if match := re.fullmatch(r"(?:[^/]+/)?lib/([^/]+\.jar)", member.filename):
            with archive.open(member) as jar, (into / match[1]).open("wb") as copy:
                shutil.copyfileobj(jar, copy, 1 << 20)
    if not any(into.iterdir()):
        raise OpskitError(
            "holds no lib/*.jar", where=str(path), remedy="Give the binary release (-bin-release.zip), not the sources."
        )


def _check_release(folder: Path, path: Path, release: str) -> None:
    if not (folder / f"rocketmq-client-{release}.jar").is_file():
        held = ", ".join(sorted(jar.stem for jar in folder.glob("rocketmq-client-*.jar"))) or "no rocketmq-client"
        raise OpskitError(
            f"is not RocketMQ {release}: it holds {held}",
            where=str(path),
            remedy="Make rocketmq_artifact_path and the declared release agree.",
        )
