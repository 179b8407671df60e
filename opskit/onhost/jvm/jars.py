"""Every RocketMQ client in a jar, be it relocated or in a nested jar; read through an open file, within bounds."""

import os
import re
import time
from typing import BinaryIO, List, NamedTuple, Optional, Sequence, Tuple

from ..errors import FaultError
from . import classes
from .classes import Setting
from .zips import Archive, Entry, Window, ZipError

CLASS_BYTES = 1 << 20
TEXT_BYTES = 64 << 10
NESTED_BYTES = 128 << 20
"""Of a deflated nested jar, which is inflated into memory; a stored one is read where it lies."""
RATIO = 200
"""A nested jar's size to its packed one, at most: a jar is packed already, and what packs better is a bomb."""
DEPTH = 3
"""Jars around a class, beside the file itself: three in an ear that holds a war that holds a fat jar."""
TOTAL_BYTES = 1 << 30
"""Of directories read, nested jars and classes inflated."""
SECONDS = 10.0

_NESTED = re.compile(rb"\.(?:jar|war|ear)$", re.IGNORECASE)
_CLASS = re.compile(rb"(?:^|[/$])NettyClientConfig\.class$")
_SIGNATURE = re.compile(rb"META-INF/([^/]+)\.(SF|RSA|DSA|EC)$", re.IGNORECASE)
_POM = re.compile(rb"META-INF/maven/[^/]+/rocketmq-(remoting|client|common)/pom\.properties$")
_TELLING = (b"nettyclientconfig.class", b".jar", b".war", b".ear")
_TAILS = (*_TELLING, b".sf", b".rsa", b".dsa", b".ec", b"/pom.properties", b"common/mqversion.class")
"""In small letters. An archive that has none of the first is not looked into, nor an entry that has none of these."""
_FILE = re.compile(r"(?:^|/)rocketmq-(?:remoting|client|all)-(\d+\.\d+\.\d+[\w.-]*)\.jar$")
_NAMESPACES = ("org/apache/rocketmq/", "com/alibaba/rocketmq/")


class JarError(FaultError):
    """A jar, or one in it, could not be read to its end. found: the clients that were seen all the same."""

    def __init__(self, sentence: str, found: List["Found"]) -> None:
        super().__init__(sentence)
        self.found = found


class Found(NamedTuple):
    """A client in a jar.

    entry: path in the jar, with "!/" after each nested one
    release: e.g. "4.8.0"; None where nothing sound says it
    signed: the jar that it lies in, or one around it, is signed
    patchable: None where its byte can be changed, else the clause that says why not
    """

    entry: str
    setting: Setting
    release: Optional[str]
    signed: bool
    patchable: Optional[str]


class Located(NamedTuple):
    """A client and the way to it: the place of its record in each directory, that of the outermost first."""

    found: Found
    way: Tuple[int, ...]


def clients(file: BinaryIO) -> List[Found]:
    """Every client in the jar that this file is; seeks in it.

    Raises JarError where it, or a jar in it, could not be read; its `found` are those that could. OSError as the file.
    """
    return [one.found for one in locate(file)]


def locate(file: BinaryIO) -> List[Located]:
    """As `clients`, with the way to each."""
    search = _Search()
    search.look(Window(file, 0, file.seek(0, os.SEEK_END)), None, None)
    if search.complaints:
        more = len(search.complaints) - 1
        text = search.complaints[0] + (f", and {more} more like it" if more else "")
        raise JarError(text, [one.found for one in search.located])
    return search.located


class _Room:
    """An archive, the one around it, and those of its entries that matter."""

    def __init__(self, window: Window, around: Optional["_Room"], entry: Optional[Entry]) -> None:
        self.archive = Archive(window)
        self.around = around
        self.path: Tuple[str, ...] = (*around.path, entry.name) if around and entry else ()
        self.way: Tuple[int, ...] = (*around.way, entry.record) if around and entry else ()
        low = self.archive.directory.lower()
        telling = any(word in low for word in _TELLING)
        self.entries = self.archive.entries(lambda raw: raw.lower().endswith(_TAILS)) if telling else []
        self._refusal: Optional[str] = None
        self._asked = False

    def signed(self) -> bool:
        """A signature file and the block that signs it, here or in an archive around this one."""
        names = [(match[1].upper(), match[2].upper()) for match in self.matching(_SIGNATURE)]
        signed = {name for name, kind in names if kind == b"SF"} & {name for name, kind in names if kind != b"SF"}
        return bool(signed) or (self.around is not None and self.around.signed())

    def refusal(self) -> Optional[str]:
        """Why this archive or one around it may not be rewritten."""
        if not self._asked:
            self._asked = True
            self._refusal = self.archive.refusal() or (self.around.refusal() if self.around else None)
        return self._refusal

    def matching(self, pattern: "re.Pattern[bytes]") -> List["re.Match[bytes]"]:
        return [match for match in (pattern.search(entry.raw) for entry in self.entries) if match]


