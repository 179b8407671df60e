"""The drills of a row put together, and what was expected of it."""

import pytest
from experiment_rows import drill, prepared, record

from opskit.errors import Exit
from opskit.experiment.cells import verdict
from opskit.experiment.figures import exit_code, figures, row_result
from opskit.experiment.result import PathFigures
from opskit.verify.result import FreshClients

JUDGED = [
    # expected, exit code, drills, state, judgement, as expected, the row's share of the exit code, the cell
    (None, 0, ("holds",), "judged", "holds", None, Exit.HOLDS, "holds in this run only"),
    (None, 1, ("fails",), "judged", "fails", None, Exit.HOLDS, "fails"),
    ("fails", 1, ("fails",), "judged", "fails", True, Exit.HOLDS, "fails, as expected"),
    ("fails", 0, ("holds",), "judged", "holds", False, Exit.FAILS, "holds in this run only; fails expected"),
    ("holds", 1, ("fails",), "judged", "fails", False, Exit.FAILS, "fails; holds expected"),
    ("fails", 1, ("fails", "holds"), "judged", "fails", False, Exit.FAILS, "fails, but not in every drill"),
    ("holds", 0, ("holds", "holds"), "judged", "holds", True, Exit.HOLDS, "holds in this run only, as expected"),
    (None, 3, ("unjudged",), "unjudged", "unjudged", None, Exit.UNJUDGED, "unjudged"),
    ("holds", 3, (), "unjudged", "unjudged", False, Exit.UNJUDGED, "unjudged"),
    ("unjudged", 3, ("unjudged",), "unjudged", "unjudged", True, Exit.HOLDS, "unjudged, as expected"),
    ("unjudged", 0, ("holds",), "judged", "holds", False, Exit.FAILS, "holds in this run only; unjudged expected"),
    ("holds", 2, (), "unjudged", "unjudged", False, Exit.UNJUDGED, "unjudged"),
    ("holds", 70, (), "unjudged", "unjudged", False, Exit.UNJUDGED, "unjudged"),
    ("fails", 4, ("fails",), "undo failed", "fails", False, Exit.UNDO_FAILED, "UNDO FAILED"),
    ("holds", -9, (), "unjudged", "unjudged", False, Exit.UNJUDGED, "unjudged"),
]


@pytest.mark.parametrize(("expected", "code", "drills", "state", "judgement", "met", "share", "cell"), JUDGED)
def test_a_row_beside_what_was_expected(expected, code, drills, state, judgement, met, share, cell) -> None:  # type: ignore[no-untyped-def]
    row = prepared("a", expect=expected)
    told = row_result(row, record(row, code, *map(drill, drills), sentence="out of reach"))
    assert (told.state, told.judgement, told.as_expected) == (state, judgement, met)
    assert exit_code([told]) is share
    assert verdict(told).text == cell


def test_a_row_that_was_not_run_counts_for_nothing() -> None:
    told = row_result(prepared("a", expect="fails"), None)
    assert (told.state, told.as_expected, exit_code([told])) == ("not run", None, Exit.HOLDS)


def test_a_failed_undo_wins_over_everything() -> None:
    undo, missed = prepared("a"), prepared("b", expect="holds")
    rows = [row_result(undo, record(undo, 4)), row_result(missed, record(missed, 1, drill("fails")))]
    assert exit_code(rows) is Exit.UNDO_FAILED


def test_an_unjudged_row_says_why() -> None:
    row = prepared("a")
    assert row_result(row, record(row, 3, sentence="ns1: out of reach")).sentence == "ns1: out of reach"


def found(drills, path: str, event: str = "fault", layout: str = "all") -> PathFigures:  # type: ignore[no-untyped-def]
    return next(one for one in figures(drills).paths if (one.path, one.event, one.layout) == (path, event, layout))


def test_what_did_not_recover_is_longer_than_any_window() -> None:
    route = found([drill("fails")], "route")
    assert (route.at_least, route.seconds) == (True, 90.0)
    assert found([drill("holds")], "route").at_least is False


def test_of_several_drills_the_worst_window_and_all_operations() -> None:
    once, both = found([drill("holds")], "produce"), found([drill("holds"), drill("fails")], "produce")
    assert both.at_least
    assert both.attempted == once.attempted + found([drill("fails")], "produce").attempted
    assert figures([drill("holds"), drill("fails", hold_seconds=60.0)]).held_seconds == 60.0


def test_the_layouts_of_the_client_instances_are_kept_apart() -> None:
    shared, separate = (found([drill("fails")], "produce", layout=layout) for layout in ("shared", "separate"))
    assert shared.attempted + separate.attempted == found([drill("fails")], "produce").attempted
    assert shared.attempted < separate.attempted, "one client shares, two do not"


def test_a_path_that_nobody_could_judge_has_no_window_but_its_operations() -> None:
    result = drill("fails")
    unknown = tuple(one.model_copy(update={"outcome": "not judged", "seconds": None}) for one in result.windows)
    produce = found([result.model_copy(update={"windows": unknown})], "produce")
    assert (produce.seconds, produce.at_least) == (None, False)
    assert produce.attempted > 0


def test_the_rest_of_a_rows_figures() -> None:
    lots = (("bootstrap@producer", 26, 26), ("bootstrap@producer", 1, 28), ("bootstrap@consumer", 25, 54))
    fresh = tuple(
        FreshClients(path=path, nameserver=str(number), failed=failed, attempted=attempted)
        for number, (path, failed, attempted) in enumerate(lots)
    )
    told = figures([drill("fails", fresh=fresh, longest_gap_seconds=None), drill("fails", fresh=())])
    assert told.victims == ("broker1", "ns1")
    assert [(one.path, one.failed, one.attempted) for one in told.fresh] == [
        ("bootstrap@producer", 27, 54),
        ("bootstrap@consumer", 25, 54),
    ]
    assert {one.path: one.seconds for one in told.predicted} == {"produce": 163.0, "route": None}
    assert told.longest_gap_seconds == drill("fails").longest_gap_seconds
