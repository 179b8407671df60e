"""Damaged classes and jars: seeded mutations and truncations end in a documented error, fast, or in a right patch."""

import io
import os
import random
import struct
import time

import pytest
from jar_cases import ENTRY, boot, changed, jar, made, real, relocated, remoting, signature, zip64

from opskit.onhost.jvm import classes, jars, patching
from opskit.onhost.jvm.jars import JarError
from opskit.onhost.jvm.patching import PatchError

CASES = 100_000 if os.environ.get("OPSKIT_TEST_LONG") else 5_000
SLICES = 10
SECONDS = 1.0
INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF)

CLASSES = [
    real("4.8.0"),
    real("5.4.0"),
    relocated(real("4.8.0"), "my/shaded/rocketmq/"),
    real("4.8.0", "MQVersion"),
    made(lambda pool: b"\x2a\x03" + pool.put() + b"\xb1"),
]
LIBRARY = jar((ENTRY, CLASSES[-1]), ("org/apache/rocketmq/common/Pair.class", b"x"), described=True)
JARS = [
    LIBRARY,
    jar((ENTRY, CLASSES[-1]), ("a", b"a"), method=0),
    remoting(),
    boot({"r.jar": LIBRARY, "z.jar": jar(("z", b"z"))}),
    b"#!/bin/sh\n" + boot({"r.jar": LIBRARY}),
    jar(("WEB-INF/lib/r.jar", LIBRARY), ("WEB-INF/web.xml", b"<web/>")),
    jar(("a.war", jar(("b.jar", LIBRARY)))),
    boot({"r.jar": LIBRARY}, *signature()),
    zip64(LIBRARY),
]
MARKS = (b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\7\x08")


def mutated(seed: int, data: bytes) -> bytes:
    """One to three changes; half of them in the headers of a zip, where they hurt."""
    chance = random.Random(seed)  # noqa: S311 - seeded, so that a failure can be repeated
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        if not out:
            break
        at = chance.randrange(len(out))
        if chance.random() < 0.5:
            headers = [place for mark in MARKS for place in _all(out, mark)]
            at = min(len(out) - 1, chance.choice(headers) + chance.randrange(46)) if headers else at
        match chance.randrange(12):
            case 0:
                del out[at:]
            case 1:
                del out[at : at + chance.randint(1, 64)]
            case 2:
                out[at:at] = out[chance.randrange(len(out)) :][: chance.randint(1, 64)]
            case 3 | 4:
                out[at : at + 4] = struct.pack("<I", chance.choice((0, 1, len(data), 0xFFFF, 0xFFFFFFFF)))
            case 5 | 6:
                out[at : at + 2] = struct.pack("<H", chance.choice((0, 1, 8, 0xFFFF)))
            case 7 | 8:
                out[at] = chance.choice(INTERESTING)
            case _:
                out[at] ^= 1 << chance.randrange(8)
    return bytes(out)


def _all(data: bytearray, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


def read(data: bytes) -> bool:
    """Both readers of classes; whether one knew what it read."""
    setting = classes.read(data)
    if setting and setting.offset is not None:
        assert data[setting.offset] == classes.CONSTANTS[setting.state]
    return (setting or classes.release(data)) is not None


def search(data: bytes) -> bool:
    try:
        return bool(jars.clients(io.BytesIO(data)))
    except JarError as error:
        assert str(error)
        return False


def patch(data: bytes) -> bool:
    """Whether it was patched, and then nothing but the target is another."""
    out = io.BytesIO()
    try:
        entries = patching.change(io.BytesIO(data), out, on=True)
    except PatchError as error:
        assert str(error)
        return False
    assert sorted(changed(data, out.getvalue())) == sorted(entries)
    return True


KINDS = {"classes": (read, CLASSES, 0.2), "jars": (search, JARS, 0.4), "patches": (patch, JARS, 0.4)}


@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_crashes_or_delays_or_changes_another_byte(kind: str, part: int) -> None:
    judged, corpus, share = KINDS[kind]
    worst, known, count = 0.0, 0, int(CASES * share)
    for seed in range(part, count, SLICES):
        data = mutated(seed, corpus[seed // SLICES % len(corpus)])
        began = time.thread_time()
        known += judged(data)
        worst = max(worst, time.thread_time() - began)
        assert worst < SECONDS, f"seed {seed} took {worst:.1f} s"
    assert 0 < known < count // SLICES, "some are still read, some are not"


def test_every_truncation_of_a_jar_ends_well() -> None:
    for data in JARS:
        for size in range(0, len(data), 1 if CASES > 5_000 else 29):
            search(data[:size])
            patch(data[:size])