class _Search:
    """One walk through a file, within its budget of bytes and seconds."""

    def __init__(self) -> None:
        self.located: List[Located] = []
        self.complaints: List[str] = []
        self._bytes = TOTAL_BYTES
        self._deadline = time.monotonic() + SECONDS
        self._spent = False

    def look(self, window: Window, around: Optional[_Room], entry: Optional[Entry]) -> None:
        """Into one archive: the file itself, or an entry of the one around it."""
        path = (*around.path, entry.name) if around and entry else ()
        try:
            room = _Room(window, around, entry)
            self._spend(len(room.archive.directory))
        except ZipError as error:
            return self._complain(path, error)
        for one in room.entries:
            if self._spent:
                break
            try:
                if _CLASS.search(one.raw):
                    self._class(room, one)
                elif _NESTED.search(one.raw):
                    self._nested(room, one)
            except ZipError as error:
                self._complain((*room.path, one.name), error)
        return None

    def _nested(self, room: _Room, entry: Entry) -> None:
        if len(room.path) >= DEPTH:
            raise ZipError(f"it is nested deeper than {DEPTH} times")
        if entry.size > RATIO * entry.packed:
            raise ZipError("it is packed too well for a jar: a bomb")
        window = room.archive.nested(entry, NESTED_BYTES)
        self._spend(entry.size if entry.method else 0)
        self.look(window, room, entry)

    def _class(self, room: _Room, entry: Entry) -> None:
        self._spend(min(entry.size, CLASS_BYTES))
        setting = classes.read(room.archive.content(entry, CLASS_BYTES))
        if setting is not None:
            path = "!/".join((*room.path, entry.name))
            found = Found(path, setting, _release(room, entry, setting), room.signed(), _patchable(room, setting))
            self.located.append(Located(found, (*room.way, entry.record)))

    def _spend(self, count: int) -> None:
        self._bytes -= count
        if self._bytes < 0 or time.monotonic() > self._deadline:
            self._spent = True
            raise ZipError(f"more than {TOTAL_BYTES} bytes or {SECONDS:g} s would be needed to read all of it")

    def _complain(self, path: Sequence[str], error: ZipError) -> None:
        self.complaints.append("{}: {}".format("!/".join(path) or "the jar", error))


def _patchable(room: _Room, setting: Setting) -> Optional[str]:
    if setting.state == classes.PROPERTY:
        return "it reads a start option instead of a constant"
    if setting.state == classes.ABSENT:
        return "this release has no such setting"
    if setting.state == classes.UNKNOWN:
        return "its constructor is not one that opskit understands"
    if room.signed():
        return "the jar is signed, and a JVM refuses a changed class in it"
    refusal = room.refusal()
    return f"the jar {refusal}" if refusal else None


def _release(room: _Room, entry: Entry, setting: Setting) -> Optional[str]:
    """Of the client whose class this is.

    Maven's own record tells the release of an unrelocated class; a relocated one may have lost it and stand beside
    another client's, so there MQVersion of the same package goes first. A nested jar's name is the last resort.
    """
    prefix = entry.name[: -len(classes.SUFFIX + ".class")] if entry.name.endswith(classes.SUFFIX + ".class") else None
    recorded, compiled = _recorded(room), _compiled(room, prefix)
    named = _FILE.search(room.path[-1]) if room.path else None
    official = setting.name.startswith(_NAMESPACES)
    sound = (recorded, compiled) if official else (compiled, recorded)
    return sound[0] or sound[1] or (named[1] if named else None)


def _recorded(room: _Room) -> Optional[str]:
    """The version in the pom.properties of rocketmq-remoting, else -client, else -common, where there is just one."""
    for artifact in (b"remoting", b"client", b"common"):
        poms = [one for one in room.entries if (match := _POM.search(one.raw)) and match[1] == artifact]
        if len(poms) == 1:
            text = _content(room, poms[0], TEXT_BYTES).decode("utf-8", "replace")
            version = re.search(r"^version\s*[=:]\s*([\w.+-]{1,64})\s*$", text, re.MULTILINE)
            if version:
                return version[1]
    return None


def _compiled(room: _Room, prefix: Optional[str]) -> Optional[str]:
    """The release in the MQVersion that was relocated together with this client."""
    if prefix is None:
        return None
    versions = [one for one in room.entries if one.name == prefix + "common/MQVersion.class"]
    return classes.release(_content(room, versions[0], CLASS_BYTES)) if versions else None


def _content(room: _Room, entry: Entry, most: int) -> bytes:
    """Nothing where it is damaged: it then says nothing about the release."""
    try:
        return room.archive.content(entry, most)
    except ZipError:
        return b""
