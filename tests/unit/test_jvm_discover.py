"""What a look at a JVM makes of cgroups, maps, releases, class paths and connections."""

import os
from pathlib import Path
from typing import Any

import pytest

from opskit.onhost import processes
from opskit.onhost.jvm import cgroups, classpath, discover, flows, options, roots, runtimes

ID = "2" * 60 + "beef"
POD = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podab_cd.slice"
ME = os.getpid()


@pytest.mark.parametrize(
    ("path", "unit", "container"),
    [
        ("/system.slice/orders.service", "orders.service", None),
        ("/system.slice/orders.service/workers", "orders.service", None),
        ("/system.slice/system-orders.slice/orders@eu.service", "orders@eu.service", None),
        ("/user.slice/user-1000.slice/session-3.scope", None, None),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/orders.service", None, None),
        (f"/docker/{ID}", None, ID),
        (f"/system.slice/docker-{ID}.scope", None, ID),
        (f"/machine.slice/libpod-{ID}.scope/container", None, ID),
        (f"/system.slice/orders.service/libpod-payload-{ID}", "orders.service", ID),
        (f"{POD}/cri-containerd-{ID}.scope", None, ID),
        (f"{POD}/crio-{ID}.scope", None, ID),
        (f"/kubepods/burstable/podab-cd/{ID}", None, ID),
        (f"/system.slice/containerd.service/kubepods-burstable-podab.slice:cri-containerd:{ID}", None, ID),
        ("/", None, None),
    ],
)
def test_unit_and_container_of_a_cgroup(path: str, unit: str | None, container: str | None) -> None:
    for text in (f"0::{path}\n", f"4:memory:/\n1:name=systemd:{path}\n0::/\n"):
        assert cgroups.place(text) == (unit, container)


@pytest.mark.parametrize("base", [f"/machine.slice/libpod-{ID}.scope", f"/docker/{ID}"])
def test_a_host_that_is_a_container_itself_counts_as_a_host(base: str) -> None:
    text, first = f"1:name=systemd:{base}/system.slice/orders.service\n", f"1:name=systemd:{base}/init.scope\n"
    memory = f"4:memory:{base}\n"
    assert cgroups.place(memory + text, memory + first) == ("orders.service", None)
    inner = text.replace("orders.service", f"docker-{ID[::-1]}.scope")
    assert cgroups.place(memory + inner, memory + first) == (None, ID[::-1])


