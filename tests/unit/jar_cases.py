"""Classes and jars to read and to patch: real ones of tests/cases/classes, and odd ones made by hand."""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from opskit.onhost.jvm import classes
from opskit.onhost.jvm.zips import Archive, Entry, Window

CLASSES = Path(__file__).parent.parent / "cases" / "classes"
PACKAGE = "org/apache/rocketmq/"
ENTRY = PACKAGE + "remoting/netty/NettyClientConfig.class"
POM = "META-INF/maven/org.apache.rocketmq/rocketmq-remoting/pom.properties"
MANIFEST = ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n")
OFFSET = 1976
"""Of the constant in the class file of 4.8.0."""


def real(release: str, name: str = "NettyClientConfig") -> bytes:
    return (CLASSES / f"{name}-{release}.class").read_bytes()


def patched(data: bytes, offset: int = OFFSET) -> bytes:
    return data[:offset] + b"\x04" + data[offset + 1 :]


def relocated(data: bytes, package: str) -> bytes:
    """The class with its package renamed in the constant pool, as maven-shade does."""
    out, at, index = bytearray(data[:10]), 10, 1
    while index < struct.unpack_from(">H", data, 8)[0]:
        tag = data[at]
        size = {1: 3, 3: 5, 4: 5, 5: 9, 6: 9, 7: 3, 8: 3, 15: 4, 16: 3}.get(tag, 5)
        if tag == 1:
            (length,) = struct.unpack_from(">H", data, at + 1)
            text = data[at + 3 : at + 3 + length].replace(PACKAGE.encode(), package.encode())
            out += b"\x01" + struct.pack(">H", len(text)) + text
            at += length
        else:
            out += data[at : at + size]
        at += size
        index += 2 if tag in (5, 6) else 1
    return bytes(out) + data[at:]


class Pool:
    """A constant pool that grows as a class is made."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.entries: list[bytes] = []

    def add(self, entry: bytes) -> int:
        if entry not in self.entries:
            self.entries.append(entry)
        return self.entries.index(entry) + 1

    def text(self, text: str) -> int:
        return self.add(b"\x01" + struct.pack(">H", len(text)) + text.encode())

    def klass(self, name: str) -> int:
        return self.add(b"\x07" + struct.pack(">H", self.text(name)))

    def member(self, tag: int, owner: str, name: str, descriptor: str) -> bytes:
        """The two bytes that name a field (9) or a method (10) in an instruction."""
        pair = self.add(b"\x0c" + struct.pack(">HH", self.text(name), self.text(descriptor)))
        return struct.pack(">H", self.add(bytes([tag]) + struct.pack(">HH", self.klass(owner), pair)))

    def put(self, name: str = classes.FIELD, owner: str | None = None) -> bytes:
        return b"\xb5" + self.member(9, owner or self.owner, name, "Z")

    def get(self, name: str = classes.FIELD) -> bytes:
        return b"\xb2" + self.member(9, "a/NettySystemConfig", name, "Z")

    def call(self, name: str, descriptor: str = "()V", owner: str | None = None, opcode: int = 0xB6) -> bytes:
        return bytes([opcode]) + self.member(10, owner or self.owner, name, descriptor)


Body = Callable[[Pool], bytes]


def made(
    *bodies: Body,
    name: str = "a/b/NettyClientConfig",
    field: tuple[int, str, str] | None = (0x0002, classes.FIELD, "Z"),
    handlers: tuple[tuple[int, int, int], ...] = (),
) -> bytes:
    """A class with these constructors; handlers: (first covered, end, place of the handler) in each."""
    pool = Pool(name)
    this, above = pool.klass(name), pool.klass("java/lang/Object")
    code, init, descriptor = pool.text("Code"), pool.text("<init>"), pool.text("()V")
    fields = struct.pack(">HHHHH", 1, field[0], pool.text(field[1]), pool.text(field[2]), 0) if field else b"\x00\x00"
    methods = struct.pack(">H", len(bodies))
    for body in bodies:
        text = body(pool)
        table = struct.pack(">H", len(handlers)) + b"".join(struct.pack(">HHHH", *row, 0) for row in handlers)
        attribute = struct.pack(">HHI", 4, 4, len(text)) + text + table + b"\x00\x00"
        methods += struct.pack(">HHHHHI", 1, init, descriptor, 1, code, len(attribute)) + attribute
    head = b"\xca\xfe\xba\xbe" + struct.pack(">HHH", 0, 52, len(pool.entries) + 1) + b"".join(pool.entries)
    return head + struct.pack(">HHHH", 0x21, this, above, 0) + fields + methods + b"\x00\x00"


def jar(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, described: bool = False) -> bytes:
    """A jar of these entries in this order; described: with data descriptors, as Java's own writer makes them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(_Unseekable(buffer) if described else buffer, "w", method) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (2020, 12, 8, 18, 20, 54))
            info.compress_type, info.external_attr = method, 0o100644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


