"""The rendered tree on this machine: OUT/HOST/path/on/the/host."""

from collections.abc import Mapping
from pathlib import Path

from opskit.render.files import RenderedHost


def write_tree(out: Path, rendered: Mapping[str, RenderedHost]) -> None:
    """Write every file below `out`, readable by the owner alone since settings may hold secrets."""
    out.mkdir(parents=True, mode=0o700, exist_ok=True)
    for host, found in rendered.items():
        for file in found.files:
            path = out / host / file.path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(file.content)
