"""What a class file says about close-on-timeout."""

import struct

import pytest
from jar_cases import OFFSET, Body, Pool, made, patched, real, relocated

from opskit.onhost.jvm import bytecode, classes
from opskit.onhost.jvm.classes import Setting

NAME = "org/apache/rocketmq/remoting/netty/NettyClientConfig"
THIS, ZERO, ONE, RETURN = b"\x2a", b"\x03", b"\x04", b"\xb1"


def above(pool: Pool) -> bytes:
    return THIS + pool.call("<init>", owner="java/lang/Object", opcode=0xB7)


def off(pool: Pool) -> bytes:
    return above(pool) + THIS + ZERO + pool.put() + RETURN


@pytest.mark.parametrize(
    ("release", "state", "offset"),
    [
        ("4.8.0", "off", OFFSET),  # the same file in 4.9.0
        ("4.9.1", "property", None),
        ("4.9.4", "property", None),  # the same file in 4.9.7
        ("5.1.4", "property", None),  # its constructor branches, behind the place that matters
        ("5.4.0", "property", None),  # the same file in 5.3.3
    ],
)
def test_real_classes_are_read(release: str, state: str, offset: int | None) -> None:
    assert classes.read(real(release)) == Setting(state, offset, NAME)


def test_a_patched_class_is_on() -> None:
    assert classes.read(patched(real("4.8.0"))) == Setting("on", OFFSET, NAME)


def test_a_relocated_class_is_found_by_its_content_and_its_byte_by_its_structure() -> None:
    setting = classes.read(relocated(real("4.8.0"), "my/shaded/rocketmq/"))
    assert setting == Setting("off", 1973, "my/shaded/rocketmq/remoting/netty/NettyClientConfig")


CONSTRUCTORS: dict[str, tuple[str, Body]] = {
    "the constant false": ("off", off),
    "the constant true": ("on", lambda p: above(p) + THIS + ONE + p.put() + RETURN),
    "what another class read": ("property", lambda p: above(p) + THIS + p.get() + p.put() + RETURN),
    "a branch behind it": ("off", lambda p: above(p) + THIS + ZERO + p.put() + b"\x03\x99\x00\x03" + RETURN),
    "another static": ("unknown", lambda p: above(p) + THIS + p.get("useTLS") + p.put() + RETURN),
    "what a method returned": ("unknown", lambda p: above(p) + THIS + p.call("x", "()Z", "a/B", 0xB8) + p.put()),
    "nothing": ("unknown", lambda p: above(p) + RETURN),
    "stored twice": ("unknown", lambda p: above(p) + (THIS + ZERO + p.put()) * 2 + RETURN),
    "stored in another object": ("unknown", lambda p: above(p) + b"\x2b" + ZERO + p.put() + RETURN),
    "stored in another class": ("unknown", lambda p: above(p) + THIS + ZERO + p.put(owner="a/C") + RETURN),
    "under a condition": ("unknown", lambda p: above(p) + b"\x03\x99\x00\x08" + THIS + ZERO + p.put() + RETURN),
    "one of two": (
        "unknown",
        lambda p: above(p) + THIS + b"\x1b\x99\x00\x07" + ONE + b"\xa7\x00\x04" + ZERO + p.put() + RETURN,
    ),
    "after an end": ("unknown", lambda p: above(p) + RETURN + THIS + ZERO + p.put() + RETURN),
    "a jump back to it": ("unknown", lambda p: above(p) + THIS + ZERO + p.put() + b"\xa7\xff\xfd" + RETURN),
    "a long jump back": ("unknown", lambda p: above(p) + THIS + ZERO + p.put() + b"\xc8\xff\xff\xff\xfb" + RETURN),
    "a switch": ("unknown", lambda p: above(p) + THIS + ZERO + p.put() + b"\xaa\x00\x00\x00"),
    "a wide instruction": ("unknown", lambda p: above(p) + b"\xc4\x15\x00\x01" + THIS + ZERO + p.put() + RETURN),
    "no instruction": ("unknown", lambda p: above(p) + THIS + ZERO + p.put() + b"\xfe"),
    "an instruction cut off": ("unknown", lambda p: above(p) + THIS + ZERO + p.put() + b"\x11\x00"),
    "the setter afterwards": (
        "unknown",
        lambda p: off(p)[:-1] + THIS + ONE + p.call("setClientCloseSocketIfTimeout", "(Z)V") + RETURN,
    ),
    "only another constructor": ("unknown", lambda p: THIS + p.call("<init>", "(I)V", opcode=0xB7) + RETURN),
}


