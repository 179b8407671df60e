"""Molecule scenarios as tests run them: hosts and a folder of their own, and nothing left of them."""

import os
import secrets
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def passes(scenario: str, folder: Path) -> None:
    """Run a scenario from nothing to nothing; folder: for its state."""
    lab = f"m{os.getpid()}-{secrets.token_hex(2)}"
    places = {"MOLECULE_LAB": lab, "MOLECULE_EPHEMERAL_DIRECTORY": str(folder / "m"), "OPSKIT_STATE": str(folder / "s")}
    command = [ROOT / "scripts" / "molecule.sh", scenario]
    done = subprocess.run(command, env=os.environ | places, capture_output=True, text=True, timeout=800, check=False)
    left = subprocess.run(
        ["podman", "ps", "-aq", "--filter", f"label=opskit.lab={lab}"], capture_output=True, check=True
    )
    assert (done.returncode, left.stdout) == (0, b""), done.stdout[-20_000:] + done.stderr[-5_000:]
