"""The committed setting tables are what the releases' own jars say. Needs Maven and a JDK."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = "5.4.0"
"""The one with every component and configuration class."""


def test_a_regenerated_table_is_byte_for_byte_the_committed_one(tmp_path: Path) -> None:
    generator = [sys.executable, str(ROOT / "java" / "keys" / "generate.py"), "--out", str(tmp_path), RELEASE]
    subprocess.run(generator, check=True)
    made = (tmp_path / f"{RELEASE}.json").read_bytes()
    assert made == (ROOT / "opskit" / "rocketmq" / "data" / f"{RELEASE}.json").read_bytes()