@pytest.mark.parametrize("case", CONSTRUCTORS)
def test_what_is_not_understood_is_unknown(case: str) -> None:
    state, body = CONSTRUCTORS[case]
    setting = classes.read(made(body))
    assert setting and (setting.state, setting.offset is None) == (state, state not in ("off", "on"))


def test_a_constructor_that_hands_over_to_another_does_not_count() -> None:
    setting = classes.read(made(off, lambda pool: THIS + pool.call("<init>", "(I)V", opcode=0xB7) + RETURN))
    assert setting and setting.state == "off"


def test_two_constructors_that_both_store_it_are_not_understood() -> None:
    assert classes.read(made(off, off)) == Setting("unknown", None, "a/b/NettyClientConfig")


@pytest.mark.parametrize(
    ("handler", "state"), [((0, 4, 20), "unknown"), ((20, 21, 0), "unknown"), ((10, 11, 12), "off")]
)
def test_an_exception_handler_matters_where_it_covers_the_store(handler: tuple[int, int, int], state: str) -> None:
    setting = classes.read(made(off, handlers=(handler,)))
    assert setting and setting.state == state


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("com/alibaba/rocketmq/remoting/netty/NettyClientConfig", "absent"),
        ("remoting/netty/NettyClientConfig", "absent"),
        ("io/seata/core/rpc/netty/NettyClientConfig", None),
        ("a/myremoting/netty/NettyClientConfig", None),
    ],
)
def test_a_class_without_the_field_counts_where_its_name_ends_as_rocketmqs(name: str, state: str | None) -> None:
    assert classes.read(made(name=name, field=None)) == (Setting(state, None, name) if state else None)


def test_a_static_field_of_that_name_is_another_class() -> None:
    assert classes.read(made(name="a/NettySystemConfig", field=(0x0009, classes.FIELD, "Z"))) is None


@pytest.mark.parametrize(
    "data", [b"", b"PK\3\4", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbe\0\0\0\x34\xff\xff" + b"\x63" * 9]
)
def test_what_is_no_class_is_none(data: bytes) -> None:
    assert classes.read(data) is None
    assert classes.release(data) is None


def test_every_truncation_is_none_or_unharmed() -> None:
    whole = real("4.8.0")
    for size in range(len(whole)):
        setting = classes.read(whole[:size])
        assert setting is None or setting.offset == OFFSET


def test_every_opcode_has_a_size() -> None:
    """By the specification's count: 202 opcodes, three of which are not walked over."""
    assert (len(bytecode._SIZES), bytecode._SIZES.count("0")) == (202, 3)


@pytest.mark.parametrize("release", ["4.8.0", "5.4.0"])
def test_mqversion_tells_the_release_relocated_or_not(release: str) -> None:
    data = real(release, "MQVersion")
    assert classes.release(data) == release
    assert classes.release(relocated(data, "my/shaded/rocketmq/")) == release


def test_a_snapshot_is_told_as_one_and_another_class_tells_nothing() -> None:
    name = b"V4_8_0_SNAPSHOT"
    data = real("4.8.0", "MQVersion")
    at = data.index(b"\x01\x00\x06V4_8_0")
    snapshot = data[:at] + b"\x01" + struct.pack(">H", len(name)) + name + data[at + 9 :]
    assert classes.release(snapshot) == "4.8.0-SNAPSHOT"
    assert classes.release(real("4.8.0")) is None
