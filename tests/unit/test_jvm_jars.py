"""Every client in a jar, within bounds."""

import io
import struct
import time
import zipfile
import zlib

import pytest
from jar_cases import (
    ENTRY,
    MANIFEST,
    OFFSET,
    PACKAGE,
    POM,
    boot,
    jar,
    made,
    patched,
    real,
    relocated,
    remoting,
    signature,
    zip64,
)

from opskit.onhost.jvm import jars, zips
from opskit.onhost.jvm.jars import Found, JarError

SHADED = "my/shaded/rocketmq/"
VERSION = "common/MQVersion.class"


def clients(data: bytes) -> list[Found]:
    return jars.clients(io.BytesIO(data))


def complaint(data: bytes) -> JarError:
    with pytest.raises(JarError) as raised:
        clients(data)
    return raised.value


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize("release", ["4.8.0", "4.9.4", "5.4.0"])
def test_a_thin_jar_is_read(release: str, described: bool) -> None:
    (found,) = clients(remoting(release, described=described))
    assert (found.entry, found.release, found.signed) == (ENTRY, release, False)
    assert found.setting.state == ("off" if release == "4.8.0" else "property")
    assert (found.patchable is None) == (release == "4.8.0")


NESTED = {
    "Spring Boot, stored": (
        boot({"rocketmq-remoting-4.8.0.jar": remoting()}),
        "BOOT-INF/lib/rocketmq-remoting-4.8.0.jar",
    ),
    "a war, deflated": (jar(("WEB-INF/lib/r.jar", remoting())), "WEB-INF/lib/r.jar"),
    "a war in an ear": (jar(("a.war", jar(("WEB-INF/lib/r.JAR", remoting())))), "a.war!/WEB-INF/lib/r.JAR"),
    "three deep": (boot({"a.jar": jar(("b.jar", jar(("c.jar", remoting()))))}), "BOOT-INF/lib/a.jar!/b.jar!/c.jar"),
}


@pytest.mark.parametrize("case", NESTED)
def test_nested_jars_are_read(case: str) -> None:
    data, path = NESTED[case]
    (found,) = clients(data)
    assert (found.entry, found.release, found.patchable) == (f"{path}!/{ENTRY}", "4.8.0", None)


def test_a_launch_script_before_the_jar_does_not_matter() -> None:
    (found,) = clients(b"#!/bin/sh\nexec java -jar $0\n" + boot({"r.jar": remoting()}))
    assert found.setting.offset == OFFSET


def test_bytes_behind_the_jar_do_not_matter_as_a_jvm_allows_them() -> None:
    assert len(clients(remoting() + b"padding")) == 1


def test_relocated_and_original_side_by_side_each_with_its_own_release() -> None:
    data = jar(
        (SHADED + "remoting/netty/NettyClientConfig.class", relocated(real("4.8.0"), SHADED)),
        (SHADED + VERSION, relocated(real("4.8.0", "MQVersion"), SHADED)),
        (ENTRY, real("5.4.0")),
        (PACKAGE + VERSION, real("5.4.0", "MQVersion")),
        (POM, b"version=5.4.0\n"),
    )
    assert [(one.setting.state, one.release) for one in clients(data)] == [("off", "4.8.0"), ("property", "5.4.0")]


RELEASES = {
    "Maven's record": ((POM, b"#x\nversion=4.8.0\n"), "4.8.0"),
    "of another artifact of the client": ((POM.replace("remoting", "client"), b"version=4.9.0\r\n"), "4.9.0"),
    "MQVersion": ((PACKAGE + VERSION, real("4.8.0", "MQVersion")), "4.8.0"),
    "a record without a version": ((POM, b"groupId=x\n"), None),
    "a record of somebody else": ((POM.replace("rocketmq-remoting", "other"), b"version=1.2.3\n"), None),
}


@pytest.mark.parametrize("case", RELEASES)
def test_the_release_is_what_something_sound_says(case: str) -> None:
    entry, release = RELEASES[case]
    assert [one.release for one in clients(jar((ENTRY, real("4.8.0")), entry))] == [release]