class _Unseekable(io.RawIOBase):
    """What makes zipfile write data descriptors."""

    def __init__(self, below: io.BytesIO) -> None:
        self._below = below

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._below.write(data)  # type: ignore[arg-type]


def remoting(release: str = "4.8.0", *more: tuple[str, bytes], described: bool = True, **options: int) -> bytes:
    """Like rocketmq-remoting's jar: its class, its Maven record, something before and after."""
    pom = f"#Created by Apache Maven\nversion={release}\ngroupId=org.apache.rocketmq\n".encode()
    return jar(
        MANIFEST,
        (PACKAGE + "remoting/common/Pair.class", b"\xca\xfe\xba\xbe" * 20),
        (ENTRY, real(release)),
        (POM, pom),
        *more,
        described=described,
        **options,
    )


def boot(nested: Mapping[str, bytes], *more: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Like a Spring Boot fat jar: nested jars are stored."""
    start = (MANIFEST, ("org/springframework/boot/loader/JarLauncher.class", b"\xca\xfe\xba\xbe" * 10))
    libraries = tuple((f"BOOT-INF/lib/{name}", data) for name, data in nested.items())
    return jar(*start, *libraries, *more, ("BOOT-INF/classpath.idx", b"- x\n"), method=method)


def signature(name: str = "SIGNER", block: str = "RSA") -> tuple[tuple[str, bytes], ...]:
    return ((f"META-INF/{name}.SF", b"Signature-Version: 1.0\r\n"), (f"META-INF/{name}.{block}", b"0"))


def zip64(data: bytes) -> bytes:
    """The jar with a zip64 end record, as one of more than 65,534 entries has it."""
    end = data.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<HII", data, end + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    return data[:end] + record + locator + struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, size, offset, 0)


def archive_of(data: bytes) -> Archive:
    return Archive(Window(io.BytesIO(data), 0, len(data)))


def changed(before: bytes, after: bytes) -> list[str]:
    """The classes that differ, each in its one byte; asserts that nothing else does, in nested jars neither."""
    old, new = archive_of(before), archive_of(after)
    found = []
    pairs = list(zip(_pieces(old, before), _pieces(new, after), strict=True))
    for (entry, ours), (other, theirs) in pairs:
        if ours != theirs:
            assert entry and other, "bytes outside of any entry differ"
            assert _kept(ours) == _kept(theirs), entry.name
            found += _inside(entry, old.content(entry, 1 << 20), new.content(other, 1 << 20))
        elif entry and other:
            assert _figures(entry) == _figures(other), entry.name
    blank = [_blanked(archive, found) for archive in (old, new)]
    assert blank[0] == blank[1], "the directories differ"
    assert _end(old, before) == _end(new, after)
    return found


def _pieces(archive: Archive, data: bytes) -> list[tuple[Entry | None, bytes]]:
    """What stands before the first entry, and each entry with what follows it."""
    entries = sorted(archive.entries(), key=lambda entry: entry.at)
    bounds = [*(entry.at for entry in entries), archive.start]
    rest = [(entry, data[entry.at : end]) for entry, end in zip(entries, bounds[1:], strict=True)]
    return [(None, data[: bounds[0]]), *rest]


def _kept(piece: bytes) -> bytes:
    """Of a changed entry: its local header without checksum and sizes, its name and extra field."""
    names, extras = struct.unpack_from("<HH", piece, 26)
    return piece[:14] + piece[26 : 30 + names + extras]


def _figures(entry: Entry) -> tuple[int, int, int]:
    return entry.crc, entry.packed, entry.size


def _inside(entry: Entry, before: bytes, after: bytes) -> list[str]:
    if not entry.name.endswith(".class"):
        return [f"{entry.name}!/{name}" for name in changed(before, after)]
    setting = classes.read(before)
    assert setting and len(before) == len(after)
    assert [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [setting.offset]
    return [entry.name]


def _blanked(archive: Archive, found: list[str]) -> bytes:
    """The directory without places, and without checksum and sizes of what changed."""
    directory = bytearray(archive.directory)
    names = {path.split("!/")[0] for path in found}
    for entry in archive.entries():
        directory[entry.record + 42 : entry.record + 46] = bytes(4)
        if entry.name in names:
            directory[entry.record + 16 : entry.record + 28] = bytes(12)
    return bytes(directory)


def _end(archive: Archive, data: bytes) -> bytes:
    return data[archive.end : archive.end + 16] + data[archive.end + 20 :]
