"""What a class file says about close-on-timeout: the constructor of NettyClientConfig, and the release in MQVersion.

The class is known by what is in it, so a relocated copy is found too. In 4.8.0 and 4.9.0 the constructor stores a
constant (`iconst_0; putfield`), since 4.9.1 what NettySystemConfig read from a property (`getstatic; putfield`).
"""

import re
from typing import List, NamedTuple, Optional

from . import bytecode
from .bytecode import BrokenClassError, ClassFile, Code, Instruction, Member

FIELD = "clientCloseSocketIfTimeout"
SUFFIX = "remoting/netty/NettyClientConfig"
OFF, ON, PROPERTY, ABSENT, UNKNOWN = "off", "on", "property", "absent", "unknown"
CONSTANTS = {OFF: bytecode.ICONST_0, ON: bytecode.ICONST_1}

_INVOKES = (bytecode.INVOKEVIRTUAL, bytecode.INVOKESPECIAL, bytecode.INVOKEINTERFACE)


class Setting(NamedTuple):
    """What a new NettyClientConfig holds.

    state: off | on | property | absent | unknown
    offset: of the byte that is the constant, in the class file; None where there is none
    name: the class, e.g. org/apache/rocketmq/remoting/netty/NettyClientConfig
    """

    state: str
    offset: Optional[int]
    name: str


def read(data: bytes) -> Optional[Setting]:
    """None where these bytes are no NettyClientConfig. Never raises."""
    try:
        found = ClassFile(data)
    except BrokenClassError:
        return None
    if any(field.name == FIELD and field.descriptor == "Z" and not field.static for field in found.fields):
        try:
            return _constructed(found)
        except BrokenClassError:
            return Setting(UNKNOWN, None, found.name)
    if ("/" + found.name).endswith("/" + SUFFIX):
        return Setting(ABSENT, None, found.name)
    return None


def release(data: bytes) -> Optional[str]:
    """The release that MQVersion names, e.g. "4.8.0": its `CURRENT_VERSION = Version.V4_8_0.ordinal()`.

    None where these bytes say nothing of the kind. Never raises.
    """
    try:
        found = ClassFile(data)
        for code in found.codes:
            if code.method != "<clinit>":
                continue
            walked = list(code.instructions())
            for constant, _, stored in zip(walked, walked[1:], walked[2:]):
                target = found.member(stored.operand) if stored.opcode == bytecode.PUTSTATIC else None
                source = found.member(constant.operand) if constant.opcode == bytecode.GETSTATIC else None
                if source and target and target.name == "CURRENT_VERSION":
                    named = re.fullmatch(r"V(\d+)_(\d+)_(\d+)(?:_(\w+))?", source.name)
                    return ".".join(named.groups()[:3]) + ("-" + named[4] if named[4] else "") if named else None
    except BrokenClassError:
        return None
    return None


def _constructed(found: ClassFile) -> Setting:
    """The one constructor that does not hand over to another decides; anything else is not understood."""
    settings = {_stored(found, code) for code in found.codes if code.method == "<init>" and not _delegates(found, code)}
    return settings.pop() if len(settings) == 1 else Setting(UNKNOWN, None, found.name)


def _delegates(found: ClassFile, code: Code) -> bool:
    """It begins with this(...)."""
    called = (_member(found, one) for one in code.instructions() if one.opcode == bytecode.INVOKESPECIAL)
    first = next(called, None)
    return first is not None and (first.owner, first.name) == (found.name, "<init>")


def _stored(found: ClassFile, code: Code) -> Setting:
    """What this constructor stores in the field, where it is stored once, on `this`, and on every way through."""
    unknown = Setting(UNKNOWN, None, found.name)
    walked = list(code.instructions())
    puts = [place for place, one in enumerate(walked) if _is_put(found, one)]
    if len(puts) != 1 or puts[0] < 2:
        return unknown
    this, value, put = walked[puts[0] - 2 : puts[0] + 1]
    if this.opcode != bytecode.ALOAD_0 or not _always(code, walked, put.at) or _calls_itself(found, walked):
        return unknown
    for state, constant in CONSTANTS.items():
        if value.opcode == constant:
            return Setting(state, code.offset + value.at, found.name)
    source = _member(found, value)
    if value.opcode == bytecode.GETSTATIC and source and (source.name, source.descriptor) == (FIELD, "Z"):
        return Setting(PROPERTY, None, found.name)
    return unknown


def _is_put(found: ClassFile, one: Instruction) -> bool:
    return one.opcode == bytecode.PUTFIELD and _member(found, one) == Member(found.name, FIELD, "Z")


def _always(code: Code, walked: List[Instruction], put: int) -> bool:
    """Nothing branches, ends or is caught before this place, and nothing jumps back to it."""
    for one in walked:
        jumps = one.opcode in bytecode.JUMPS or one.opcode in bytecode.WIDE_JUMPS
        if jumps and (one.at < put or one.operand <= put):
            return False
        if one.opcode in bytecode.ENDS and one.at < put:
            return False
    return all(start > put and handler > put for start, handler in code.handlers)


def _calls_itself(found: ClassFile, walked: List[Instruction]) -> bool:
    """A method of its own, as the setter, could store another value."""
    called = (_member(found, one) for one in walked if one.opcode in _INVOKES)
    return any(member and member.owner == found.name for member in called)


def _member(found: ClassFile, one: Instruction) -> Optional[Member]:
    return found.member(one.operand)
