"""The patch of a jar: one byte, and nothing else."""

import errno
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
from jar_cases import (
    ENTRY,
    MANIFEST,
    OFFSET,
    POM,
    boot,
    changed,
    jar,
    patched,
    real,
    relocated,
    remoting,
    signature,
    zip64,
)

from opskit.onhost.jvm import jars, patching
from opskit.onhost.jvm.patching import PatchError

SHADED = "my/shaded/rocketmq/remoting/netty/NettyClientConfig.class"
SCRIPT = b"#!/bin/sh\nexec java -jar $0\n"
NESTED = f"BOOT-INF/lib/r.jar!/{ENTRY}"


def patch(data: bytes, on: bool = True) -> tuple[list[str], bytes]:
    out = io.BytesIO()
    return patching.change(io.BytesIO(data), out, on), out.getvalue()


def adjusted(data: bytes, before: bytes) -> bytes:
    """A jar with a script before it whose offsets count the script, as `zip -A` makes it."""
    out = bytearray(before + data)
    end = out.rindex(b"PK\5\6")
    at = struct.unpack_from("<I", out, end + 16)[0] + len(before)
    struct.pack_into("<I", out, end + 16, at)
    while at < end:
        names, extras, comment = struct.unpack_from("<HHH", out, at + 28)
        struct.pack_into("<I", out, at + 42, struct.unpack_from("<I", out, at + 42)[0] + len(before))
        at += 46 + names + extras + comment
    return bytes(out)


def unmarked(data: bytes) -> bytes:
    """Its first data descriptor without the mark before it, which a writer may leave out."""
    at = data.index(b"PK\7\x08")
    out = bytearray(data[:at] + data[at + 4 :])
    end = out.rindex(b"PK\5\6")
    directory = struct.unpack_from("<I", out, end + 16)[0] - 4
    struct.pack_into("<I", out, end + 16, directory)
    return bytes(out)


def commented(data: bytes, comment: bytes) -> bytes:
    end = data.rindex(b"PK\5\6")
    return data[: end + 20] + struct.pack("<H", len(comment)) + comment


JARS = {
    "thin, as Maven packs it": (remoting(), [ENTRY]),
    "without data descriptors": (remoting(described=False), [ENTRY]),
    "a data descriptor without its mark": (unmarked(jar((ENTRY, real("4.8.0")), described=True)), [ENTRY]),
    "stored": (remoting(method=0), [ENTRY]),
    "stored, without data descriptors": (remoting(method=0, described=False), [ENTRY]),
    "relocated": (jar(MANIFEST, (SHADED, relocated(real("4.8.0"), "my/shaded/rocketmq/")), ("z", b"z")), [SHADED]),
    "Spring Boot": (boot({"a.jar": jar(MANIFEST), "r.jar": remoting(), "z.jar": jar(MANIFEST)}), [NESTED]),
    "a launch script": (SCRIPT + boot({"r.jar": remoting()}), [NESTED]),
    "a launch script that offsets count": (adjusted(boot({"r.jar": remoting()}), SCRIPT), [NESTED]),
    "a comment": (commented(remoting(), b"built by hand"), [ENTRY]),
    "padding behind": (remoting() + bytes(100), [ENTRY]),
    "a war": (jar(MANIFEST, ("lib/r.jar", remoting()), ("web.xml", b"<web/>")), [f"lib/r.jar!/{ENTRY}"]),
    "three deep": (jar(("a.war", jar(("b.jar", jar(("c.jar", remoting())))))), [f"a.war!/b.jar!/c.jar!/{ENTRY}"]),
    "several, one of them as wanted already": (
        boot(
            {"r.jar": remoting(), "on.jar": jar((ENTRY, patched(real("4.8.0"))))},
            (SHADED, relocated(real("4.8.0"), "my/shaded/rocketmq/")),
            (ENTRY, real("5.4.0")),
        ),
        [NESTED, SHADED],
    ),
}


@pytest.mark.parametrize("case", JARS)
def test_one_byte_of_the_class_changes_and_every_other_entry_stays_byte_for_byte(case: str) -> None:
    data, entries = JARS[case]
    named, after = patch(data)
    assert named == entries
    assert sorted(changed(data, after)) == sorted(entries)
    states = {one.entry: one.setting.state for one in jars.clients(io.BytesIO(after))}
    assert {states[entry] for entry in entries} == {"on"}


@pytest.mark.parametrize("case", JARS)
def test_back_again_gives_every_old_content(case: str) -> None:
    data, entries = JARS[case]
    _, after = patch(data)
    with pytest.raises(PatchError, match="nothing to change, it is on already"):
        patch(after)
    if case.startswith("several"):
        return
    named, back = patch(after, on=False)
    assert named == entries
    assert contents(back) == contents(data)


