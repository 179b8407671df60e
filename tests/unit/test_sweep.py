"""What came back from a host, as a table: stdout and stderr in, an outcome and its reason out."""

import asyncio
from typing import Any

import pytest

from opskit.reach import sweep
from opskit.reach.sweep import HostResult, _read

CASES: list[tuple[str, bytes, bytes, str, Any]] = [
    ("a reply", b'{"ok": {"held": null}}\n', b"", "ok", {"held": None}),
    ("a reply behind a login's greeting", b'Welcome\n{"ok": {}}\n', b"", "ok", {}),
    ("a reply that says why not", b'{"error": "OSError: full"}', b"", "failed", "OSError: full"),
    ("no python", b"", b"sh: 1: /usr/bin/python3: not found\n", "garbled", "sh: 1: /usr/bin/python3: not found"),
    ("sudo that asks", b"Welcome\n", b"sudo: a password is required\n", "garbled", "sudo: a password is required"),
    ("nothing", b"", b"", "garbled", "it answered nothing"),
    ("a number, which is JSON too", b"42\n", b"", "garbled", "42"),
    ("a list", b"[1]\n", b"", "garbled", "[1]"),
    ("another's object", b"{}\n", b"", "garbled", "{}"),
    ("an error that is no sentence", b'{"error": 5}', b"", "garbled", '{"error": 5}'),
    ("brackets without end", b"[" * 100_000, b"", "garbled", "[" * 300),
    ("a greeting that is no text", b'\xff\xfe\n{"ok": {}}\n', b"", "ok", {}),
    ("no text", b"\xff\xfe", b"", "garbled", "\ufffd\ufffd"),
]


@pytest.mark.parametrize(
    ("stdout", "stderr", "outcome", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_read(stdout: bytes, stderr: bytes, outcome: str, said: Any) -> None:
    found = _read("a", stdout, stderr)
    assert (found.outcome, found.value if outcome == "ok" else found.error) == (outcome, said)
    assert isinstance(found, HostResult)


class Endless:
    """A host that prints and prints."""

    async def read(self, size: int) -> bytes:
        return b"x" * size


async def test_what_has_no_end_is_not_kept() -> None:
    with pytest.raises(sweep._FloodError):
        await sweep._bounded(Endless())  # type: ignore[arg-type]


async def test_one_that_hangs_gives_its_place_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "SLOW_SECONDS", 0.05)
    gate, order = asyncio.Semaphore(1), []

    async def host(name: str, seconds: float) -> None:
        async with sweep._place(gate):
            await asyncio.sleep(seconds)
            order.append(name)

    await asyncio.gather(host("hangs", 0.3), host("quick", 0), host("quick too", 0))
    assert order == ["quick", "quick too", "hangs"]
    assert gate._value == 1, "each place was given back once"
