"""Locked jars through the machine's ordinary Maven, so that its mirrors, proxies and credentials are honoured."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from opskit.artifacts.jars import Progress, check, jars_in
from opskit.artifacts.lock import LockedJar, as_jars
from opskit.errors import OpskitError

DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
DEADLINE_SECONDS = 900
"""Well above a cold fetch over a slow line; a Maven that says nothing for this long is stopped."""

_ALTERNATIVES = "or give the jars themselves: rocketmq_artifact_source archive or directory."
_EXCLUDE_ALL = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"


def pom_of(locked: Iterable[LockedJar]) -> str:
    """A POM that asks for exactly these jars: each excludes all that it would bring along."""
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>opskit</groupId><artifactId>bundle</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{''.join(_dependency(jar.coordinate) for jar in locked)}</dependencies></project>"
    )


def _dependency(coordinate: str) -> str:
    names = ("groupId", "artifactId", "version", "classifier")
    fields = "".join(
        f"<{name}>{escape(value)}</{name}>" for name, value in zip(names, coordinate.split(":"), strict=False)
    )
    return f"<dependency>{fields}{_EXCLUDE_ALL}</dependency>"


def fetch(locked: tuple[LockedJar, ...], into: Path, progress: Progress) -> None:
    """Put exactly the locked jars into the folder `into`, every checksum compared."""
    work = into.parent
    (work / "pom.xml").write_text(pom_of(locked))
    wanted, seen = {jar.file for jar in locked}, set[str]()

    def watch(line: str) -> None:
        name = downloaded(line)
        if name in wanted and name not in seen:
            seen.add(name)
            if len(seen) % 20 == 0:
                progress(f"Maven has downloaded {len(seen)} of at most {len(wanted)} jars")

    run(work, (f"{DEPENDENCY_PLUGIN}:copy-dependencies", f"-DoutputDirectory={into}"), watch)
    check(jars_in(into), as_jars(locked), "jars resolved by Maven")


def downloaded(line: str) -> str | None:
    """The file name in a line of Maven's log that reports a finished download."""
    match = re.search(r"Downloaded from \S+ \S*/([^/\s]+)", line)
    return match[1] if match else None


def run(folder: Path, arguments: tuple[str, ...], watch: Progress = lambda _: None) -> None:
    """Run Maven in `folder`, with each line of its log given to `watch`; a failure becomes one sentence."""
    if shutil.which("mvn") is None:
        raise OpskitError(
            "Maven is not installed on this machine",
            where="mvn",
            remedy=f"apt-get install maven openjdk-17-jdk-headless, {_ALTERNATIVES}",
        )
    # a short run: the quick compiler alone saves 40 % of its CPU time; what the operator set comes later and wins
    environment = os.environ | {"MAVEN_OPTS": f"-XX:TieredStopAtLevel=1 {os.environ.get('MAVEN_OPTS', '')}"}
    command = ("mvn", "-B", "-U", "-C", "-Dstyle.color=never", *arguments)
    log = list[str]()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        timer = threading.Timer(DEADLINE_SECONDS, process.kill)
        timer.start()
        try:
            for line in process.stdout or ():
                log.append(line)
                watch(line)
            code = process.wait()
        finally:
            timer.cancel()
            process.terminate()
    if code:
        raise failure("".join(log))


_FAILURES = (
    (
        r"No space left on device",
        "no space left on the disk of Maven's local repository or of opskit's cache",
        "Free about 500 MB on each, or point OPSKIT_CACHE to a larger disk.",
    ),
    (
        r"Could not find artifact (\S+)",
        "the repository that Maven uses has no {0}",
        f"Check the mirror in Maven's settings.xml, {_ALTERNATIVES}",
    ),
    (
        r"Checksum validation failed.*",
        "Maven refused a download whose checksum is wrong",
        "Run again; if it stays so, the mirror in Maven's settings.xml serves a damaged file.",
    ),
    (
        r"status code: 40[137]|Unauthorized|Forbidden",
        "the repository that Maven uses refuses this machine",
        f"Check the credentials in Maven's settings.xml, {_ALTERNATIVES}",
    ),
    (
        r"Could not transfer artifact|in offline mode|[Uu]nknown host",
        "Maven could not reach its repository",
        f"Check the network, and the mirror and proxy in Maven's settings.xml, {_ALTERNATIVES}",
    ),
    (
        r"No compiler is provided|release version 8 not supported",
        "there is no Java compiler that can build opskit's own jars",
        "apt-get install openjdk-17-jdk-headless, or run make java elsewhere and copy java/*/target/*.jar here.",
    ),
    (r"JAVA_HOME .*", "Maven finds no Java", "apt-get install openjdk-17-jdk-headless, or set JAVA_HOME."),
)


def failure(log: str) -> OpskitError:
    """Maven's log of a failed run as one sentence and a remedy; user names and passwords in addresses are masked."""
    log = re.sub(r"//[^/@\s]+@", "//***@", log)
    for pattern, sentence, remedy in _FAILURES:
        if match := re.search(pattern, log):
            return OpskitError(sentence.format(*match.groups()), where="mvn", remedy=remedy)
    errors = [line.strip() for line in log.splitlines() if line.startswith("[ERROR]")] or log.splitlines()[-1:]
    first = errors[0].removeprefix("[ERROR]").strip() if errors else f"it was stopped after {DEADLINE_SECONDS} s"
    return OpskitError(f"Maven failed: {first}", where="mvn", remedy=f"Mend what Maven says, {_ALTERNATIVES}")
