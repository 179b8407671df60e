"""The structure of a zip file (PKWARE's APPNOTE) as jars have it: read within bounds, nothing unpacked to disk."""

import io
import re
import struct
import zlib
from typing import BinaryIO, Callable, List, NamedTuple, Optional, Tuple

LOCAL, RECORD, END, END64, LOCATOR64 = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"
LOCAL_HEADER = struct.Struct("<4s5HIIIHH")
RECORD_HEADER = struct.Struct("<4s6HIII5HII")
END_HEADER = struct.Struct("<4s4HIIH")
ENCRYPTED, DESCRIPTOR = 0x0001, 0x0008
STORED, DEFLATED = 0, 8
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF

DIRECTORY_BYTES = 32 << 20
"""Of a central directory: about 300,000 entries."""

_SYMLINK = 0o120000
_CLIMBS = re.compile(rb"(?:^|[/\\])\.\.(?:[/\\]|$)")


class ZipError(Exception):
    """An archive or one of its entries cannot be read; the text is a clause that says why."""


class Window:
    """A part of a file, read by place."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self.size = file, start, size

    def read(self, at: int, count: int) -> bytes:
        """Exactly these bytes; raises ZipError where the window ends before."""
        if at < 0 or count < 0 or at + count > self.size:
            raise ZipError("it ends too early")
        self._file.seek(self._start + at)
        data = self._file.read(count)
        if len(data) != count:
            raise ZipError("it ends too early")
        return data

    def part(self, at: int, count: int) -> "Window":
        return Window(self._file, self._start + at, min(count, max(0, self.size - at)))


class Entry(NamedTuple):
    """A record of the central directory. record: its place there; at: of the local header in the archive."""

    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    at: int
    record: int
    symlink: bool

    @property
    def name(self) -> str:
        return self.raw.decode("utf-8", "backslashreplace")


class Archive:
    """Raises ZipError where the window holds no zip file, or a damaged one.

    base: what stands before the zip and is not counted in its offsets, e.g. a launch script.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.end = self._find_end()
        _, disk, first, _, count, size, offset, _ = END_HEADER.unpack(window.read(self.end, END_HEADER.size))
        self.zip64 = (FULL16 in (disk, first, count) or FULL32 in (size, offset)) and self._has_locator64()
        self.split = not self.zip64 and (disk, first) != (0, 0)
        below = self.end
        if self.zip64:
            below, count, size, offset = self._end64()
        if size > DIRECTORY_BYTES:
            raise ZipError(f"its directory has {size} bytes, more than {DIRECTORY_BYTES}")
        self.start = below - size
        self.base = self.start - offset
        self.count = count
        if self.base < 0:
            raise ZipError("its directory is not where it should be")
        self.directory = window.read(self.start, size)

    def entries(self, wanted: Optional[Callable[[bytes], object]] = None) -> List[Entry]:
        """Those whose raw name is wanted, in the directory's order; all where nothing is said.

        Raises ZipError where the directory is damaged.
        """
        found = []
        at, seen, size = 0, 0, len(self.directory)
        while at + RECORD_HEADER.size <= size:
            fields = RECORD_HEADER.unpack_from(self.directory, at)
            names = at + RECORD_HEADER.size
            extras = names + fields[10]
            end = extras + fields[11] + fields[12]
            if fields[0] != RECORD or end > size:
                break
            raw = self.directory[names:extras]
            if wanted is None or wanted(raw):
                found.append(self._entry(at, raw, fields, self.directory[extras : extras + fields[11]]))
            at, seen = end, seen + 1
        if at != size or seen != self.count:
            raise ZipError("its directory is damaged")
        return found

    def place(self, entry: Entry) -> int:
        """Of the entry's data in the window; raises ZipError where its local header is damaged."""
        fields = LOCAL_HEADER.unpack(self.window.read(entry.at, LOCAL_HEADER.size))
        names = entry.at + LOCAL_HEADER.size
        place: int = names + fields[9] + fields[10]
        if fields[0] != LOCAL or place + entry.packed > self.start:
            raise ZipError("its local header is damaged")
        if self.window.read(names, fields[9]) != entry.raw:
            raise ZipError("its two headers name it differently")
        return place

    def content(self, entry: Entry, most: int) -> bytes:
        """Inflated, its checksum compared. Raises ZipError where it has more than `most` bytes, or is damaged."""
        if entry.flags & ENCRYPTED:
            raise ZipError("it is encrypted")
        if entry.method not in (STORED, DEFLATED):
            raise ZipError(f"it is packed by method {entry.method}, which a JVM does not read")
        if max(entry.size, entry.packed) > most:
            raise ZipError(f"it has {max(entry.size, entry.packed)} bytes, more than {most}")
        data = self.window.read(self.place(entry), entry.packed)
        if entry.method == DEFLATED:
            data = _inflated(data, entry.size)
        if len(data) != entry.size or zlib.crc32(data) != entry.crc:
            raise ZipError("it is not what its checksum says")
        return data

    def nested(self, entry: Entry, most: int) -> Window:
        """An archive in this one: a stored one is read where it lies, a deflated one is inflated into memory."""
        if entry.method == STORED and not entry.flags & ENCRYPTED:
            if entry.packed != entry.size:
                raise ZipError("it is stored, and has two sizes")
            return self.window.part(self.place(entry), entry.packed)
        return Window(io.BytesIO(self.content(entry, most)), 0, entry.size)

    def refusal(self) -> Optional[str]:
        """Why this archive may not be rewritten, as a clause; None where it may. Raises ZipError where damaged."""
        if self.zip64:
            return "is a zip64 file"
        if self.split:
            return "is one disk of several"
        entries = sorted(self.entries(), key=lambda entry: entry.at)
        for entry, following in zip(entries, [following.at for following in entries[1:]] + [self.start]):
            if _leads_out(entry.raw):
                return f"has an entry whose name leads out of it: {entry.name}"
            if entry.symlink:
                return f"has a symbolic link in it: {entry.name}"
            if FULL32 in (entry.packed, entry.size, entry.at - self.base):
                return "is a zip64 file"
            if entry.at + LOCAL_HEADER.size + len(entry.raw) + entry.packed > following:
                return f"has entries that lie over each other: {entry.name}"
        return None

    def _entry(self, record: int, raw: bytes, fields: Tuple[int, ...], extra: bytes) -> Entry:
        _, creator, _, flags, method, _, _, crc, packed, size, _, _, _, _, _, attributes, offset = fields
        if FULL32 in (packed, size, offset):
            size, packed, offset = _sizes64(extra, size, packed, offset)
        symlink = creator >> 8 == 3 and attributes >> 16 & 0o170000 == _SYMLINK
        return Entry(raw, flags, method, crc, packed, size, self.base + offset, record, symlink)

    def _find_end(self) -> int:
        """Place of the last end record that ends the file, or that a directory precedes: a JVM allows padding."""
        size = self.window.size
        begin = max(0, size - END_HEADER.size - FULL16)
        tail = self.window.read(begin, size - begin)
        at = tail.rfind(END, 0, max(0, len(tail) - END_HEADER.size + len(END)))
        while at >= 0:
            fields = END_HEADER.unpack_from(tail, at)
            directory = begin + at - fields[5]
            if begin + at + END_HEADER.size + fields[7] == size:
                return begin + at
            if directory >= fields[6] and self.window.read(directory, len(RECORD)) == RECORD:
                return begin + at
            at = tail.rfind(END, 0, at)
        raise ZipError("it is no zip file")

    def _has_locator64(self) -> bool:
        return self.end >= 76 and self.window.read(self.end - 20, 4) == LOCATOR64

    def _end64(self) -> Tuple[int, int, int, int]:
        """Place of the zip64 end record, and how many entries, bytes and which offset the directory has."""
        at = self.end - 76
        if self.window.read(at, 4) != END64:
            raise ZipError("its end record says zip64, and there is none")
        count, size, offset = struct.unpack("<QQQ", self.window.read(at + 32, 24))
        return at, count, size, offset


def _leads_out(raw: bytes) -> bool:
    absolute = raw[:1] in (b"/", b"\\") or raw[1:2] == b":" or b"\0" in raw
    return absolute or (b".." in raw and _CLIMBS.search(raw) is not None)


def _inflated(data: bytes, size: int) -> bytes:
    """At most one byte more than `size`, so that a bomb does not go off."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
    except zlib.error as error:
        raise ZipError(f"it does not inflate: {error}") from error


def _sizes64(extra: bytes, *fields: int) -> List[int]:
    """The fields that do not fit into 32 bits, from the extra field 1, in its order: size, packed size, offset."""
    at, found = 0, list(fields)
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        values = extra[at + 4 : at + 4 + size]
        if kind == 1:
            for place, value in enumerate(fields):
                if value == FULL32 and len(values) >= 8:
                    found[place] = int.from_bytes(values[:8], "little")
                    values = values[8:]
        at += 4 + size
    return found