def test_two_maven_records_contradict_each_other_so_mqversion_decides() -> None:
    other = POM.replace("org.apache.rocketmq", "com.example.fork")
    data = jar(
        (ENTRY, real("4.8.0")),
        (POM, b"version=4.9.7\n"),
        (other, b"version=1.0\n"),
        (PACKAGE + VERSION, real("4.8.0", "MQVersion")),
    )
    assert [one.release for one in clients(data)] == ["4.8.0"]


def test_the_name_of_a_nested_jar_is_the_last_resort() -> None:
    (found,) = clients(boot({"rocketmq-remoting-4.7.1.jar": jar((ENTRY, real("4.8.0")))}))
    assert found.release == "4.7.1"


def test_a_multi_release_jar_has_two() -> None:
    data = jar((ENTRY, real("4.8.0")), ("META-INF/versions/11/" + ENTRY, patched(real("4.8.0"))))
    assert [one.setting.state for one in clients(data)] == ["off", "on"]


@pytest.mark.parametrize("block", ["RSA", "dsa", "EC"])
def test_a_signed_jar_is_told_and_not_to_be_patched(block: str) -> None:
    inner, outer = remoting("4.8.0", *signature(block=block)), boot({"r.jar": remoting()}, *signature(block=block))
    for data in (inner, boot({"r.jar": inner}), outer):
        (found,) = clients(data)
        assert found.signed and found.patchable == "the jar is signed, and a JVM refuses a changed class in it"


def test_a_signed_jar_beside_it_does_not_matter() -> None:
    (found,) = clients(boot({"r.jar": remoting(), "s.jar": jar(MANIFEST, *signature())}))
    assert not found.signed and found.patchable is None


def test_a_signature_file_without_its_block_is_none() -> None:
    (found,) = clients(remoting("4.8.0", signature()[0], ("META-INF/OTHER.RSA", b"0")))
    assert not found.signed


def symlink() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(ENTRY, real("4.8.0"))
        link = zipfile.ZipInfo("etc")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def doubled() -> bytes:
    """Two records of the directory for one entry."""
    data = jar((ENTRY, real("4.8.0")))
    end = data.rindex(b"PK\5\6")
    size, offset = struct.unpack_from("<II", data, end + 12)
    record = data[offset:end]
    return data[:end] + record + struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, 2, 2, 2 * size, offset, 0)


