"""A Java class file as far as its fields and the code of its methods (JVM specification, chapter 4)."""

import struct
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

ALOAD_0, ICONST_0, ICONST_1 = 0x2A, 0x03, 0x04
GETSTATIC, PUTSTATIC, GETFIELD, PUTFIELD = 0xB2, 0xB3, 0xB4, 0xB5
INVOKEVIRTUAL, INVOKESPECIAL, INVOKESTATIC, INVOKEINTERFACE = 0xB6, 0xB7, 0xB8, 0xB9
JUMPS = frozenset([*range(0x99, 0xA9), 0xC6, 0xC7])
WIDE_JUMPS = frozenset([0xC8, 0xC9])
ENDS = frozenset([0xA9, *range(0xAC, 0xB2), 0xBF])
"""ret, the returns and athrow."""
_WITH_OPERAND = JUMPS | WIDE_JUMPS | frozenset(range(GETSTATIC, INVOKEINTERFACE + 1))

STATIC = 0x0008

_SIZES = (
    "11111111111111112323322222"  # nop to aload
    + "1" * 28  # iload_0 to saload
    + "22222"  # istore to astore
    + "1" * 73  # istore_0 to lxor
    + "3"  # iinc
    + "1" * 20  # i2l to dcmpg
    + "3" * 16  # ifeq to jsr
    + "200"  # ret; tableswitch and lookupswitch are not walked over
    + "1" * 6  # ireturn to return
    + "3333333"  # getstatic to invokespecial, invokestatic among them
    + "553"  # invokeinterface, invokedynamic, new
    + "23"  # newarray, anewarray
    + "11"  # arraylength, athrow
    + "33"  # checkcast, instanceof
    + "11"  # monitorenter, monitorexit
    + "0"  # wide is not walked over
    + "433"  # multianewarray, ifnull, ifnonnull
    + "55"  # goto_w, jsr_w
)
_CONSTANTS = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
"""Bytes after the tag; a long and a double (5, 6) take two places in the pool."""


class BrokenClassError(Exception):
    """These bytes are no class file, or one that is not understood."""


class Member(NamedTuple):
    """What a field or a method instruction names."""

    owner: str
    name: str
    descriptor: str


class Field(NamedTuple):
    name: str
    descriptor: str
    static: bool


class Instruction(NamedTuple):
    """at: place in the code; operand: pool index, or where a jump goes; 0 where it has none that matters here."""

    at: int
    opcode: int
    operand: int


class Code(NamedTuple):
    """offset: of the first instruction in the class file; handlers: (first place covered, place of the handler)."""

    method: str
    offset: int
    body: bytes
    handlers: Tuple[Tuple[int, int], ...]

    def instructions(self) -> Iterator[Instruction]:
        """Raises BrokenClassError at an instruction that is not walked over: a switch, wide, or none at all."""
        at = 0
        while at < len(self.body):
            opcode = self.body[at]
            size = int(_SIZES[opcode]) if opcode < len(_SIZES) else 0
            if not size or at + size > len(self.body):
                raise BrokenClassError(f"opcode {opcode} at {at}")
            operand = 0
            if opcode in WIDE_JUMPS:
                operand = at + int(struct.unpack_from(">i", self.body, at + 1)[0])
            elif opcode in JUMPS:
                operand = at + int(struct.unpack_from(">h", self.body, at + 1)[0])
            elif opcode in _WITH_OPERAND:
                operand = int(struct.unpack_from(">H", self.body, at + 1)[0])
            yield Instruction(at, opcode, operand)
            at += size


class ClassFile:
    """Raises BrokenClassError where the bytes are no whole class file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._places: Dict[int, int] = {}
        self.fields: List[Field] = []
        self.codes: List[Code] = []
        try:
            self._read()
        except (struct.error, IndexError) as error:
            raise BrokenClassError(str(error)) from error

    def member(self, index: int) -> Optional[Member]:
        """The field or method at a place of the constant pool; None where something else stands there."""
        try:
            if self._tag(index) not in (9, 10, 11):
                return None
            owner, pair = struct.unpack_from(">HH", self._data, self._places[index] + 1)
            name, descriptor = struct.unpack_from(">HH", self._data, self._place(pair, 12) + 1)
            return Member(self._class_name(owner), self._text(name), self._text(descriptor))
        except BrokenClassError:
            return None

    def _read(self) -> None:
        if self._data[:4] != b"\xca\xfe\xba\xbe":
            raise BrokenClassError("no class file")
        at = 10
        index, count = 1, self._short(8)
        while index < count:
            self._places[index] = at
            tag = self._data[at]
            if tag == 1:
                at += 3 + self._short(at + 1)
            elif tag in _CONSTANTS:
                at += 1 + _CONSTANTS[tag]
            else:
                raise BrokenClassError(f"constant of kind {tag}")
            index += 2 if tag in (5, 6) else 1
        self.name = self._class_name(self._short(at + 2))
        at += 8 + 2 * self._short(at + 6)
        at = self._members(at, methods=False)
        self._members(at, methods=True)

    def _members(self, at: int, methods: bool) -> int:
        """The fields or the methods that begin here; returns where they end."""
        count = self._short(at)
        at += 2
        for _ in range(count):
            flags, name, descriptor, attributes = struct.unpack_from(">HHHH", self._data, at)
            at += 8
            if not methods:
                self.fields.append(Field(self._text(name), self._text(descriptor), bool(flags & STATIC)))
            for _ in range(attributes):
                kind, size = struct.unpack_from(">HI", self._data, at)
                at += 6
                if at + size > len(self._data):
                    raise BrokenClassError("an attribute ends behind the file")
                if methods and self._text(kind) == "Code":
                    self.codes.append(self._code(self._text(name), at))
                at += size
        return at

    def _code(self, method: str, at: int) -> Code:
        (size,) = struct.unpack_from(">I", self._data, at + 4)
        begin, end = at + 8, at + 8 + size
        rows = [struct.unpack_from(">HHHH", self._data, end + 2 + 8 * row) for row in range(self._short(end))]
        return Code(method, begin, self._data[begin:end], tuple((start, handler) for start, _, handler, _ in rows))

    def _short(self, at: int) -> int:
        return int(struct.unpack_from(">H", self._data, at)[0])

    def _tag(self, index: int) -> int:
        return self._data[self._places[index]] if index in self._places else 0

    def _place(self, index: int, tag: int) -> int:
        if self._tag(index) != tag:
            raise BrokenClassError(f"no constant of kind {tag} at {index}")
        return self._places[index]

    def _class_name(self, index: int) -> str:
        return self._text(self._short(self._place(index, 7) + 1))

    def _text(self, index: int) -> str:
        at = self._place(index, 1)
        return self._data[at + 3 : at + 3 + self._short(at + 1)].decode("utf-8", "replace")
