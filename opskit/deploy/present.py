"""A deploy's result as report shapes."""

from collections.abc import Iterator

from opskit.deploy.result import DeployResult, Failure, HostResult, UndoFailure
from opskit.errors import Exit
from opskit.report.shapes import Cell, Diff, Heading, Sentence, Shape, Table


def exit_code(result: DeployResult) -> Exit:
    """A failed undo → 4; Ctrl-C → 130; SIGTERM, SIGHUP → 143; a failed gate, task or smoke test → 1.

    A host lost during the roll, or a smoke test that could not be judged → 3.
    """
    if result.undo_failed:
        return Exit.UNDO_FAILED
    if result.outcome == "cancelled":
        return Exit.TERMINATED if result.terminated else Exit.INTERRUPTED
    if result.failure and result.failure.unreachable:
        return Exit.UNJUDGED
    if result.outcome == "failed" or not all(smoke.holds for smoke in result.smoke):
        return Exit.FAILS
    return Exit.UNJUDGED if result.smoke_unjudged else Exit.HOLDS


def present(result: DeployResult, diff: bool) -> Iterator[Shape]:
    """Tables of changes and smoke tests; with `diff`, each file's diff."""
    would = "would change" if result.outcome == "checked" else "changed"
    if result.changed:
        yield Heading(f"What {would}")
        rows = tuple(_row(host) for host in result.changed)
        yield Table(("host", "jars", "files", "restarts"), rows)
    if diff:
        for host in result.changed:
            for file in host.files:
                if file.diff:
                    yield Heading(f"{host.host}: {file.path}")
                    yield Diff(file.diff)
    for drain in result.drains:
        still = f", {drain.still_per_second:g} messages/s still came in" if drain.still_per_second else ""
        yield Sentence(f"{drain.host} was read-only for {drain.seconds:g} s before it stopped{still}", "dim")
    for name in result.undrained:
        yield Sentence(f"{name} was restarted without a drain: no other master took writes", "warn")
    if result.smoke:
        yield Heading("Smoke test")
        yield Table(
            ("from", "client", "sent", "received", "failed", "lost", "seconds"),
            tuple(
                (
                    smoke.host,
                    smoke.client,
                    str(smoke.sent),
                    Cell(str(smoke.received), "good" if smoke.holds else "bad"),
                    str(smoke.failed),
                    str(smoke.lost),
                    f"{smoke.seconds:.1f}",
                )
                for smoke in result.smoke
            ),
        )
    yield _last(result)


def _still(result: DeployResult) -> str:
    left = f"Still to do: {', '.join(result.pending)}. " if result.pending else ""
    return f"{left}Run deploy again to finish."


def _row(host: HostResult) -> tuple[str, ...]:
    files = ", ".join(file.path.rsplit("/", 1)[1] for file in host.files)
    restarts = "; ".join(f"{restart.component} ({restart.reason})" for restart in host.restarts)
    jars = ", ".join(folder.rsplit("/", 1)[1] for folder in host.releases)
    return host.host, jars, files, restarts


def _stopped(failure: Failure, then: str) -> str:
    lost = ", which is out of reach" if failure.unreachable else ""
    where = f"{failure.host}{lost} ({failure.stage}: {failure.step})"
    return f"The roll stopped at {where}: {_ended(failure.sentence)}{then}"


def _ended(sentence: str) -> str:
    """Ready for a next sentence, which starts a line of its own after log lines."""
    return f"{sentence}\n" if "\n" in sentence else f"{sentence.rstrip('.')}. "


def _given_back(result: DeployResult) -> str:
    given = "".join(f"{host} was given back its write permission. " for host in result.undone)
    return given + "".join(undo_failed(failure) for failure in result.undo_failed)


def undo_failed(failure: UndoFailure) -> str:
    return (
        f"{failure.host} may still be read-only: {failure.reason}. The undo armed there tries again from its deadline "
        "on; by hand: restart rocketmq-broker.service there, or set brokerPermission with mqadmin updateBrokerConfig. "
    )


def _last(result: DeployResult) -> Shape:
    if result.failure:
        return Sentence(_stopped(result.failure, _given_back(result) + _still(result)), "bad")
    if result.outcome == "cancelled":
        return Sentence(f"Interrupted. {_given_back(result)}{_still(result)}", "warn")
    for smoke in result.smoke:
        if not smoke.holds:
            found = f"{smoke.received} of {smoke.sent} messages received, {smoke.failed} failed, {smoke.lost} lost"
            return Sentence(f"{result.cluster} is as declared, but the smoke test does not hold: {found}", "bad")
    if result.smoke_unjudged:
        return Sentence(
            f"{result.cluster} is as declared, but whether messages flow is unknown: {result.smoke_unjudged}", "bad"
        )
    verb = "would change" if result.outcome == "checked" else "changed"
    return Sentence(
        f"{result.cluster}: {len(result.changed)} hosts {verb}, {len(result.unchanged)} as declared, "
        f"{result.restarts} servers (re)started, {result.seconds:g} s",
        "good",
    )
