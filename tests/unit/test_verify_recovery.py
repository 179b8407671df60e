"""The bounds of the definition, to the nanosecond: held from 100 to 200, stable after 30, silent after 50 or more."""

import pytest

from opskit.verify.judging.align import Attempt
from opskit.verify.judging.recovery import Recovery, recovery
from opskit.verify.judging.spans import Span

FAULT = Span("fault", 95, 100, 200, ends_in_thaw=True)
THAW = Span("thaw", 95, 100, 200)


def ok(end: int, start: int | None = None) -> Attempt:
    return Attempt(end, end - 1 if start is None else start, True)


def failed(end: int, start: int | None = None) -> Attempt:
    return Attempt(end, end - 1 if start is None else start, False)


def judged(*attempts: Attempt, span: Span = FAULT, silence: int = 10**6) -> Recovery:
    return recovery(sorted(attempts), span, 30, silence)


@pytest.mark.parametrize(
    ("attempts", "outcome", "window"),
    [
        ([failed(120), ok(170)], "recovered", 70),
        ([failed(120), ok(171)], "not recovered", 71),
        ([failed(120), ok(200)], "not recovered", 100),
        ([failed(120), ok(201)], "not recovered", 100),
        # what completes together with a failure is no success after it
        ([failed(120), ok(120), ok(130)], "recovered", 30),
        # from the order on, but not before
        ([failed(95), ok(130)], "recovered", 30),
        ([failed(94), ok(130)], "never failed", 0),
        ([failed(96), ok(98), ok(130)], "recovered", 0),
        # half of it before the undo
        ([ok(110), failed(201, 199)], "never failed", 0),
        ([ok(110), failed(201, 198)], "not recovered", 100),
        ([ok(110), failed(300, 200)], "never failed", 0),
        # well for 29 and for 30 before it failed again
        ([failed(101), ok(102), failed(131), ok(132)], "recovered", 32),
        ([failed(101), ok(102), failed(132), ok(133)], "flapped", 33),
        ([failed(101), ok(102), failed(132), ok(190)], "not recovered", 90),
    ],
)
def test_time_to_recover(attempts: list[Attempt], outcome: str, window: int) -> None:
    found = judged(*attempts)
    assert (found.outcome, found.window_ns) == (outcome, window)


def test_what_is_under_way_at_the_end_of_sending_counts() -> None:
    assert judged(ok(110), failed(300, 199), span=THAW).outcome == "not recovered"
    assert judged(ok(110), failed(300, 200), span=THAW).outcome == "never failed"


@pytest.mark.parametrize(
    ("attempts", "silence", "untried", "outcome", "window"),
    [
        ([ok(150, 100), ok(200, 150)], None, None, "never failed", 0),
        ([ok(151, 100), ok(200, 152)], (100, 150), None, "recovered", 51),
        ([ok(110), ok(150, 111), ok(155, 112)], None, None, "never failed", 0),
        ([ok(110), ok(150, 111)], None, None, "never failed", 0),
        # nothing is tried after the last success: nobody knows
        ([ok(110), ok(149, 111)], None, 149, "never failed", 0),
        # it is tried, and nothing comes
        ([ok(110), ok(149, 111), ok(250, 149)], (149, 200), None, "not recovered", 100),
        # a failure tells of a silence already
        ([ok(101), failed(130), ok(160, 140), ok(190, 161)], None, None, "recovered", 60),
        ([ok(101), failed(102), ok(103), ok(160, 104), ok(170, 161)], (103, 159), None, "recovered", 60),
    ],
)
def test_silence_is_down(
    attempts: list[Attempt], silence: tuple[int, int] | None, untried: int | None, outcome: str, window: int
) -> None:
    found = judged(*attempts, silence=50)
    assert (found.silence, found.untried_ns, found.outcome, found.window_ns) == (silence, untried, outcome, window)


@pytest.mark.parametrize(
    ("attempts", "flaps"),
    [
        ([ok(101), failed(102)], 0),
        ([failed(101), failed(102), ok(103)], 0),
        ([failed(101), ok(102), failed(103), ok(104), failed(105)], 2),
        ([failed(101), ok(102), failed(103), failed(104)], 1),
        ([failed(101), ok(110), failed(112, 110)], 1),
        ([failed(101), ok(110), failed(112, 109)], 0),
        ([failed(101), ok(110), ok(120), failed(130, 115)], 1),
        ([failed(101), ok(110), failed(115, 105), failed(130, 112)], 1),
    ],
)
def test_a_flap_starts_after_a_success(attempts: list[Attempt], flaps: int) -> None:
    assert judged(*attempts).flaps == flaps
