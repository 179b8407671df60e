"""What a playbook run really did, read from its events. Pure."""

from collections.abc import Collection, Sequence

from opskit.deploy.result import DrainResult, Failure, FileResult, HostResult, RestartResult
from opskit.reach.playbook import Event, PlaybookResult


def changed(planned: Sequence[HostResult], events: Sequence[Event]) -> tuple[HostResult, ...]:
    """What the modules really changed, host by host; diffs are those of the plan."""
    done = []
    for plan in planned:
        mine = [event.result for event in events if event.host == plan.host and event.changed]
        diffs = {file.path: file.diff for file in plan.files}
        files = [path for result in mine for path in result.get("changed_files", ())]
        done.append(
            HostResult(
                host=plan.host,
                releases=tuple(folder for result in mine for folder in result.get("unpacked", ())),
                files=tuple(FileResult(path=path, diff=diffs[path]) for path in files if path in diffs),
                restarts=tuple(
                    RestartResult(component=result["component"], reason=result["reason"])
                    for result in mine
                    if result.get("restart")
                ),
            )
        )
    return tuple(host for host in done if host.releases or host.files or host.restarts)


def pending(planned: Sequence[HostResult], done: Sequence[HostResult]) -> tuple[str, ...]:
    """Hosts on which something that was planned did not come about."""
    by_host = {host.host: host for host in done}
    return tuple(plan.host for plan in planned if _differs(plan, by_host.get(plan.host)))


def _differs(plan: HostResult, done: HostResult | None) -> bool:
    if done is None:
        return True
    files = {file.path for file in plan.files} <= {file.path for file in done.files}
    restarts = {restart.component for restart in plan.restarts} <= {restart.component for restart in done.restarts}
    return not (files and restarts and set(plan.releases) <= set(done.releases))


def drains(events: Sequence[Event]) -> tuple[DrainResult, ...]:
    return tuple(
        DrainResult(host=event.host, seconds=event.result["seconds"], still_per_second=event.result["still_per_second"])
        for event in events
        if "still_per_second" in event.result
    )


def undrained(events: Sequence[Event]) -> tuple[str, ...]:
    """Masters that were restarted without a drain, since no other one took writes."""
    return tuple(event.host for event in events if event.result.get("undrained"))


def failure(played: PlaybookResult, events: Sequence[Event], silent: Collection[str] = ()) -> Failure | None:
    """The first host on which the roll stopped, and why.

    silent: hosts out of reach after the roll. One of them failed since it was lost, even where a gate noticed it first.
    """
    if played.outcome != "failed":
        return None
    for event in events:
        if event.outcome in ("failed", "unreachable"):
            lost = event.outcome == "unreachable" or event.host in silent
            return Failure(
                host=event.host, unreachable=lost, stage=event.stage, step=event.step, sentence=event.sentence
            )
    return Failure(host="localhost", stage="ansible-playbook", step="start", sentence=played.output[-2000:].strip())
