"""What the artifacts room decides without touching anything: checks, Maven's failures, the committed locks, argv."""

import itertools
import json
import re

import pytest

from opskit.artifacts.jars import Jar, check, digest_of
from opskit.artifacts.lock import LOCKS, LockedJar, as_jars, locked_releases, read_lock
from opskit.artifacts.maven import downloaded, failure, pom_of
from opskit.artifacts.probe import probe_command, smoke_result, traffic_ledger
from opskit.errors import Exit, OpskitError

A, B = Jar(name="a.jar", sha256="aa"), Jar(name="b.jar", sha256="bb")


def test_the_digest_depends_on_names_and_checksums_only() -> None:
    assert digest_of((A, B)) == digest_of((B, A))
    others = ((A,), (A, Jar(name="b.jar", sha256="bc")), (A, Jar(name="c.jar", sha256="bb")))
    assert len({digest_of(jars) for jars in ((A, B), *others)}) == 4


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ((A,), "b.jar is missing"),
        ((A, B, Jar(name="c.jar", sha256="cc")), "c.jar is not in opskit's lock"),
        ((A, Jar(name="b.jar", sha256="xx")), "wrong checksum of b.jar: the lock says sha256 bb, found xx"),
    ],
)
def test_anything_but_the_locked_jars_is_refused(found: tuple[Jar, ...], sentence: str) -> None:
    with pytest.raises(OpskitError, match=sentence):
        check(found, (A, B), "here")


def test_the_locked_jars_pass() -> None:
    check((B, A), (A, B), "here")


def test_the_pom_asks_for_each_jar_and_for_nothing_that_it_brings_along() -> None:
    plain = LockedJar(coordinate="g:a:1", file="a-1.jar", sha256="aa")
    native = LockedJar(coordinate="g:n:2:linux-x86_64", file="n-2-linux-x86_64.jar", sha256="bb")
    pom = pom_of((plain, native))
    assert "<groupId>g</groupId><artifactId>a</artifactId><version>1</version><exclusions>" in pom
    assert "<version>2</version><classifier>linux-x86_64</classifier><exclusions>" in pom
    assert pom.count("<artifactId>*</artifactId>") == 2


MAVEN_FAILURES = {
    "offline": (
        "[ERROR] Plugin p or one of its dependencies could not be resolved: Cannot access central (https://r.invalid/) "
        "in offline mode and the artifact p:jar:3.8.1 has not been downloaded from it before. -> [Help 1]",
        "could not reach its repository",
    ),
    "dead proxy": (
        "[ERROR] Plugin p could not be resolved: Could not transfer artifact p:pom:3.8.1 from/to central "
        "(https://r.invalid/): transfer failed: Connect to 127.0.0.1:9 [/127.0.0.1] failed: Connection refused",
        "could not reach its repository",
    ),
    "unknown host": (
        "[ERROR] Could not transfer artifact p:pom:3.8.1 from/to m (https://user:pw@r.invalid/x): transfer failed for "
        "https://r.invalid/x/p.pom: Unknown host r.invalid: Name or service not known -> [Help 1]",
        "could not reach its repository",
    ),
    "not found": (
        "[ERROR] Could not resolve dependencies for project x:x:pom:1: The following artifacts could not be resolved: "
        "g:a:jar:9.9.9: Could not find artifact g:a:jar:9.9.9 in central (https://r.invalid/) -> [Help 1]",
        "has no g:a:jar:9.9.9",
    ),
    "refused": (
        "[ERROR] Could not transfer artifact g:a:pom:1 from/to m (https://r.invalid/x): authentication failed for "
        "https://r.invalid/x/a.pom, status: 401 Unauthorized -> [Help 1]",
        "refuses this machine",
    ),
    "bad download": (
        "[ERROR] Could not transfer artifact g:a:jar:1 from/to m (https://r.invalid/x): Checksum validation failed, "
        "expected aa but is bb -> [Help 1]",
        "whose checksum is wrong",
    ),
    "disk full": (
        "java.io.IOException: No space left on device\n[ERROR] Could not transfer artifact g:a:1",
        "no space left",
    ),
    "no compiler": (
        "[ERROR] COMPILATION ERROR : \n[ERROR] No compiler is provided in this environment. Perhaps you are running on "
        "a JRE rather than a JDK?",
        "no Java compiler",
    ),
    "no java": (
        "The JAVA_HOME environment variable is not defined correctly,\nthis environment variable is needed",
        "finds no Java",
    ),
    "anything else": ("[INFO] hm\n[ERROR] See https://user:pw@r.invalid/x\n[ERROR] more", r"Maven failed: See https:"),
    "silence": ("", "was stopped after 900 s"),
}


