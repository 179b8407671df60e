"""Bundles, with a stand-in for mvn on the PATH that serves jars from a folder and notes each call."""

import errno
import hashlib
import json
import stat
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from opskit.artifacts import bundles, jars, lock, own_jars
from opskit.artifacts.bundles import Bundle, bundle
from opskit.errors import OpskitError
from opskit.inventory.cluster import Artifact

JARS = {"rocketmq-client-1.2.3.jar": b"client", "netty-1.jar": b"netty"}

FAKE_MVN = f"""#!{sys.executable} -IS
import pathlib, shutil, sys, time
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
time.sleep(0.5 if (here / "slow").exists() else 0)
if "package" in sys.argv:
    pathlib.Path("target").mkdir()
    pom = pathlib.Path("pom.xml").read_bytes()
    for name in ("probe", "agent"):
        pathlib.Path("target", name + ".jar").write_bytes(name.encode() + b" of " + pom)
    sys.exit()
if (here / "fails").exists():
    sys.exit((here / "fails").read_text())
into = next(word.partition("=")[2] for word in sys.argv if word.startswith("-DoutputDirectory"))
shutil.copytree(here / "repository", into, dirs_exist_ok=True)
"""


Get = Callable[[jars.Progress], own_jars.OwnJar]


class Site:
    """A controller: its cache, its Maven, its repository and opskit's lock for release 1.2.3."""

    def __init__(self, root: Path) -> None:
        self.cache, self.bin, self.java = root / "cache", root / "bin", root / "assets" / "java"
        self.repository = self.bin / "repository"
        self.said: list[str] = []
        self.repository.mkdir(parents=True)
        for name, content in JARS.items():
            (self.repository / name).write_bytes(content)
        mvn = self.bin / "mvn"
        mvn.write_text(FAKE_MVN)
        mvn.chmod(mvn.stat().st_mode | stat.S_IXUSR)
        for name in ("probe", "agent"):
            (self.java / name / "src" / "main").mkdir(parents=True)
            (self.java / name / "pom.xml").write_text("<project/>")

    def bundle(self, component: lock.Component = "server", artifact: Artifact | None = None) -> Bundle:
        return bundle(component, "1.2.3", artifact or Artifact(), self.said.append)

    def calls(self) -> int:
        calls = self.bin / "calls"
        return len(calls.read_text().splitlines()) if calls.exists() else 0

    def entries(self) -> list[str]:
        return sorted(path.name for path in (self.cache / "artifacts").glob("*") if path.is_dir())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site(tmp_path)
    locks = tmp_path / "locks"
    locks.mkdir()
    locked = [
        {"coordinate": f"g:{name}:1", "file": name, "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in JARS.items()
    ]
    (locks / "1.2.3.json").write_text(json.dumps({"release": "1.2.3", "server": locked, "client": locked}))
    monkeypatch.setattr(lock, "LOCKS", locks)
    monkeypatch.setattr(own_jars, "assets", lambda: tmp_path / "assets")
    monkeypatch.setenv("OPSKIT_CACHE", str(made.cache))
    monkeypatch.setenv("PATH", str(made.bin))
    return made


def members(made: Bundle) -> dict[str, bytes]:
    with tarfile.open(made.archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def test_a_server_bundle_holds_exactly_the_locked_jars(site: Site) -> None:
    made = site.bundle()
    assert members(made) == {f"lib/{name}": content for name, content in JARS.items()}
    assert [jar.name for jar in made.jars] == sorted(JARS)
    assert made.digest == jars.digest_of(made.jars)
    assert made.folder == f"1.2.3-{made.digest[:8]}"


def test_a_client_bundle_holds_the_probe_as_well(site: Site) -> None:
    assert members(site.bundle("client"))["lib/probe.jar"] == b"probe of <project/>"


def test_a_second_call_runs_no_maven(site: Site) -> None:
    first = [site.bundle("server"), site.bundle("client")]
    calls = site.calls()
    assert [site.bundle("server"), site.bundle("client")] == first
    assert site.calls() == calls == 3


def test_a_changed_probe_makes_a_new_client_bundle_and_no_new_server_bundle(site: Site) -> None:
    server, client = site.bundle("server"), site.bundle("client")
    (site.java / "probe" / "pom.xml").write_text("<project>changed</project>")
    assert site.bundle("server") == server
    assert site.bundle("client").digest != client.digest


OWN = [pytest.param(own_jars.probe_jar, "probe", id="probe"), pytest.param(own_jars.agent_jar, "agent", id="agent")]


@pytest.mark.parametrize(("get", "name"), OWN)
def test_a_jar_built_beforehand_needs_no_maven(site: Site, get: Get, name: str) -> None:
    built = site.java / name / "target" / f"{name}.jar"
    built.parent.mkdir()
    built.write_bytes(b"built")
    assert get(site.said.append).path == built
    assert site.calls() == 0


@pytest.mark.parametrize(("get", "name"), OWN)
def test_a_jar_of_opskits_own_is_built_once_per_change(site: Site, get: Get, name: str) -> None:
    first = get(site.said.append)
    assert first.path.read_bytes() == f"{name} of <project/>".encode()
    assert first.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()
    assert get(site.said.append) == first
    assert site.calls() == 1
    (site.java / name / "pom.xml").write_text("<project>changed</project>")
    assert get(site.said.append).path.read_bytes() == f"{name} of <project>changed</project>".encode()
    assert site.calls() == 2


def test_missing_sources_name_the_folder(site: Site) -> None:
    (site.java / "agent" / "pom.xml").unlink()
    with pytest.raises(OpskitError, match="the sources of opskit's agent are missing") as caught:
        own_jars.agent_jar(site.said.append)
    assert caught.value.where == str(site.java / "agent")


def test_equal_jars_make_an_equal_tar_and_digest_whatever_the_source(site: Site) -> None:
    maven = site.bundle()
    directory = site.bundle(artifact=Artifact(source="directory", path=str(site.repository)))
    assert directory.digest == maven.digest
    assert directory.archive.read_bytes() == maven.archive.read_bytes()


def test_a_wrong_checksum_names_the_jar_and_both_sums_and_keeps_nothing(site: Site) -> None:
    (site.repository / "netty-1.jar").write_bytes(b"evil")
    with pytest.raises(OpskitError, match=r"wrong checksum of netty-1\.jar") as caught:
        site.bundle()
    for content in (b"netty", b"evil"):
        assert hashlib.sha256(content).hexdigest() in caught.value.what
    assert "do not deploy" in caught.value.remedy
    assert site.entries() == []


@pytest.mark.parametrize(("damage", "said"), [("truncate", "is damaged"), ("flip", "is damaged")])
def test_a_damaged_tar_is_built_again(site: Site, damage: str, said: str) -> None:
    made = site.bundle()
    content = made.archive.read_bytes()
    made.archive.write_bytes(content[:-1] if damage == "truncate" else b"x" + content[1:])
    assert site.bundle() == made
    assert made.archive.read_bytes() == content
    assert any(said in sentence for sentence in site.said)


@pytest.mark.parametrize("record", ["", "{", '{"sha256": "x"}', None])
def test_an_entry_with_a_broken_record_is_built_again(site: Site, record: str | None) -> None:
    made = site.bundle()
    path = made.archive.parent / "record.json"
    path.unlink() if record is None else path.write_text(record)
    assert site.bundle() == made
    assert any("incomplete" in sentence for sentence in site.said)


def test_a_failed_maven_leaves_no_entry_and_the_next_run_mends_it(site: Site) -> None:
    (site.bin / "fails").write_text("[ERROR] Could not transfer artifact g:a:jar:1 from/to central")
    with pytest.raises(OpskitError, match="could not reach its repository"):
        site.bundle()
    assert site.entries() == []
    (site.bin / "fails").unlink()
    assert site.bundle().jars


def test_the_leftovers_of_a_killed_run_are_removed(site: Site) -> None:
    (site.cache / "artifacts" / "building-killed").mkdir(parents=True)
    site.bundle()
    assert not (site.cache / "artifacts" / "building-killed").exists()


def test_two_runs_at_once_fetch_once(site: Site) -> None:
    made: list[Bundle] = []
    (site.bin / "slow").touch()
    runs = [threading.Thread(target=lambda: made.append(site.bundle())) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(made) == 3
    assert made[0] == made[1] == made[2]
    assert site.calls() == 1
    assert "Another opskit is filling the cache: waiting for it" in site.said


def test_a_cached_bundle_is_had_while_another_run_fills_the_cache(site: Site) -> None:
    made = site.bundle()
    (site.bin / "slow").touch()
    other = threading.Thread(target=site.bundle, args=("client",))
    other.start()
    time.sleep(0.1)
    assert site.bundle() == made
    assert other.is_alive()
    other.join()


def test_without_maven_the_error_names_the_package_and_the_alternatives(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(OpskitError) as caught:
        site.bundle()
    assert "apt-get install maven" in caught.value.remedy
    assert "archive or directory" in caught.value.remedy


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.ENOSPC, "no space left"), (errno.EACCES, "cannot be written"), (errno.EROFS, "cannot be written")],
)
def test_a_disk_that_cannot_take_it_is_one_sentence(
    site: Site, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "refused", "bundle.tar")

    monkeypatch.setattr(bundles, "write_tar", refuse)
    with pytest.raises(OpskitError, match=sentence) as caught:
        site.bundle()
    assert "OPSKIT_CACHE" in caught.value.remedy
    assert site.entries() == []


def test_a_release_without_a_lock_names_those_that_have_one(site: Site) -> None:
    with pytest.raises(OpskitError, match=r"no lock for the jars of RocketMQ 9\.9\.9; it has 1\.2\.3"):
        bundle("server", "9.9.9", Artifact(), site.said.append)


def archive(path: Path, names: tuple[str, ...]) -> str:
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, JARS.get(Path(name).name, b"other"))
    return hashlib.sha512(path.read_bytes()).hexdigest()


