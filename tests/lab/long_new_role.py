"""What `make role` makes is green as it stands, on a real host: check mode, twice, its tests."""

import secrets
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

from mutate.outcome import judge
from mutate.scratch import copy, environment


def test_the_scenario_of_a_new_role_is_green(tmp_path: Path) -> None:
    with copy(ROOT, tmp_path / "copy") as folder:
        surroundings = environment(folder, f"role-{secrets.token_hex(3)}")
        subprocess.run([sys.executable, "scripts/new-role.py", "letter_box"], cwd=folder, env=surroundings, check=True)
        done = subprocess.run(
            ["scripts/molecule.sh", "letter_box"],
            cwd=folder,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=800,
            check=False,
        )
        assert judge("letter_box", done.returncode, done.stdout + done.stderr, 0).fate == "survived", done.stdout[
            -9000:
        ]
