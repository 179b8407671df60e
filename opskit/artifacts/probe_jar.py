"""opskit's own probe.jar: given with the jars, built beforehand by `make java`, or built here once per change."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from opskit.artifacts import maven
from opskit.artifacts.jars import Jar, Progress, sha256_of
from opskit.artifacts.store import obtain
from opskit.errors import OpskitError
from opskit.paths import assets


@dataclass(frozen=True)
class ProbeJar:
    path: Path
    sha256: str


def probe_jar(progress: Progress) -> ProbeJar:
    """java/probe/target/probe.jar where it is as new as its sources, else one built by Maven and kept in the cache."""
    home = assets() / "java" / "probe"
    sources = _sources(home)
    built = home / "target" / "probe.jar"
    if built.is_file() and built.stat().st_mtime >= max(path.stat().st_mtime for path in sources):
        return ProbeJar(built, sha256_of(built))

    def build(payload: Path, scratch: Path) -> tuple[Jar, ...]:
        progress("Maven builds opskit's probe")
        for source in sources:
            copy = scratch / source.relative_to(home)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        maven.run(scratch, ("package",))
        shutil.move(scratch / "target" / "probe.jar", payload)
        return (Jar(name=payload.name, sha256=sha256_of(payload)),)

    path, record = obtain(f"probe-{_digest(home, sources)}", "probe.jar", build, progress)
    return ProbeJar(path, record.sha256)


def _sources(home: Path) -> tuple[Path, ...]:
    sources = (home / "pom.xml", *sorted((home / "src" / "main").rglob("*.java")))
    if not sources[0].is_file():
        raise OpskitError(
            "the sources of opskit's probe are missing", where=str(home), remedy="Install opskit again, or use a clone."
        )
    return sources


def _digest(home: Path, sources: tuple[Path, ...]) -> str:
    text = hashlib.sha256()
    for source in sources:
        text.update(f"{source.relative_to(home)}\0".encode() + source.read_bytes())
    return text.hexdigest()[:16]
