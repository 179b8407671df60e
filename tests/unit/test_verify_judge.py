"""A history in, windows, ledger and verdict out: tests/cases/verify/*.yml."""

from typing import Any

import pytest
from verify_cases import CASES, history_of, limits_of, load

from opskit.verify.judging.judge import Judged, judge
from opskit.verify.result import Window

EVERY = [(path.name, case) for path in sorted(CASES.glob("*.yml")) for case in load(path.name)]


@pytest.mark.parametrize(("file", "case"), EVERY, ids=[f"{file}: {case['name']}" for file, case in EVERY])
def test_history_is_judged(file: str, case: dict[str, Any]) -> None:
    judged = judge(history_of(case), limits_of(case), case.get("undo", "restored"))
    expected = case["expect"]
    found = {name: _found(judged, name, wanted) for name, wanted in expected.items()}
    assert found == expected


def _found(judged: Judged, name: str, wanted: Any) -> Any:
    match name:
        case "windows":
            by_name = {f"{one.client} {one.path} {one.event}": one for one in judged.windows}
            return {key: _fields(by_name[key], fields) if key in by_name else None for key, fields in wanted.items()}
        case "verdict":
            return judged.verdict.judgement
        case "undo":
            return judged.verdict.undo
        case "reasons":
            return list(judged.verdict.reasons)
        case "notes":
            return list(judged.notes)
        case "ledger":
            return _fields(judged.ledger, wanted)
        case "ledgers":
            by_client = {one.client: one for one in judged.ledgers}
            return {client: _fields(by_client[client], fields) for client, fields in wanted.items()}
        case "summaries":
            by_path = {f"{one.path} {one.event}": one for one in judged.summaries}
            return {key: _fields(by_path[key], fields) for key, fields in wanted.items()}
        case "fresh":
            return [f"{one.path} {one.nameserver} {one.failed}/{one.attempted}" for one in judged.fresh]
        case "longest_gap" | "hold":
            return judged.longest_gap_seconds if name == "longest_gap" else judged.hold_seconds
    raise ValueError(f"a case cannot expect {name!r}")


def _fields(found: Any, wanted: Any) -> Any:
    """The wanted fields alone; a window may be told by its outcome and, where it matters, its seconds."""
    if isinstance(wanted, str) and isinstance(found, Window):
        if found.outcome in ("never failed", "not judged"):
            return found.outcome
        return f"{found.outcome} {'at least ' if found.at_least else ''}{found.seconds:g}"
    return {field: getattr(found, field) for field in wanted}
