#!/usr/bin/env python3
"""Write opskit/artifacts/locks/RELEASE.json: which jars make up each component of a release, with their checksums.

Usage: scripts/lock-artifacts.py [RELEASE…]   (`make locks` gives none: every release that has a lock)

Maven resolves each component's roots with all their dependencies, through this machine's own settings.
"""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from opskit.artifacts import maven
from opskit.artifacts.jars import sha256_of
from opskit.artifacts.lock import LOCKS, Component, LockedJar, locked_releases
from opskit.errors import OpskitError


def roots(component: Component, release: str) -> tuple[str, ...]:
    """rocketmq-acl holds the signing hook up to 5.2; later it lies in rocketmq-client."""
    major, minor = (int(part) for part in release.split(".")[:2])
    if component == "server":
        return ("namesrv", "broker", "tools", *(("controller",) if major >= 5 else ()))
    return ("client", "acl") if (major, minor) < (5, 3) else ("client",)


def resolve(component: Component, release: str) -> list[LockedJar]:
    wanted = "".join(
        f"<dependency><groupId>org.apache.rocketmq</groupId><artifactId>rocketmq-{root}</artifactId>"
        f"<version>{release}</version></dependency>"
        for root in roots(component, release)
    )
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "pom.xml").write_text(
            '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
            "<groupId>opskit</groupId><artifactId>lock</artifactId><version>1</version><packaging>pom</packaging>"
            f"<dependencies>{wanted}</dependencies></project>"
        )
        options = ("-DincludeScope=runtime", "-DoutputAbsoluteArtifactFilename=true", f"-DoutputFile={folder}/list")
        maven.run(folder, (f"{maven.DEPENDENCY_PLUGIN}:list", *options))
        lines = [line.split(" -- ")[0].strip() for line in (folder / "list").read_text().splitlines()]
    jars = sorted((locked(line) for line in lines if ":jar:" in line), key=lambda jar: jar.file)
    if len({jar.file for jar in jars}) != len(jars):
        raise OpskitError("two jars have the same file name", where=f"{component} {release}")
    return jars


def locked(line: str) -> LockedJar:
    """A line of dependency:list: group:artifact:jar[:classifier]:version:scope:path."""
    group, artifact, _, *classifier, version, _, path = line.split(":")
    return LockedJar(
        coordinate=":".join((group, artifact, version, *classifier)),
        file=Path(path).name,
        sha256=sha256_of(Path(path)),
    )


def text_of(release: str) -> str:
    """One line a jar, so that a diff of two locks reads well."""
    blocks = []
    for component in ("server", "client"):
        jars = ",\n".join(f"    {json.dumps(jar.model_dump())}" for jar in resolve(component, release))
        blocks.append(f'  "{component}": [\n{jars}\n  ]')
    return f'{{\n  "release": {json.dumps(release)},\n' + ",\n".join(blocks) + "\n}\n"


def main(releases: list[str]) -> None:
    for release in releases or locked_releases():
        (LOCKS / f"{release}.json").write_text(text_of(release))
        print(f"locked {release}")  # noqa: T201


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OpskitError as error:
        sys.exit(f"lock-artifacts: {error}")
