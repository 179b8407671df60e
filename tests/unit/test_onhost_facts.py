"""What a look at a host tells of its files, folders, units, memory, kernel and clock."""

import hashlib
import os
import stat
import struct
from pathlib import Path
from typing import Any

import javaproperties
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.observe.facts import Clock, FileFacts, FolderFacts, Memory, UnitFacts
from opskit.onhost.errors import FaultError
from opskit.onhost.facts import bounded, machine, paths, properties, units
from opskit.onhost.jvm import roots

GIB = 1 << 30


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("a=1\nb = 2\nc:3\nd 4\ne\n", {"a": "1", "b": "2", "c": "3", "d": "4", "e": ""}),
        ("# no\n! no\n   # no\n\n\t\na=1", {"a": "1"}),
        ("a=1\na=2\n", {"a": "2"}),
        ("a=one\\\n   two\\\n\tthree\nb=2", {"a": "onetwothree", "b": "2"}),
        ("a=one\\\n#two\n", {"a": "one#two"}),
        ("a=one\\\n\nb=2", {"a": "one", "b": "2"}),
        ("a=one\\\\\nb=2", {"a": "one\\", "b": "2"}),
        ("a=one\\", {"a": "one"}),
        ("\\\n\na=1", {"a": "1"}),
        ("a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}),
        ("a\\ b\\=c=d\\:e=f", {"a b=c": "d:e=f"}),
        ("a=\\t\\n\\q\\u0041", {"a": "\t\nqA"}),
        ("a = = b ", {"a": "= b "}),
        (" a  :  b", {"a": "b"}),
        ("a=\\ud83d\\ude00", {"a": "😀"}),
        ("a=\\ud83d!", {"a": "\ufffd!"}),
        ("a=ü", {"a": "Ã¼"}),
        ("=a\n", {"": "a"}),
    ],
)
def test_properties_are_read_as_java_reads_them(text: str, settings: dict[str, str]) -> None:
    assert properties.parse(text.encode()) == settings


@given(st.text(st.sampled_from(list("ab=: \t\\#!\n\r\fu0")), max_size=30))
def test_another_reader_of_properties_agrees(text: str) -> None:
    try:
        expected = javaproperties.loads(text)
    except javaproperties.InvalidUEscapeError:
        with pytest.raises(properties.PropertiesError):
            properties.parse(text.encode())
    else:
        assert properties.parse(text.encode()) == expected


@pytest.mark.parametrize("key", ["aclSecret", "tls.keyPassword", "my password", "a:secret:b", "initAuthenticationUser"])
def test_what_is_secret_by_its_name_is_masked(key: str) -> None:
    assert properties.masked({key: "hidden", "listenPort": "1"}) == {key: "********", "listenPort": "1"}


def test_a_file_is_told_with_its_properties(tmp_path: Path) -> None:
    conf = tmp_path / "broker.conf"
    conf.write_text("brokerName=a\naccountPassword=hidden\n")
    conf.chmod(0o640)
    told = FileFacts.model_validate(paths.file(str(conf), True))
    assert (told.exists, told.kind, told.mode, told.error) == (True, "file", "0640", "")
    assert told.sha256 == hashlib.sha256(conf.read_bytes()).hexdigest()
    assert told.modified == conf.stat().st_mtime
    assert told.settings == {"brokerName": "a", "accountPassword": "********"}
    assert paths.file(str(conf), False).get("settings") is None


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"a=\xff\n", "not UTF-8 at byte 2"),
        (b"a=\\u12\n", "Java refuses the whole file"),
        (b"a" * ((1 << 20) + 1), "larger than 1 MiB, so its settings"),
    ],
)
def test_settings_that_cannot_be_read_are_an_error_of_that_file(tmp_path: Path, content: bytes, error: str) -> None:
    (tmp_path / "broker.conf").write_bytes(content)
    told = FileFacts.model_validate(paths.file(str(tmp_path / "broker.conf"), True))
    assert error in told.error
    assert told.settings is None
    assert told.sha256 == hashlib.sha256(content).hexdigest()


