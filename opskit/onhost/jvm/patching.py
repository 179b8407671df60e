"""The patch of a jar: one byte of one class, every other entry byte for byte, in a new file beside the old one.

What lies between entries, before the zip and behind it is copied as it is. Of a changed entry, and of each nested jar
around it, the checksum and the sizes change too; of what follows, its place in the directory.
"""

import errno
import io
import os
import stat
import struct
import zlib
from bisect import bisect_left
from itertools import accumulate
from typing import BinaryIO, Dict, List, NamedTuple, Tuple

from ..errors import FaultError
from . import classes, jars
from .jars import JarError, Located
from .zips import DEFLATED, DESCRIPTOR, END_HEADER, FULL32, LOCAL_HEADER, Archive, Entry, Window, ZipError

BLOCK = 1 << 20
_MARK = b"PK\7\x08"
"""Before a data descriptor; a writer may leave it out."""


class PatchError(FaultError):
    """This jar is not patched; the text says why."""


class _Change(NamedTuple):
    """What an entry holds from now on, as it is packed in the archive."""

    entry: Entry
    packed: bytes
    crc: int
    size: int


def patch(source: str, target: str, on: bool) -> List[str]:
    """Write the jar `source`, with close-on-timeout `on` or off in every client of it, to the new file `target`.

    Returns the entries that were changed. `target` is on the disk when this returns, with the source's owner and mode;
    it is not there where this raises. The caller renames it.

    Raises PatchError where nothing can or need be changed: all clients that need it are changed, or none.
    OSError as the file system does, FileExistsError among them.
    """
    with plain(source) as file, open(target, "xb") as out:
        try:
            was = os.fstat(file.fileno())
            # by descriptor: the folder may belong to somebody who swaps names
            os.fchown(out.fileno(), was.st_uid, was.st_gid)
            os.fchmod(out.fileno(), stat.S_IMODE(was.st_mode) & 0o777)
            changed = change(file, out, on)
            out.flush()
            os.fsync(out.fileno())
        except PatchError as error:
            os.unlink(target)
            raise PatchError(f"{source} is not patched: {error}") from error
        except BaseException:
            os.unlink(target)
            raise
    return changed


def plain(path: str) -> BinaryIO:
    """A plain file, opened for reading: no link is followed, no pipe is waited for. Raises PatchError for another."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PatchError(f"{path} is a link") from None
        raise
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise PatchError(f"{path} is no plain file")
    return open(number, "rb")


def change(file: BinaryIO, out: BinaryIO, on: bool) -> List[str]:
    """As `patch`, from one open file to another; where this raises, `out` holds no whole jar."""
    try:
        chosen = _chosen(jars.locate(file), on)
        archive = Archive(Window(file, 0, file.seek(0, os.SEEK_END)))
        _rewrite(archive, _changes(archive, [one.way for one in chosen], on), out)
    except (JarError, ZipError) as error:
        raise PatchError(f"not all of it can be read: {error}") from error
    return [one.found.entry for one in chosen]


def _chosen(located: List[Located], on: bool) -> List[Located]:
    """The clients to be changed."""
    wanted, other = (classes.ON, classes.OFF) if on else (classes.OFF, classes.ON)
    if not located:
        raise PatchError("no RocketMQ client is in it")
    states = [one.found.setting.state for one in located]
    if other not in states and wanted in states:
        raise PatchError(f"there is nothing to change, it is {wanted} already")
    chosen = [one for one in located if one.found.setting.state == other]
    refused = [one.found for one in chosen or located if one.found.patchable]
    if refused:
        raise PatchError(f"in {refused[0].entry}, {refused[0].patchable}")
    return chosen


def _changes(archive: Archive, ways: List[Tuple[int, ...]], on: bool) -> List[_Change]:
    """Of this archive's entries, so that the classes at the end of these ways are changed."""
    entries = {entry.record: entry for entry in archive.entries()}
    below: Dict[int, List[Tuple[int, ...]]] = {}
    for way in ways:
        below.setdefault(way[0], []).append(way[1:])
    return [_change(archive, entries[record], rest, on) for record, rest in below.items()]


