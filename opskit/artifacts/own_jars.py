"""opskit's own jars, the probe and the agent: built beforehand by `make java`, or built here once per change."""

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
class OwnJar:
    path: Path
    sha256: str


def probe_jar(progress: Progress) -> OwnJar:
    """Real traffic by the official client: java/probe."""
    return _own_jar("probe", progress)


def agent_jar(progress: Progress) -> OwnJar:
    """What makes a client leave a hung nameserver, at its start or in a running JVM: java/agent."""
    return _own_jar("agent", progress)


def _own_jar(name: str, progress: Progress) -> OwnJar:
    """java/NAME/target/NAME.jar where it is as new as its sources, else one built by Maven and kept in the cache."""
    home, file = assets() / "java" / name, f"{name}.jar"
    sources = _sources(home)
    built = home / "target" / file
    if built.is_file() and built.stat().st_mtime >= max(path.stat().st_mtime for path in sources):
        return OwnJar(built, sha256_of(built))

    def build(payload: Path, scratch: Path) -> tuple[Jar, ...]:
        progress(f"Maven builds opskit's {name}")
        for source in sources:
            copy = scratch / source.relative_to(home)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        maven.run(scratch, ("package",))
        shutil.move(scratch / "target" / file, payload)
        return (Jar(name=file, sha256=sha256_of(payload)),)

    path, record = obtain(f"{name}-{_digest(home, sources)}", file, build, progress)
    return OwnJar(path, record.sha256)


def _sources(home: Path) -> tuple[Path, ...]:
    sources = (home / "pom.xml", *sorted((home / "src" / "main").rglob("*.java")))
    if not sources[0].is_file():
        raise OpskitError(
            f"the sources of opskit's {home.name} are missing",
            where=str(home),
            remedy="Install opskit again, or use a clone.",
        )
    return sources


def _digest(home: Path, sources: tuple[Path, ...]) -> str:
    text = hashlib.sha256()
    for source in sources:
        text.update(f"{source.relative_to(home)}\0".encode() + source.read_bytes())
    return text.hexdigest()[:16]
