"""The schedule on this machine, the controller: put units where systemd looks, and tell what became of them."""

import os
import pwd
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.compliance.schedule.systemd import Run, next_elapse, run_here, shown, systemctl
from opskit.compliance.schedule.units import Names, Schedule, check, header, units, writable
from opskit.errors import Exit, OpskitError
from opskit.observe.model import Shape

UNITS = Path("/etc/systemd/system")
Did = Literal["previewed", "installed", "removed", "nothing to remove", "asked"]


class UnitFile(Shape):
    """text: as it is, or would be, on disk."""

    path: str
    text: str


class LastAudit(Shape):
    """How the service ended last. result: systemd's word, "success" where the exit code counts as one; ended: as it
    writes it.
    """

    exit: int
    result: str
    ended: str


class ScheduleResult(BaseModel):
    """What `opskit compliance schedule` did or found. enabled: after the next boot too; active: the timer waits.

    next: as systemd writes it; where previewed, before the random delay. last: None where it has not run since this
    machine booted.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/compliance-schedule/1"] = Field(default="opskit/compliance-schedule/1", alias="schema")
    cluster: str
    timer: str
    did: Did
    files: tuple[UnitFile, ...]
    enabled: bool = False
    active: bool = False
    running: bool = False
    next: str = ""
    last: LastAudit | None = None

    @property
    def exit(self) -> Exit:
        """1 where it was asked whether the cluster is audited, and it is not."""
        return Exit.FAILS if self.did == "asked" and not (self.enabled and self.active) else Exit.HOLDS


def install(
    schedule: Schedule, command: str, *, dry_run: bool = False, folder: Path = UNITS, run: Run = run_here
) -> ScheduleResult:
    """Write the units and start the timer; the same again changes nothing. dry_run: touch nothing.

    command: to be typed where this user may not write there. Raises OpskitError: exit 2 for a schedule that cannot
    work, or where a file of that name is not opskit's; exit 3 where systemd refuses.
    """
    check(schedule)
    due = next_elapse(schedule.on_calendar, run)
    names, texts = Names(schedule.cluster), units(schedule)
    files = tuple(UnitFile(path=str(folder / name), text=text) for name, text in texts.items())
    if dry_run:
        return ScheduleResult(cluster=schedule.cluster, timer=names.timer, did="previewed", files=files, next=due)
    _require_write(folder, command)
    _require_access(schedule, run)
    own = _ours(schedule.cluster, folder)
    for path in (Path(file.path) for file in files):
        if (path.exists() or path.is_symlink()) and path not in own:
            raise OpskitError(
                "this file is not opskit's, so it stays", where=str(path), remedy="Move it away, then install again."
            )
    for file in files:
        _write(Path(file.path), file.text)
    for path in own:
        if path.name not in texts:
            path.unlink()
    systemctl(run, "daemon-reload")
    systemctl(run, "enable", names.timer)
    # a timer that is on already keeps its old times until it starts anew
    systemctl(run, "restart", names.timer)
    return _asked(schedule.cluster, "installed", files, run)


def status(cluster: str, *, folder: Path = UNITS, run: Run = run_here) -> ScheduleResult:
    """What is installed, when it is due, how it ended last. Raises OpskitError (exit 3) where systemd does not tell."""
    files = tuple(UnitFile(path=str(path), text=path.read_text()) for path in _ours(cluster, folder))
    return _asked(cluster, "asked", files, run) if files else _nothing(cluster, "asked")


def remove(cluster: str, command: str, *, folder: Path = UNITS, run: Run = run_here) -> ScheduleResult:
    """Stop the timer and take away what `install` wrote, nothing else. An audit that runs just now goes on to its end.

    command: as for `install`. Raises OpskitError as there.
    """
    names, paths = Names(cluster), _ours(cluster, folder)
    if not paths:
        return _nothing(cluster, "nothing to remove")
    _require_write(folder, command)
    files = tuple(UnitFile(path=str(path), text=path.read_text()) for path in paths)
    if folder / names.timer in paths:
        systemctl(run, "disable", "--now", names.timer)
    for path in paths:
        path.unlink()
    systemctl(run, "daemon-reload")
    for name in (names.service, names.hook):
        if shown(run, name).get("ActiveState") == "failed":
            systemctl(run, "reset-failed", name)
    return ScheduleResult(cluster=cluster, timer=names.timer, did="removed", files=files)


def _nothing(cluster: str, did: Did) -> ScheduleResult:
    return ScheduleResult(cluster=cluster, timer=Names(cluster).timer, did=did, files=())


def _asked(cluster: str, did: Did, files: tuple[UnitFile, ...], run: Run) -> ScheduleResult:
    names = Names(cluster)
    timer, service = shown(run, names.timer), shown(run, names.service)
    ended = service.get("ExecMainExitTimestamp", "")
    last = LastAudit(exit=int(service["ExecMainStatus"]), result=service["Result"], ended=ended) if ended else None
    return ScheduleResult(
        cluster=cluster,
        timer=names.timer,
        did=did,
        files=files,
        enabled=timer.get("UnitFileState") == "enabled",
        active=timer.get("ActiveState") == "active",
        running=service.get("ActiveState") == "activating",
        next=timer.get("NextElapseUSecRealtime", ""),
        last=last,
    )


def _ours(cluster: str, folder: Path) -> list[Path]:
    """The cluster's files that `install` wrote, by their first line."""
    names = Names(cluster)
    paths = (folder / name for name in (names.timer, names.service, names.hook))
    return [path for path in paths if path.is_file() and path.read_text().split("\n", 1)[0] == header(cluster)]


def _require_write(folder: Path, command: str) -> None:
    if not os.access(folder, os.W_OK):
        raise OpskitError("only root may change units there", where=str(folder), remedy=f"Run: {command}")


def _require_access(schedule: Schedule, run: Run) -> None:
    """Asked as the user of the audits; else each would fail, at night."""
    try:
        pwd.getpwnam(schedule.user)
    except KeyError:
        raise OpskitError(f"this machine has no user {schedule.user}", where="--user") from None
    needs = [
        *(("-w", path, f"Make it: install -d -o {schedule.user} -m 0755 {path}") for path in writable(schedule)),
        *(("-r", path, f"Let {schedule.user} read it, or name another --user.") for path in schedule.inventories),
        ("-x", schedule.program, f"Install opskit where {schedule.user} reaches it, or name another --user."),
    ]
    for flag, path, remedy in needs:
        if run(("runuser", "-u", schedule.user, "--", "test", flag, str(path))).code:
            may = {"-w": "write there", "-r": "read it", "-x": "start it"}[flag]
            raise OpskitError(f"{schedule.user}, as whom the audits run, may not {may}", where=str(path), remedy=remedy)


def _write(path: Path, text: str) -> None:
    """Renamed in; systemd passes over what begins with a dot."""
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