@pytest.mark.parametrize("case", MAVEN_FAILURES)
def test_each_failure_of_maven_is_one_sentence_with_a_remedy(case: str) -> None:
    log, sentence = MAVEN_FAILURES[case]
    error = failure(log)
    assert re.search(sentence, error.what)
    assert error.remedy
    assert "user:pw" not in str(error)


def test_a_finished_download_is_recognised_by_its_file_name() -> None:
    line = "Downloaded from central: https://r.invalid/g/a/1/a-1.jar (12 kB at 1.2 MB/s)\n"
    assert downloaded(line) == "a-1.jar"
    assert downloaded("Downloading from central: https://r.invalid/g/a/1/a-1.jar") is None


def test_the_locks_cover_the_releases_that_opskit_supports() -> None:
    assert locked_releases() == ("4.8.0", "4.9.7", "5.1.4", "5.3.3", "5.4.0")


@pytest.mark.parametrize("release", locked_releases())
def test_a_lock_is_whole_and_names_no_repository(release: str) -> None:
    lock = read_lock(release)
    assert lock.release == release
    roots = {"server": ["namesrv", "broker", "tools", "store"], "client": ["client", "remoting"]}
    if release.startswith("5."):
        roots["server"].append("controller")
    for component, names in (("server", roots["server"]), ("client", roots["client"])):
        jars = lock.component("server" if component == "server" else "client")
        files = [jar.file for jar in jars]
        assert {f"rocketmq-{name}-{release}.jar" for name in names} <= set(files)
        assert len(files) == len(set(files))
        assert len(as_jars(jars)) == len(files)
        assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in jars)
    assert "://" not in (LOCKS / f"{release}.json").read_text()


@pytest.mark.parametrize(("release", "opened"), [("4.8.0", True), ("4.9.7", True), ("5.1.4", False), ("5.4.0", False)])
def test_only_4x_clients_have_java_nio_opened(release: str, opened: bool) -> None:
    command = probe_command("/usr/bin/java", "/opt/x/lib", release, ["smoke", "--topic", "T"], log_dir="/var/log/x")
    assert ("--add-opens=java.base/java.nio=ALL-UNNAMED" in command) is opened
    assert command[0] == "/usr/bin/java"
    assert command[-6:] == ["-cp", "/opt/x/lib/*", "opskit.probe.Main", "smoke", "--topic", "T"]
    assert {"-Drocketmq.client.logRoot=/var/log/x", "-Drocketmq.log.root=/var/log/x"} <= set(command)


SMOKE = {"sent": 2, "acknowledged": 2, "failed": 0, "received": 2, "duplicates": 0, "lost": 0, "seconds": 1.5}
SMOKE |= {"client": "4.8.0", "brokers": ["broker-a"]}
LEDGER = dict.fromkeys(("attempted", "acknowledged", "failed", "indeterminate", "received", "duplicates", "lost"), 1)
LEDGER |= {"unexpected": 0, "max_gap_ms": 5, "worst_latency_ms": 6}


def test_the_answers_of_the_probe_are_read() -> None:
    assert smoke_result(json.dumps(SMOKE) + "\n", "c1").brokers == ("broker-a",)
    lines = [{"event": "ready"}, {"event": "progress", "second": 1}, {"event": "ledger", **LEDGER}]
    assert traffic_ledger("\n".join(map(json.dumps, lines)), "c1").max_gap_ms == 5


@pytest.mark.parametrize(
    ("stdout", "sentence"),
    [
        ('{"error": "no route to topic T"}\n', "could not judge: no route to topic T"),
        ("", r"ended without a result\n"),
        ("Killed\n", "ended without a result; its last line is 'Killed'"),
        ('{"sent": 1}', "ended without a result"),
        ("3", "ended without a result"),
    ],
)
def test_a_probe_without_a_result_is_not_judged(stdout: str, sentence: str) -> None:
    for read in (smoke_result, traffic_ledger):
        with pytest.raises(OpskitError, match=sentence) as caught:
            read(stdout, "client1")
        assert (caught.value.where, caught.value.code) == ("client1", Exit.UNJUDGED)


def test_the_server_of_a_release_never_mixes_versions_of_rocketmq() -> None:
    for release, component in itertools.product(locked_releases(), ("server", "client")):
        lock = read_lock(release)
        own = [jar.coordinate for jar in (lock.server if component == "server" else lock.client)]
        versions = {
            word.split(":")[2]
            for word in own
            if word.startswith("org.apache.rocketmq:")
            and word.split(":")[1] not in ("rocketmq-proto", "rocketmq-rocksdb")
        }
        assert versions == {release}
