"""The zoo's jars: built once by the machine's ordinary Maven, kept in opskit's cache until a source changes."""

import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from filelock import FileLock

from opskit.artifacts import maven
from opskit.paths import cache

SOURCES = Path(__file__).parent / "java"
REMOTING = "rocketmq-remoting-4.8.0.jar"
PASSWORD = "throw-away"


def built() -> Path:
    """A folder for each build: thin-4.8.0, fat-boot2, signed, … Raises OpskitError where Maven fails."""
    root = cache() / "zoo"
    folder = root / _digest()
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / "lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix="building-", dir=root) as work:
                _build(Path(work) / "java", Path(work) / "made")
                (Path(work) / "made").rename(folder)
    return folder


def _digest() -> str:
    """Of everything that goes into a build, this file too."""
    found = hashlib.sha256()
    for path in sorted((*SOURCES.rglob("*.java"), *SOURCES.rglob("pom.xml"), Path(__file__))):
        found.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _build(work: Path, made: Path) -> None:
    shutil.copytree(SOURCES, work, ignore=shutil.ignore_patterns("target"))
    maven.run(work, ("package",))
    for module in work.glob("*/target/zoo"):
        shutil.copytree(module, made / module.parent.parent.name)
    thin = made / "thin-4.8.0"
    # every thin service may be given the idle agent
    shutil.copy(made / "idle-agent" / "idle-agent.jar", thin)
    _sign(shutil.copytree(thin, made / "signed") / "lib" / REMOTING, work)
    _explode(shutil.copytree(thin, made / "exploded"))


def _sign(jar: Path, work: Path) -> None:
    """By a key that nobody keeps."""
    store = ("-keystore", str(work / "keys.p12"), "-storepass", PASSWORD, "-storetype", "PKCS12")
    key = ("-genkeypair", "-alias", "zoo", "-dname", "CN=zoo", "-keyalg", "EC", "-groupname", "secp256r1")
    subprocess.run(("keytool", *key, *store), check=True, capture_output=True)
    subprocess.run(("jarsigner", *store, str(jar), "zoo"), check=True, capture_output=True)


def _explode(folder: Path) -> None:
    jar = folder / "lib" / REMOTING
    with zipfile.ZipFile(jar) as archive:
        archive.extractall(folder / "classes")
    jar.unlink()