def test_a_paused_container_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "ROOT", str(tmp_path))
    for folder, name, text in (("a", "cgroup.events", "populated 1\nfrozen 1\n"), ("b", "cgroup.events", "frozen 0\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    (tmp_path / "freezer" / "c").mkdir(parents=True)
    (tmp_path / "freezer" / "c" / "freezer.state").write_text("FROZEN\n")
    assert cgroups.frozen("0::/a\n")
    assert not cgroups.frozen("0::/b\n")
    assert cgroups.frozen("7:freezer:/c\n0::/\n")
    assert not cgroups.frozen("7:freezer:/d\n0::/d\n")


@pytest.mark.parametrize(
    ("maps", "library"),
    [
        (b"7f r-xp 00 08:01 1   /opt/java-17/lib/server/libjvm.so\n", "/opt/java-17/lib/server/libjvm.so"),
        (b"7f r-xp 00 08:01 1   /a b/lib/server/libjvm.so (deleted)\n", "/a b/lib/server/libjvm.so"),
        (b"7f r 0 0 1 /j/lib/j9vm/libjvm.so\n7f r 0 0 1 /j/lib/default/libj9vm29.so\n", "/j/lib/default/libj9vm29.so"),
        (b"7f r-xp 00 08:01 1   /usr/lib/libc.so.6\n7f rw-p 00 00:00 0\n", None),
        (b"7f r-xp 00 08:01 1   /srv/libjvm.so.bak\n", None),
        (b"", None),
    ],
)
def test_the_library_of_a_vm_in_maps(maps: bytes, library: str | None) -> None:
    assert runtimes.library(maps) == library


@pytest.mark.parametrize(
    ("path", "version", "variant", "major", "vm"),
    [
        ("/j/lib/server/libjvm.so", "17.0.15", None, 17, "HotSpot"),
        ("/j/lib/amd64/server/libjvm.so", "1.8.0_442", "Hotspot", 8, "HotSpot"),
        ("/j/lib/server/libjvm.so", "25", "Hotspot", 25, "HotSpot"),
        ("/j/lib/default/libj9vm29.so", "11.0.20", "Openj9", 11, "OpenJ9"),
        ("/usr/lib/jvm/java-1.8.0-openjdk/jre/lib/amd64/server/libjvm.so", None, None, 8, "HotSpot"),
        ("/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so", None, None, 17, "HotSpot"),
        ("/opt/jdk-21.0.8+9/lib/server/libjvm.so", None, None, 21, "HotSpot"),
        ("/opt/java/lib/server/libjvm.so", None, None, None, "HotSpot"),
    ],
)
def test_release_and_vm_of_a_runtime(
    path: str, version: str | None, variant: str | None, major: int | None, vm: str
) -> None:
    names = {key: value for key, value in (("JAVA_VERSION", version), ("JVM_VARIANT", variant)) if value}
    told = runtimes.described(path, names, "/j" if version else None)
    assert (told["major"], told["version"], told["vm"]) == (major, version, vm)


def client(state: str, jar: str = "/srv/lib/rocketmq-remoting-4.8.0.jar") -> dict[str, Any]:
    return {"state": state, "jar": jar}


@pytest.mark.parametrize(
    ("states", "words", "value", "why"),
    [
        (["off"], "", "off", "rocketmq-remoting-4.8.0.jar constructs it off, whatever the property says"),
        (["off"], f"-D{options.PROPERTY}=true", "off", "whatever the property says"),
        (["on"], "", "on", "constructs it on"),
        (["property"], "", "on", "true by default"),
        (["property"], f"-D{options.PROPERTY}=true", "on", "says true"),
        (["property"], f"-D{options.PROPERTY}=false", "off", "says false"),
        (["property"], f"-D{options.PROPERTY}=false -javaagent:/o/opskit-agent-1.jar=on", "off", "says false"),
        (
            ["property"],
            f"-D{options.PROPERTY}=false -javaagent:/o/opskit-agent-1.jar=on,mode=every",
            "off",
            "says false",
        ),
        (["off", "property"], f"-D{options.PROPERTY}=false -javaagent:/o/opskit-agent-1.jar=on", "off", "says false"),
        (["off", "property"], "-javaagent:/o/opskit-agent-1.jar=on", "on", "opskit's agent"),
        (["absent"], "", "unknown", "has no such setting"),
        (["unknown"], "", "unknown", "is not understood"),
        ([], "", "unknown", "no jar that it holds open or names has a RocketMQ client"),
        (["off"], "-javaagent:/o/opskit-agent-1.jar=on", "on", "opskit's agent"),
        (["off"], "-javaagent:/o/opskit-agent-1.jar=off", "off", "constructs it off"),
        (["off"], "-javaagent:/o/apm.jar=on", "off", "constructs it off"),
        (["unknown"], "-javaagent:/o/opskit-agent-1.jar=on", "unknown", "is not understood"),
        (["on", "off"], "", "off", "constructs it off"),
        (["on", "unknown"], "", "unknown", "is not understood"),
        (["on", "property"], "", "on", "constructs it on"),
    ],
)
def test_what_a_new_client_gets(states: list[str], words: str, value: str, why: str) -> None:
    given = options.facts(options.Launch(words.split(), [], ""), {})
    told = discover.constructed([client(state) for state in states], given)
    assert told["value"] == value
    assert why in told["why"]


@pytest.mark.parametrize(
    ("manifest", "paths"),
    [
        (b"Manifest-Version: 1.0\r\nClass-Path: lib/a.jar lib/b%20c.jar\r\n", ["/srv/lib/a.jar", "/srv/lib/b c.jar"]),
        (b"Class-Path: lib/remo\r\n ting.jar ../x.jar\nMain-Class: A\n", ["/srv/lib/remoting.jar", "/x.jar"]),
        (b"Class-Path: file:/opt/a.jar https://example.com/b.jar\n", ["/opt/a.jar"]),
        (b"Main-Class: A\n", []),
        (b"", []),
    ],
)
def test_the_class_path_of_a_manifest(manifest: bytes, paths: list[str]) -> None:
    assert classpath.of_manifest(manifest, "/srv/orders.jar") == paths


def test_wildcards_manifests_and_folders_of_a_class_path(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    for name in ("a.jar", "b.jar", "notes.txt"):
        (tmp_path / "lib" / name).touch()
    manifests = {
        f"{tmp_path}/app.jar": b"Class-Path: lib/a.jar app.jar\n",
        f"{tmp_path}/lib/a.jar": b"Class-Path: b.jar ../app.jar ../more.jar\n",
    }
    given = [f"{tmp_path}/app.jar", f"{tmp_path}/lib/*", f"{tmp_path}/classes", f"{tmp_path}/gone/*"]
    found = classpath.elements(ME, given, lambda path: manifests.get(path, b""))
    assert found.jars == [f"{tmp_path}/{name}" for name in ("app.jar", "lib/a.jar", "lib/b.jar", "more.jar")]
    assert found.folders == [f"{tmp_path}/classes"]


def test_a_class_path_is_relative_to_the_folder_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert classpath.elements(ME, [".", "a.jar"], lambda path: b"") == ([f"{tmp_path}/a.jar"], [str(tmp_path)])


def test_links_are_followed_below_the_root_of_the_process_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its root is a folder here, as it is for a container."""
    root = tmp_path / "proc" / "7" / "root"
    (root / "opt" / "lib").mkdir(parents=True)
    (root / "opt" / "lib" / "a.jar").write_bytes(b"own")
    (tmp_path / "outside").write_bytes(b"host's")
    for name, target in (
        ("absolute", "/opt/lib/a.jar"),
        ("up", "../../../../../opt/lib/a.jar"),
        ("host", f"{tmp_path}/outside"),
        ("loop", "loop"),
        ("folder", "opt/../opt"),
    ):
        (root / name).symlink_to(target)
    monkeypatch.setattr(roots, "PROC", str(tmp_path / "proc"))
    for path in ("/opt/lib/a.jar", "/absolute", "/up", "/folder/lib/a.jar", "/../opt/./lib/a.jar"):
        assert roots.read(7, path, 100) == b"own"
    for path in ("/host", "/loop", "/gone", "/absolute/x"):
        with pytest.raises(OSError, match=r".+"):
            roots.read(7, path, 100)


@pytest.mark.parametrize(
    ("root", "link", "own"),
    [
        ("/", "/srv/a.jar", "/srv/a.jar"),
        ("/", "/srv/a.jar (deleted)", "/srv/a.jar"),
        ("/chroot", "/chroot/srv/a.jar", "/srv/a.jar"),
        ("/chroot", "/chroots/a.jar", "/chroots/a.jar"),
    ],
)
def test_a_path_is_told_as_the_process_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str, link: str, own: str
) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "root").symlink_to(root)
    monkeypatch.setattr(roots, "PROC", str(tmp_path))
    assert roots.own_path(7, link) == own


SS = """State Recv-Q Send-Q        Local Address:Port       Peer Address:Port Process
ESTAB 0      0               10.89.0.1:55426        10.89.0.10:9876 timer:(keepalive,1sec,0) uid:1000 ino:41 sk:1 <->
\t ts sack cubic wscale:10,10 rto:208 lastsnd:2084 lastrcv:12088 lastack:2084 pacing_rate 9bps
ESTAB 0      0      [::ffff:10.89.0.1]:55428 [::ffff:10.89.0.10]:9876 ino:42 sk:2 <->
\t cubic lastsnd:28 lastrcv:27
ESTAB 0      0             [fd00::1]:55430           [fd00::2]:9876 uid:1000 ino:43 sk:3 <->
\t cubic lastrcv:27
SYN-SENT 0   1               10.89.0.1:55432        10.89.0.11:9876 uid:1000 ino:44 sk:4 <->
\t cubic rto:1000
ESTAB 0      0               10.89.0.1:55434        10.89.0.10:9876
FIN-WAIT-2 0 0               10.89.0.1:55433        10.89.0.11:9876 ino:0 sk:5
\t\x20
ESTAB 0      0               10.89.0.1:55435        10.89.0.10:9876 ino:46 sk:6 <->
\t cubic lastsnd:1 lastrcv:2
"""


def test_connections_as_ss_prints_them() -> None:
    assert flows.parse(SS) == [
        ("41", "10.89.0.1:55426", "10.89.0.10:9876", 2084, 12088),
        ("42", "10.89.0.1:55428", "10.89.0.10:9876", 28, 27),
        ("43", "[fd00::1]:55430", "[fd00::2]:9876", 0, 27),
        ("46", "10.89.0.1:55435", "10.89.0.10:9876", 1, 2),
    ]


def flow(sent_ms: int, received_ms: int) -> flows.Flow:
    return flows.Flow("41", "a:1", "b:2", sent_ms, received_ms)


@pytest.mark.parametrize(
    ("story", "first", "second", "stuck"),
    [
        ("12 s into a hang, asked each second, measured", flow(2084, 12088), None, True),
        ("an idle client, 25 s after its poll", flow(25004, 25000), None, False),
        ("a poll each 30 s that was just sent", flow(2, 30002), flow(998, 996), False),
        ("a poll each 30 s, sent when the server hangs", flow(2, 30002), flow(1002, 31002), True),
        ("a question each second for 4 s of a hang", flow(100, 4100), None, False),
        ("many questions a second, 10 s into a hang", flow(3, 10003), flow(5, 11005), True),
        ("a slow answer that came between the looks", flow(900, 9000), flow(400, 300), False),
        ("a connection that was never used", flow(60000, 60000), None, False),
        ("only received, as a broker's push", flow(60000, 10), None, False),
        ("hung for an hour, polled each 30 s", flow(20000, 3600000), None, True),
        ("a new connection whose first question waits", flow(200, 6000), flow(1200, 7000), True),
    ],
)
def test_a_flow_is_stuck_when_a_question_long_after_the_last_answer_has_none(
    story: str, first: flows.Flow, second: flows.Flow | None, stuck: bool
) -> None:
    assert (flows.answered(first) or flows.stuck(first)) is (second is None)
    assert (flows.stuck(first) or (second is not None and flows.stuck_since(first, second))) is stuck


def test_without_ports_nothing_is_asked() -> None:
    assert flows.of(ME, []) == []


@pytest.mark.parametrize("failure", [FileNotFoundError(2, "No such file", "ss"), PermissionError(1, "no", "nsenter")])
def test_connections_that_cannot_be_seen_are_told(failure: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(flows.subprocess, "run", fail)
    found, unknown = flows.of_all({ME: {}}, [9876])
    assert found == {ME: []}
    assert unknown[ME].startswith("its connections are unknown: ")


def test_a_jvm_of_another_user_is_named_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(pid: int) -> None:
        raise PermissionError(13, "Permission denied", f"/proc/{pid}/maps")

    texts = {
        "cmdline": "/usr/bin/java\0-cp\0a.jar\0com.example.Orders\0--token=hidden\0",
        "status": f"Pid:\t{ME}\nUid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nSigCgt:\t0\n",
        "cgroup": "0::/system.slice/orders.service\n",
    }
    monkeypatch.setattr(discover.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(discover.process, "runtime", closed)
    monkeypatch.setattr(discover.process, "text", lambda pid, name: texts[name])
    monkeypatch.setattr(discover.os, "listdir", lambda path: [str(ME), "sys"])
    found, refused = discover.sweep([9876])
    assert [(jvm["main"], jvm["unit"], jvm["unread"]) for jvm in found] == [
        ("com.example.Orders", "orders.service", "it is another user's: set ansible_become: true, for sudo")
    ]
    assert found[0]["constructed"]["value"] == "unknown"
    assert refused == [
        "other users' processes, 1 of them, could not be looked into: set ansible_become: true, for sudo"
    ]
    assert "hidden" not in str(found)
    assert found[0]["start_ticks"] == getattr(processes.look(ME), "start_ticks", None)
