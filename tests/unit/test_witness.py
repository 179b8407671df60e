"""The scenarios' own reading of a drill, molecule/witness.py: a few operations in, seconds out."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "molecule" / "witness.py"


@pytest.fixture(scope="module")
def witness() -> Any:
    spec = importlib.util.spec_from_file_location("witness", SOURCE)
    assert spec
    assert spec.loader
    module = sys.modules["witness"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# (begin, end, whether it succeeded) of each operation; the fault is from 10 to 20
STEADY = [(at, at + 0.5, True) for at in range(30)]
CASES = {
    "nothing happened": (STEADY, 1.0, 0.0),
    "one failed": ([*STEADY, (9, 12.5, False)], 1.0, 2.5),
    "a failure after the fault is none of its own": ([*STEADY, (21, 24, False)], 1.0, 0.0),
    "it recovered within the fault": ([one for one in STEADY if not 10 <= one[0] < 14], 5.0, 0.0),
    "it recovered with the fault": ([one if not 10 <= one[0] < 20 else (*one[:2], False) for one in STEADY], 11.0, 9.5),
    "it never came back": ([one if one[0] < 10 else (*one[:2], False) for one in STEADY], 20.0, 9.5),
    "it was silent until the end": ([*STEADY[:10], (10, 29, False)], 19.5, 19.0),
}


@pytest.mark.parametrize(("operations", "waited", "troubled"), CASES.values(), ids=CASES)
def test_silence_and_trouble_around_a_fault(
    witness: Any, operations: list[tuple[float, float, bool]], waited: float, troubled: float
) -> None:
    made = [witness.Operation("c", "produce", begin, end, ok, None) for begin, end, ok in operations]
    fault = witness.Standstill(10.0, 20.0, 1)
    assert witness.silence(made, fault) == pytest.approx(waited)
    assert witness.trouble(made, fault) == pytest.approx(troubled)


def test_a_host_stands_still_where_all_its_processes_do(witness: Any) -> None:
    seen = "1000000000 SS\n2000000000 TS\n3000000000 TT\n5000000000 TT\n6000000000 ST\n"
    assert witness.standstill(seen) == witness.Standstill(3.0, 5.0, 2)
    assert witness.standstill("1000000000 SS\n2000000000 TS\n") is None