def test_kinds_of_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a=1")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("gone")
    os.mkfifo(tmp_path / "pipe")
    told = {
        name: FileFacts.model_validate(paths.file(f"{tmp_path}/{name}", True))
        for name in ("file", "link", "nowhere", "pipe", ".", "gone", "file/x")
    }
    assert {name: one.exists for name, one in told.items() if not one.exists} == {"gone": False, "file/x": False}
    assert (told["link"].kind, told["link"].sha256, told["link"].settings) == ("link", told["file"].sha256, {"a": "1"})
    assert (told["nowhere"].kind, told["nowhere"].error) == ("link", "it leads nowhere: No such file or directory")
    assert (told["pipe"].kind, told["pipe"].sha256) == ("other", None)
    assert (told["."].kind, told["."].sha256) == ("folder", None)


def test_a_link_that_another_user_made_tells_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shadow").write_text("root:hash")
    (tmp_path / "broker.conf").symlink_to("shadow")
    real = os.lstat(tmp_path / "broker.conf")
    made = os.stat_result((*real[: stat.ST_UID], 54321, *real[stat.ST_UID + 1 :]))
    monkeypatch.setattr(paths.os, "lstat", lambda path: made)
    told = FileFacts.model_validate(paths.file(str(tmp_path / "broker.conf"), True))
    assert told.settings is None
    assert "link of one user to another's file" in told.error


def test_what_is_put_in_its_place_meanwhile_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shadow").write_text("root:hash")
    (tmp_path / "broker.conf").write_text("a=1")
    real = paths.os.open

    def swapped(path: str, *given: Any) -> int:
        (tmp_path / "broker.conf").unlink()
        (tmp_path / "broker.conf").symlink_to("shadow")
        return real(path, *given)

    monkeypatch.setattr(paths.os, "open", swapped)
    told = FileFacts.model_validate(paths.file(str(tmp_path / "broker.conf"), True))
    assert (told.settings, told.sha256) == (None, None)
    assert "replaced while it was looked at" in told.error


def test_a_file_that_may_not_be_seen_may_or_may_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(paths.os, "lstat", closed)
    told = FileFacts.model_validate(paths.file("/root/x", True))
    assert told.exists is None
    assert told.error == "the SSH user may not touch /root/x: set ansible_become: true, for sudo"


def test_a_file_that_may_not_be_read_has_an_owner_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: str, *_: Any) -> int:
        raise PermissionError(13, "Permission denied", path)

    (tmp_path / "broker.conf").touch(0o600)
    monkeypatch.setattr(paths.os, "open", closed)
    told = FileFacts.model_validate(paths.file(str(tmp_path / "broker.conf"), True))
    assert (told.exists, told.mode, told.sha256) == (True, "0600", None)
    assert "may not touch" in told.error