def contents(data: bytes) -> list[object]:
    """What Python's own reader finds, nested jars opened."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return [
            (one.filename, one.date_time, one.external_attr, one.extra, one.compress_type, one.flag_bits, content)
            for one in archive.infolist()
            for read in [archive.read(one)]
            for content in [contents(read) if one.filename.endswith((".jar", ".war")) else read]
        ]


def test_a_stored_class_keeps_every_place_in_the_jar() -> None:
    data = remoting(method=0, described=False)
    _, after = patch(data)
    differing = [at for at, (old, new) in enumerate(zip(data, after, strict=True)) if old != new]
    assert len(differing) == 9, "the byte, and the checksum in two headers"
    assert after[differing[4]] == 4 and data.index(real("4.8.0")) + OFFSET == differing[4]
    assert patch(after, on=False)[1] == data


def test_a_nested_jar_stays_stored_with_its_right_checksum() -> None:
    _, after = patch(boot({"r.jar": remoting()}))
    with zipfile.ZipFile(io.BytesIO(after)) as archive:
        info = archive.getinfo("BOOT-INF/lib/r.jar")
        assert (info.compress_type, info.compress_size) == (zipfile.ZIP_STORED, info.file_size)
        assert archive.testzip() is None
        with zipfile.ZipFile(io.BytesIO(archive.read(info))) as nested:
            assert nested.read(ENTRY) == patched(real("4.8.0"))


def contradicting() -> bytes:
    """The local header of the class has another checksum than the directory."""
    data = bytearray(remoting(described=False))
    at = data.index(ENTRY.encode()) - 30
    data[at + 14] ^= 0xFF
    return bytes(data)


def wrong_descriptor() -> bytes:
    data = bytearray(jar((ENTRY, real("4.8.0")), described=True))
    data[data.index(b"PK\7\x08") + 5] ^= 0xFF
    return bytes(data)


def wrong_outer_checksum() -> bytes:
    """The nested jar is sound, the fat jar's record of it is not."""
    data = bytearray(boot({"r.jar": remoting()}))
    at = data.rindex(b"BOOT-INF/lib/r.jar") - 46
    data[at + 16] ^= 0xFF
    return bytes(data)


REFUSED = {
    "signed": (remoting("4.8.0", *signature()), f"in {ENTRY}, the jar is signed, and a JVM refuses a changed"),
    "signed around it": (boot({"r.jar": remoting()}, *signature()), "is signed"),
    "one of two signed": (boot({"r.jar": remoting(), "s.jar": remoting("4.8.0", *signature())}), "lib/s.jar!.* signed"),
    "zip64": (zip64(remoting()), "the jar is a zip64 file"),
    "zip64 around it": (zip64(boot({"r.jar": remoting()})), "the jar is a zip64 file"),
    "a name that climbs": (remoting("4.8.0", ("a/../../b", b"")), "leads out of it: a/../../b"),
    "a newer release": (remoting("5.4.0"), "it reads a start option instead of a constant"),
    "on already": (jar((ENTRY, patched(real("4.8.0")))), "there is nothing to change, it is on already"),
    "no client": (jar(MANIFEST, (POM, b"version=4.8.0\n")), "no RocketMQ client is in it"),
    "no jar": (b"no jar", "not all of it can be read: the jar: it is no zip file"),
    "a damaged library": (boot({"r.jar": remoting(), "x.jar": b"x"}), "not all of it can be read: BOOT-INF/lib/x.jar"),
    "two headers that contradict each other": (contradicting(), f"the two headers of {ENTRY} contradict each other"),
    "a wrong data descriptor": (wrong_descriptor(), "data descriptor .* is not where it should be"),
    "a wrong checksum of a nested jar": (wrong_outer_checksum(), "it is not what its checksum says"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_says_why_and_leaves_no_file(case: str, tmp_path: Path) -> None:
    data, sentence = REFUSED[case]
    source, target = tmp_path / "app.jar", tmp_path / ".app.jar.new"
    source.write_bytes(data)
    with pytest.raises(PatchError, match=f"^{source} is not patched: .*{sentence}"):
        patching.patch(str(source), str(target), on=True)
    assert not target.exists()
    assert source.read_bytes() == data


def test_a_file_is_made_beside_the_old_one_which_stays(tmp_path: Path) -> None:
    source, target = tmp_path / "app.jar", tmp_path / "new.jar"
    data = boot({"r.jar": remoting()})
    source.write_bytes(data)
    assert patching.patch(str(source), str(target), on=True) == [NESTED]
    assert source.read_bytes() == data
    assert changed(data, target.read_bytes()) == [NESTED]


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    source, target = tmp_path / "app.jar", tmp_path / "new.jar"
    source.write_bytes(remoting())
    target.write_bytes(b"somebody else's")
    with pytest.raises(FileExistsError):
        patching.patch(str(source), str(target), on=True)
    assert target.read_bytes() == b"somebody else's"


def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    source, target = tmp_path / "app.jar", tmp_path / "new.jar"
    source.write_bytes(remoting())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        patching.patch(str(source), str(target), on=True)
    assert not target.exists()