REFUSED = {
    "zip64": (zip64(jar((ENTRY, real("4.8.0")))), "is a zip64 file"),
    "a name that climbs": (
        jar((ENTRY, real("4.8.0")), ("../../etc/cron.d/x", b"")),
        "leads out of it: ../../etc/cron.d/x",
    ),
    "an absolute name": (jar((ENTRY, real("4.8.0")), ("/etc/cron.d/x", b"")), "leads out of it: /etc/cron.d/x"),
    "a symbolic link": (symlink(), "has a symbolic link in it: etc"),
    "entries over each other": (doubled(), "has entries that lie over each other"),
    "a state not understood": (jar(("a/b/NettyClientConfig.class", made(lambda pool: b"\xb1"))), "not one that opskit"),
    "no such setting": (
        jar((ENTRY, made(lambda pool: b"\xb1", name=ENTRY[:-6], field=None))),
        "this release has no such setting",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_must_not_be_patched_is_read_all_the_same_and_says_why(case: str) -> None:
    data, reason = REFUSED[case]
    for found in clients(data):
        assert reason in (found.patchable or "")
    nested = clients(boot({"r.jar": data}))
    assert nested and all(reason in (found.patchable or "") for found in nested)


def spoilt(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def encrypted(data: bytes) -> bytes:
    """The flag on every record of the directory."""
    out = bytearray(data)
    for entry in zips.Archive(zips.Window(io.BytesIO(data), 0, len(data))).entries():
        at = data.rindex(b"PK\5\6")
        offset = struct.unpack_from("<I", data, at + 16)[0]
        out[offset + entry.record + 8] |= 1
    return bytes(out)


def bomb(size: int = 64 << 20) -> bytes:
    """A nested jar that inflates to a thousand times its size."""
    return jar(("lib/bomb.jar", b"\0" * size))


def lying(claimed: int) -> bytes:
    """A nested jar that inflates to more than its record says."""
    data = jar(("lib/bomb.jar", b"\0" * (8 << 20)))
    at = data.rindex(b"PK\1\2")
    return spoilt(data, at + 24, struct.pack("<I", claimed))


BROKEN = {
    "nothing": (b"", "the jar: it is no zip file"),
    "text": (b"not a jar" * 99, "the jar: it is no zip file"),
    "cut off": (remoting()[:-400], "the jar: it is no zip file"),
    "no directory": (b"PK\5\6" + struct.pack("<4HIIH", 0, 0, 1, 1, 46, 0, 0), "directory is not where it should be"),
    "an encrypted class": (encrypted(jar((ENTRY, real("4.8.0")))), f"{ENTRY}: it is encrypted"),
    "another way of packing": (jar((ENTRY, real("4.8.0")), method=zipfile.ZIP_LZMA), "packed by method 14"),
    "a huge class": (jar((ENTRY, b"\0" * (2 << 20))), "it has 2097152 bytes, more than 1048576"),
    "a damaged class": (spoilt(remoting(method=0), 400, b"\xff"), "it is not what its checksum says"),
    "a bomb": (bomb(), "lib/bomb.jar: it is packed too well for a jar: a bomb"),
    "a bomb that lies": (lying(9000), "lib/bomb.jar: it is not what its checksum says"),
    "too deep": (
        jar(("a.jar", jar(("b.jar", jar(("c.jar", jar(("d.jar", b"")))))))),
        "a.jar!/b.jar!/c.jar!/d.jar: it is nested deeper than 3 times",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_read_is_one_sentence_within_a_second(case: str) -> None:
    data, sentence = BROKEN[case]
    began = time.thread_time()
    assert sentence in str(complaint(data))
    assert time.thread_time() - began < 1


def test_clients_beside_a_damaged_jar_are_found_all_the_same() -> None:
    error = complaint(boot({"broken.jar": b"PK", "r.jar": remoting(), "also.jar": b""}))
    assert str(error) == "BOOT-INF/lib/broken.jar: it is no zip file, and 1 more like it"
    assert [one.release for one in error.found] == ["4.8.0"]


def test_the_budget_ends_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "TOTAL_BYTES", 1000)
    error = complaint(boot({f"{n}.jar": remoting() for n in range(9)}))
    assert "more than 1000 bytes or 10 s would be needed" in str(error)
    assert "more like it" not in str(error)


def test_a_jar_of_many_huge_classes_is_within_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "TOTAL_BYTES", 3 << 20)
    error = complaint(jar(*((f"{n}/NettyClientConfig.class", b"\0" * (1 << 20)) for n in range(9))))
    assert str(error).startswith("2/NettyClientConfig.class: more than 3145728 bytes")


def test_so_does_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "SECONDS", -1.0)
    assert "would be needed to read all of it" in str(complaint(remoting()))


def test_a_fat_jar_of_many_libraries_is_read_fast() -> None:
    library = jar(*((f"com/example/Class{n}.class", b"\xca\xfe\xba\xbe") for n in range(150)))
    data = boot({**{f"lib{n}.jar": library for n in range(200)}, "r.jar": remoting()})
    began = time.thread_time()
    assert len(clients(data)) == 1
    assert time.thread_time() - began < 0.5


def test_a_checksum_is_compared_in_a_nested_jar_too() -> None:
    inner = remoting(method=0, described=False)
    at = inner.index(real("4.8.0")[:100]) + 3000
    outer = boot({"r.jar": spoilt(inner, at, b"\xff")})
    assert "it is not what its checksum says" in str(complaint(outer))
    assert zlib.crc32(inner) != zlib.crc32(spoilt(inner, at, b"\xff"))