def space(blocks: int, free: int, available: int, inodes: int) -> os.statvfs_result:
    return os.statvfs_result((4096, 4096, blocks, free, available, inodes, inodes // 2, inodes // 4, 0, 255))


def test_a_disk_is_as_full_as_df_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths.os, "statvfs", lambda path: space(1000, 300, 250, 400))
    told = FolderFacts.model_validate(paths.folder(str(tmp_path / "not" / "yet")))
    assert (told.exists, told.owner, told.total_bytes) == (False, None, 4096000)
    assert told.used_ratio == pytest.approx(700 / 950)
    assert told.inodes_used_ratio == pytest.approx(200 / 300)
    monkeypatch.setattr(paths.os, "statvfs", lambda path: space(0, 0, 0, 0))
    told = FolderFacts.model_validate(paths.folder(str(tmp_path)))
    assert (told.exists, told.used_ratio, told.inodes_used_ratio) == (True, 0.0, None)
    assert told.mode == f"{stat.S_IMODE(tmp_path.stat().st_mode):04o}"


SHOWN = """\
LoadState=loaded
ActiveState=active
UnitFileState=enabled
MainPID=123
DropInPaths=/etc/systemd/system/a.service.d/1.conf /run/systemd/system/a.service.d/2.conf
NeedDaemonReload=yes
User=rocketmq
Restart=on-failure
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes

LoadState=not-found
ActiveState=inactive
UnitFileState=
MainPID=0
DropInPaths=
NeedDaemonReload=no
"""


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl of the test's own: what it says is for the test to write."""
    monkeypatch.setattr(units, "BOOTED", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "shown").write_text(SHOWN)
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncat {tmp_path}/shown\n')
    program.chmod(0o755)
    return program


def test_all_units_are_asked_for_at_once(systemctl: Path) -> None:
    found = {name: UnitFacts.model_validate(one) for name, one in units.look(["a.service", "b.service"]).items()}
    assert systemctl.with_name("asked").read_text().splitlines()[0].endswith(" -- a.service b.service")
    assert found["a.service"] == UnitFacts(
        load_state="loaded",
        active_state="active",
        enabled="enabled",
        main_pid=123,
        drop_ins=("/etc/systemd/system/a.service.d/1.conf", "/run/systemd/system/a.service.d/2.conf"),
        changed=True,
        user="rocketmq",
        restart="on-failure",
        no_new_privileges=True,
        protect_system="strict",
        protect_home="yes",
        private_tmp=True,
    )
    assert found["b.service"] == UnitFacts(load_state="not-found", active_state="inactive")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo Failed to connect to bus: Host is down >&2; exit 1", "Failed to connect to bus: Host is down"),
        ("echo LoadState=loaded", "it told of other units than were asked for"),
        ("exec sleep 60", "did not end within 0.3 s"),
    ],
)
def test_a_systemd_that_does_not_answer(
    systemctl: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    systemctl.write_text(f"#!/bin/sh\n{script}\n")
    monkeypatch.setattr(units, "MOST_SECONDS", 0.3)
    with pytest.raises(FaultError, match=said):
        units.look(["a.service", "b.service"])


def test_a_host_without_systemd_starts_no_program(systemctl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemctl.unlink()
    monkeypatch.setenv("PATH", str(systemctl.parent))
    with pytest.raises(FaultError, match="there is no systemctl"):
        units.look(["a.service"])
    monkeypatch.setattr(units, "BOOTED", str(systemctl.parent / "gone"))
    with pytest.raises(FaultError, match="systemd does not run this host"):
        units.look(["a.service"])


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The roots of a host of one's own: proc, cgroup, run."""
    monkeypatch.setattr(roots, "PROC", str(tmp_path / "proc"))
    monkeypatch.setattr(machine, "CGROUPS", str(tmp_path / "cgroup"))
    monkeypatch.setattr(machine, "RUN", str(tmp_path / "run"))
    monkeypatch.setattr(machine, "MARKS", ((str(tmp_path / "run/.containerenv"), "podman"),))
    write(tmp_path, "proc/1/environ", "HOME=/\0")
    (tmp_path / "proc/self/ns").mkdir(parents=True)
    (tmp_path / "proc/self/ns/pid").symlink_to("pid:[4026532000]")
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


MEMINFO = """\
MemTotal:       16777216 kB
MemFree:         1048576 kB
MemAvailable:    8388608 kB
Cached:          4194304 kB
SwapTotal:       2097152 kB
SwapFree:        1048576 kB
HugePages_Total:       0
"""
UNLIMITED = "9223372036854771712\n"


@pytest.mark.parametrize(
    ("files", "memory"),
    [
        ({}, (16, 8, 2, 1)),
        ({"memory.stat": "inactive_file 5\n"}, (16, 8, 2, 1)),
        ({"memory.max": "max\n", "memory.current": str(9 * GIB), "memory.swap.max": "max\n"}, (16, 8, 2, 1)),
        (
            {
                "memory.max": str(4 * GIB),
                "memory.current": str(3 * GIB),
                "memory.stat": f"anon 1\ninactive_file {GIB}\n",
                "memory.swap.max": "0\n",
                "memory.swap.current": "0\n",
            },
            (4, 2, 0, 0),
        ),
        ({"memory.max": str(32 * GIB), "memory.current": "0\n"}, (16, 8, 2, 1)),
        (
            {
                "memory/memory.limit_in_bytes": str(4 * GIB),
                "memory/memory.usage_in_bytes": str(3 * GIB),
                "memory/memory.stat": f"total_inactive_file {GIB}\ntotal_swap {GIB // 2}\n",
                "memory/memory.memsw.limit_in_bytes": str(5 * GIB),
            },
            (4, 2, 1, 0.5),
        ),
        (
            {
                "memory/memory.limit_in_bytes": UNLIMITED,
                "memory/memory.usage_in_bytes": str(3 * GIB),
                "memory/memory.memsw.limit_in_bytes": UNLIMITED,
            },
            (16, 8, 2, 1),
        ),
    ],
)
def test_memory_is_that_of_the_machine_or_of_its_container(
    host: Path, files: dict[str, str], memory: tuple[float, ...]
) -> None:
    write(host, "proc/meminfo", MEMINFO)
    for name, text in files.items():
        write(host, f"cgroup/{name}", text)
    told = Memory.model_validate(machine.limited(machine.memory()))
    shown = (told.total, told.available, told.swap_total, told.swap_used)
    assert shown == tuple(int(one * GIB) for one in memory)


def test_settings_of_the_kernel(host: Path) -> None:
    write(host, "proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n")
    write(host, "proc/sys/vm/swappiness", "60\n")
    assert machine.sysctl(["net.ipv4.tcp_rmem", "vm.swappiness", "vm.gone"]) == (
        {"net.ipv4.tcp_rmem": "4096 131072 6291456", "vm.swappiness": "60"},
        [],
    )


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({}, "other"),
        ({"run/systemd/container": "lxc\n", "run/.containerenv": ""}, "lxc"),
        ({"run/.containerenv": ""}, "podman"),
        ({"proc/1/environ": "HOME=/\0container=docker\0"}, "docker"),
    ],
)
def test_the_container_that_a_host_is(host: Path, files: dict[str, str], kind: str) -> None:
    for name, text in files.items():
        write(host, name, text)
    assert machine.container() == kind


