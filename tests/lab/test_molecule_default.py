"""The scenario with nothing but what must be said of a nameserver and a broker."""

from pathlib import Path

from scenarios import passes


def test_default_passes_and_leaves_nothing(tmp_path: Path) -> None:
    passes("default", tmp_path)