def _change(archive: Archive, entry: Entry, ways: List[Tuple[int, ...]], on: bool) -> _Change:
    data = archive.content(entry, jars.NESTED_BYTES)
    if ways == [()]:
        changed = _flipped(data, on)
    else:
        nested = Archive(Window(io.BytesIO(data), 0, len(data)))
        buffer = io.BytesIO()
        _rewrite(nested, _changes(nested, ways, on), buffer)
        changed = buffer.getvalue()
    packed = _deflated(changed) if entry.method == DEFLATED else changed
    return _Change(entry, packed, zlib.crc32(changed), len(changed))


def _flipped(data: bytes, on: bool) -> bytes:
    """The class with the other constant."""
    setting = classes.read(data)
    if setting is None or setting.offset is None:
        raise PatchError("it changed while it was read")
    constant = classes.CONSTANTS[classes.ON if on else classes.OFF]
    return data[: setting.offset] + bytes([constant]) + data[setting.offset + 1 :]


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _rewrite(archive: Archive, changes: List[_Change], out: BinaryIO) -> None:
    """The archive with these changes; raises ZipError or PatchError before a byte of a changed entry is written."""
    window = archive.window
    ordered = sorted(changes, key=lambda one: one.entry.at)
    at = shift = 0
    for change in ordered:
        entry = change.entry
        header, end, descriptor = _frame(archive, change)
        _copy(window, at, entry.at, out)
        out.write(header + change.packed + descriptor)
        shift += len(change.packed) - entry.packed
        at = end
    _copy(window, at, archive.start, out)
    out.write(_directory(archive, ordered))
    fields = list(END_HEADER.unpack(window.read(archive.end, END_HEADER.size)))
    fields[6] += shift
    out.write(END_HEADER.pack(*fields))
    _copy(window, archive.end + END_HEADER.size, window.size, out)


def _frame(archive: Archive, change: _Change) -> Tuple[bytes, int, bytes]:
    """The changed entry's local header with its names, where the entry ends in the source, and its data descriptor."""
    entry, window = change.entry, archive.window
    place = archive.place(entry)
    header = window.read(entry.at, place - entry.at)
    fields = list(LOCAL_HEADER.unpack_from(header))
    old = [entry.crc, entry.packed, entry.size]
    new = [change.crc, len(change.packed), change.size]
    described = fields[2] & DESCRIPTOR
    if fields[6:9] == old:
        fields[6:9] = new
    elif not described or any(fields[6:9]):
        raise PatchError(f"the two headers of {entry.name} contradict each other")
    end, descriptor = place + entry.packed, b""
    if described:
        for mark in (_MARK, b""):
            known = mark + struct.pack("<III", *old)
            if end + len(known) <= archive.start and window.read(end, len(known)) == known:
                end, descriptor = end + len(known), mark + struct.pack("<III", *new)
                break
        else:
            raise PatchError(f"the data descriptor of {entry.name} is not where it should be")
    return LOCAL_HEADER.pack(*fields) + header[LOCAL_HEADER.size :], end, descriptor


def _directory(archive: Archive, ordered: List[_Change]) -> bytes:
    """The central directory: new checksums and sizes of what changed, new places of what follows."""
    directory = bytearray(archive.directory)
    places = [change.entry.at for change in ordered]
    shifts = [0, *accumulate(len(change.packed) - change.entry.packed for change in ordered)]
    for entry in archive.entries():
        offset = entry.at - archive.base + shifts[bisect_left(places, entry.at)]
        if offset >= FULL32:
            raise PatchError("it would need zip64")
        struct.pack_into("<I", directory, entry.record + 42, offset)
    for change in ordered:
        struct.pack_into("<III", directory, change.entry.record + 16, change.crc, len(change.packed), change.size)
    return bytes(directory)


def _copy(window: Window, begin: int, end: int, out: BinaryIO) -> None:
    for at in range(begin, end, BLOCK):
        out.write(window.read(at, min(BLOCK, end - at)))
