"""The cluster lock on a host."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.onhost import locks, operations


@pytest.fixture(autouse=True)
def lock_in_a_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(locks, "LOCK", str(tmp_path / "lock.json"))
    monkeypatch.setattr(locks, "AUDIT", str(tmp_path / "log" / "audit.log"))
    yield


def take(owner: str, seconds: float = 60, *replace: str) -> dict[str, object] | None:
    request = {"owner": owner, "verb": "deploy", "by": "me@here", "process": {"pid": 1}, "seconds": seconds}
    return locks.take({**request, "replace": replace})["held"]


def test_a_second_owner_is_told_who_holds_it() -> None:
    assert take("one") is None
    held = take("two")
    assert held and held["owner"] == "one"


def test_the_same_owner_renews_it() -> None:
    assert take("one") is None
    assert take("one") is None


def test_a_lock_past_its_deadline_is_free() -> None:
    assert take("one", seconds=-1) is None
    assert take("two") is None


def test_a_dead_owner_is_replaced_by_name_only() -> None:
    assert take("one") is None
    assert take("two", 60, "three") is not None
    assert take("two", 60, "three", "one") is None


def test_only_its_owner_releases_it() -> None:
    take("one")
    locks.release({"owner": "two"})
    assert take("two") is not None
    locks.release({"owner": "one"})
    assert take("two") is None


def test_every_changing_verb_leaves_a_line(tmp_path: Path) -> None:
    for outcome in ("done", "failed"):
        locks.audit({"verb": "deploy", "run": "r1", "by": "me@here", "outcome": outcome})
    lines = (tmp_path / "log" / "audit.log").read_text().splitlines()
    assert len(lines) == 2
    assert '"outcome": "failed"' in lines[1]


def test_a_user_without_root_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, **_: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(locks.os, "makedirs", refuse)
    said = operations.reply({"op": "unlock", "owner": "one"})["error"]
    assert said.startswith("the SSH user may not touch ")
    assert said.endswith(": set ansible_become: true, for sudo")
