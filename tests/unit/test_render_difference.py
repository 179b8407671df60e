"""Diffs, and the secrets that must not be in them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from opskit.render.difference import unified

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "difference" / "cases.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_unified(case: dict[str, Any]) -> None:
    diff = unified("broker.conf", case["before"], case["after"])
    for line in case["shows"]:
        assert line in diff.splitlines()
    for text in case.get("hides", ()):
        assert text not in diff