def test_an_image_of_a_container_that_runs_as_a_machine_is_a_machine(host: Path) -> None:
    write(host, "run/.containerenv", "")
    (host / "proc/self/ns/pid").unlink()
    (host / "proc/self/ns/pid").symlink_to(machine.FIRST_PIDS)
    assert machine.container() is None


@pytest.mark.parametrize(
    ("state", "status", "synchronized"),
    [(0, 0x2001, True), (1, 0x2001, True), (5, 0x2001, False), (0, 0x2041, False), (5, 0x40, False)],
)
def test_what_the_kernel_says_of_its_clock(state: int, status: int, synchronized: bool) -> None:
    timex = struct.pack("@Illlli", 0, 5, 0, 2500, 0, status) + bytes(100)
    told = Clock.model_validate(machine.told_clock(state, timex))
    assert (told.synchronized, told.error_seconds) == (synchronized, 0.0025 if synchronized else None)


def test_this_very_clock_can_be_asked() -> None:
    told = Clock.model_validate(machine.clock())
    assert told.synchronized is not None or told.why


def test_one_question_that_hangs_costs_the_others_nothing() -> None:
    def hang() -> None:
        os.read(reads, 1)

    def fail() -> None:
        raise OSError(5, "Input/output error")

    reads, writes = os.pipe()
    asked = bounded.Asked(0.2)
    asked.put("hangs", hang)
    asked.put("fails", fail)
    asked.put("answers", lambda: 7)
    assert [asked.get(key) for key in ("hangs", "fails", "answers")] == [
        bounded.Outcome(None, "no answer within 0.2 s"),
        bounded.Outcome(None, "OSError: [Errno 5] Input/output error"),
        bounded.Outcome(7),
    ]
    os.close(writes)


def test_a_host_that_has_no_more_threads_answers_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(bounded._thread, "start_new_thread", refuse)
    asked = bounded.Asked(1)
    asked.put("answers", lambda: 7)
    assert asked.get("answers").value == 7
