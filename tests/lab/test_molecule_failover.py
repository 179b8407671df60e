"""The scenario that hangs a nameserver with its broker, with the clients' setting and without."""

from pathlib import Path

from scenarios import passes


def test_failover_passes_and_leaves_nothing(tmp_path: Path) -> None:
    passes("failover", tmp_path)
