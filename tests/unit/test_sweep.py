"""What came back from a host, as a table: stdout and stderr in, an outcome and its reason out."""

from typing import Any

import pytest

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
    ("no text", b"\xff\xfe", b"", "garbled", "\ufffd\ufffd"),
]


@pytest.mark.parametrize(
    ("stdout", "stderr", "outcome", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_read(stdout: bytes, stderr: bytes, outcome: str, said: Any) -> None:
    found = _read("a", stdout, stderr)
    assert (found.outcome, found.value if outcome == "ok" else found.error) == (outcome, said)
    assert isinstance(found, HostResult)
