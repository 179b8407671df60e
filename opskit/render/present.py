"""What was rendered as report shapes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from opskit.render.result import Rendered
from opskit.report.shapes import Diff, Heading, Sentence, Shape, Table


def listing(result: Rendered, out: Path | None) -> Iterator[Shape]:
    """A line a file."""
    yield Table(
        ("host", "file", "mode", "takes effect"),
        tuple(
            (file.host, file.path, f"{file.owner}:{file.group} {file.mode}", _effect(file.effect, file.unit))
            for file in result.files
        ),
    )
    hosts = len({file.host for file in result.files})
    yield Sentence(f"{len(result.files)} files for {hosts} hosts" + (f", written below {out}" if out else ""), "good")


def present_differences(differences: Mapping[str, Mapping[str, str]]) -> Iterator[Shape]:
    """A unified diff a file that differs."""
    for host, files in differences.items():
        for path, diff in files.items():
            yield Heading(f"{host}: {path}")
            yield Diff(diff) if diff else Sentence("only its owner or mode differs", "dim")
    count = sum(len(files) for files in differences.values())
    yield Sentence(
        f"{count} files differ from the hosts" if count else "Every host has every file as rendered.", "good"
    )


def _effect(effect: str, unit: str) -> str:
    return f"restart of {unit}" if effect == "restart" else {"sysctl": "sysctl -p", "none": "at once"}[effect]