OFFICIAL = tuple(f"rocketmq-all-1.2.3-bin-release/lib/{name}" for name in JARS)


def test_an_official_archive_gives_the_jars_of_its_lib(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "rocketmq.zip"
    sha512 = archive(path, (*OFFICIAL, "rocketmq-all-1.2.3-bin-release/bin/mqadmin", "x/lib/deeper/no.jar"))
    declared = Artifact(source="archive", path=str(path), sha512=f"{sha512[:64].upper()} {sha512[64:]}")
    made = site.bundle(artifact=declared)
    assert members(made) == {f"lib/{name}": content for name, content in JARS.items()}
    path.unlink()
    assert site.bundle(artifact=declared) == made
    assert site.calls() == 0


BAD_ARCHIVES: dict[str, tuple[tuple[str, ...], Callable[[str], str | None], str]] = {
    "no sha512": (OFFICIAL, lambda _: None, "needs its sha512"),
    "empty sha512": (OFFICIAL, lambda _: " ", "needs its sha512"),
    "a sha256": (OFFICIAL, lambda sha512: sha512[:64], "128 hex digits"),
    "another sha512": (OFFICIAL, lambda sha512: sha512[::-1], "wrong checksum: the inventory says"),
    "a source release": (("rocketmq-all-1.2.3/pom.xml",), str, r"no lib/\*.jar"),
    "another release": (("r/lib/rocketmq-client-4.9.4.jar",), str, r"not RocketMQ 1\.2\.3: it holds rocketmq-client-4"),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_a_bad_archive_is_refused(site: Site, tmp_path: Path, case: str) -> None:
    names, told, sentence = BAD_ARCHIVES[case]
    path = tmp_path / "rocketmq.zip"
    sha512 = told(archive(path, names))
    with pytest.raises(OpskitError, match=sentence):
        site.bundle(artifact=Artifact(source="archive", path=str(path), sha512=sha512))
    assert site.entries() == []


def test_an_archive_that_is_no_zip_is_refused(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "rocketmq.zip"
    path.write_bytes(b"<html>")
    sha512 = hashlib.sha512(b"<html>").hexdigest()
    with pytest.raises(OpskitError, match="no zip archive"):
        site.bundle(artifact=Artifact(source="archive", path=str(path), sha512=sha512))


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        (Artifact(source="archive", sha512="0" * 128), "no path given for the archive"),
        (Artifact(source="directory"), "no path given for the directory"),
        (Artifact(source="archive", path="/nonexistent.zip", sha512="0" * 128), "no such archive"),
        (Artifact(source="directory", path="/nonexistent"), "no such directory"),
    ],
)
def test_a_missing_path_is_named(site: Site, declared: Artifact, sentence: str) -> None:
    with pytest.raises(OpskitError, match=sentence):
        site.bundle(artifact=declared)


def test_a_directory_is_taken_as_it_is_and_noticed_when_it_changes(site: Site, tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    lib.mkdir()
    with pytest.raises(OpskitError, match="holds no jar"):
        site.bundle(artifact=Artifact(source="directory", path=str(lib)))
    (lib / "a.jar").write_bytes(b"1")
    (lib / "notes.txt").write_bytes(b"no jar")
    declared = Artifact(source="directory", path=str(lib))
    first = site.bundle(artifact=declared)
    assert members(first) == {"lib/a.jar": b"1"}
    (lib / "a.jar").write_bytes(b"2")
    assert site.bundle(artifact=declared).digest != first.digest


def test_a_directory_with_a_probe_needs_no_maven(site: Site, tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "probe.jar").write_bytes(b"given")
    made = site.bundle("client", Artifact(source="directory", path=str(lib)))
    assert members(made) == {"lib/probe.jar": b"given"}
    assert site.calls() == 0
