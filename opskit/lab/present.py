"""The lab as report shapes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from opskit.lab.result import LabHost, LabReport
from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table


def present_up(lab: LabReport, inventories: Sequence[Path]) -> Iterator[Shape]:
    """The hosts, where the overlay is, and what to type next."""
    yield from _hosts(lab)
    given = " ".join(f"-i {path}" for path in inventories if str(path.absolute()) != lab.overlay)
    changed = sum(host.change != "kept" for host in lab.hosts) + len(lab.removed)
    what = f"{changed} of {len(lab.hosts) + len(lab.removed)} hosts changed" if changed else "nothing changed"
    yield Sentence(f"The lab {lab.name} is up: {what}, {lab.seconds} s.", "good")
    yield Sentence(f"Overlay inventory: {lab.overlay}")
    yield Heading("Next")
    for command in ("deploy", "status", f"lab shell --name {lab.name} {lab.hosts[0].name}"):
        overlay = "" if command.startswith("lab") else f" {given} -i {lab.overlay}"
        yield Sentence(f"  opskit{overlay} {command}")


def present_status(lab: LabReport) -> Iterator[Shape]:
    """One row a host, and one sentence."""
    if not lab.hosts:
        yield Sentence(f"The lab {lab.name} is not up.", "bad")
        return
    yield from _hosts(lab)
    running = sum(host.is_up for host in lab.hosts)
    mark: Mark = "good" if lab.is_up else "bad"
    yield Sentence(f"{running} of {len(lab.hosts)} hosts of the lab {lab.name} are running.", mark)
    if lab.overlay:
        yield Sentence(f"Overlay inventory: {lab.overlay}")


def _hosts(lab: LabReport) -> Iterator[Shape]:
    yield Heading(f"Lab {lab.name} ({lab.subnet or 'no network'})")
    yield Table(("host", "address", "state", "up for", "note"), tuple(_row(host) for host in lab.hosts))


def _row(host: LabHost) -> tuple[Cell | str, ...]:
    mark: Mark = "good" if host.is_up else "warn" if host.state in ("running", "paused") else "bad"
    state = (host.systemd or "unknown") if host.state == "running" else host.state
    note = f"failed: {', '.join(host.failed_units)}" if host.failed_units else host.change or ""
    return (host.name, host.address, Cell(state, mark), _duration(host.uptime_seconds), note)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
