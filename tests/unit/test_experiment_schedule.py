"""Which row a lab takes next: the one that changes least in it."""

import pytest
from experiment_rows import prepared

from opskit.experiment.prepare import Setup
from opskit.experiment.preview import preview
from opskit.experiment.schedule import AROUND_SECONDS, LAB_SECONDS, drill_seconds, next_row, remaining_seconds

OLD, NEW_CLIENT, TUNED = Setup("4.8.0", "4.8.0"), Setup("4.8.0", "5.4.0"), Setup("tuned", "4.8.0")


def rows(*setups: tuple[str, Setup]) -> list:  # type: ignore[type-arg]
    return [prepared(name, setup.servers, setup.clients) for name, setup in setups]


CASES = [
    ("nothing waits", (), None, (), None),
    ("the first of the file", (("a", OLD), ("b", OLD)), None, (), "a"),
    ("what runs already", (("a", TUNED), ("b", OLD)), OLD, (), "b"),
    ("other client jars rather than other servers", (("a", TUNED), ("b", NEW_CLIENT)), OLD, (), "b"),
    ("the same clients rather than other ones", (("a", NEW_CLIENT), ("b", OLD)), OLD, (), "b"),
    ("the largest group first", (("a", TUNED), ("b", OLD), ("c", NEW_CLIENT)), None, (), "b"),
    ("servers that no other lab runs", (("a", OLD), ("b", OLD), ("c", TUNED)), None, (OLD,), "c"),
    ("help with what another lab has begun, where nothing else waits", (("a", OLD),), TUNED, (OLD,), "a"),
]


@pytest.mark.parametrize(
    ("waiting", "running", "elsewhere", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_next_row(waiting, running, elsewhere, expected) -> None:  # type: ignore[no-untyped-def]
    chosen = next_row(rows(*waiting), running, elsewhere)
    assert (chosen.name if chosen else None) == expected


def test_one_lab_makes_rows_of_equal_servers_one_after_the_other() -> None:
    mixed = rows(("a", OLD), ("b", TUNED), ("c", NEW_CLIENT), ("d", OLD), ("e", TUNED), ("f", NEW_CLIENT))
    planned = preview("mixed", mixed, 1)
    assert [(row.name, row.setup) for row in planned.rows] == [
        ("a", "new lab"),
        ("d", "nothing"),
        ("c", "other client jars"),
        ("f", "nothing"),
        ("b", "new lab"),
        ("e", "nothing"),
    ]
    assert planned.seconds == sum(row.seconds for row in planned.rows) + 2 * LAB_SECONDS


def test_a_row_takes_what_it_holds_and_settles_as_often_as_it_is_repeated() -> None:
    assert drill_seconds(prepared("a", hold=90.0, repeat=3)) == 3 * (90 + 65 + AROUND_SECONDS)


def test_no_number_of_labs_is_faster_than_the_longest_row() -> None:
    waiting = [prepared("short", hold=20.0), prepared("long", hold=600.0)]
    assert remaining_seconds(waiting, (), 16) == drill_seconds(waiting[1])
    assert remaining_seconds((), (), 2) == 0
    assert remaining_seconds((), (120.0,), 2) == 120.0
