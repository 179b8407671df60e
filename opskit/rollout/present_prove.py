"""A proof as report shapes."""

from collections.abc import Iterator

from opskit.observe.prove import Verdict
from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table
from opskit.rollout.drill_model import Consuming, Consumption, DrillOutcome, Moved, Movement
from opskit.rollout.present import java, service
from opskit.rollout.result import ProvenJvm, ProveResult

WORDS: dict[Verdict, tuple[str, Mark]] = {
    "on-live": ("on, live", "good"),
    "on-constructed": ("on, as constructed", "good"),
    "off": ("off", "bad"),
    "unknown": ("unknown", "warn"),
}
MOVES: dict[Movement, Mark] = {"moved": "good", "stayed": "bad", "adrift": "bad", "not-tried": "warn"}
CONSUMED: dict[Consumption, Mark] = {"kept": "good", "stopped": "bad", "idle": "plain", "unjudged": "warn"}


def present(result: ProveResult) -> Iterator[Shape]:
    """A row for each JVM, one for each live client instance, what could not be seen, and the judgement."""
    yield Heading(f"Close-on-timeout in force, {result.cluster}")
    if result.jvms:
        yield Table(
            ("host", "service", "client", "Java", "in force", "because"), tuple(_jvm(one) for one in result.jvms)
        )
    if rows := tuple(row for one in result.jvms for row in _instances(one)):
        yield Heading("Client instances, by their agents' reports")
        yield Table(("host", "service", "instance", "release", "leaves a nameserver", "brokers too", "now at"), rows)
    if result.drill:
        yield from _drill(result.drill, result.jvms)
    for gap in result.unseen:
        yield Sentence(f"{gap.host} could not be seen, or not all of it: {gap.why}", "warn")
    yield _sum(result)


def _jvm(one: ProvenJvm) -> tuple[Cell | str, ...]:
    text, mark = WORDS[one.proof.verdict]
    if one.proof.pending:
        text = f"{text}, restart pending"
    host, jvm = one.process.host, one.jvm
    return host, service(jvm), ", ".join(jvm.releases) or "?", java(jvm), Cell(text, mark), one.proof.why


def _instances(one: ProvenJvm) -> Iterator[tuple[Cell | str, ...]]:
    for instance in one.proof.report.instances if one.proof.report else ():
        yield (
            one.process.host,
            one.jvm.name,
            instance.client_id,
            instance.release or "?",
            Cell("yes", "good") if instance.value else Cell("no", "bad"),
            "yes" if instance.every else "no",
            instance.nameserver or "none",
        )


def _drill(drill: DrillOutcome, jvms: tuple[ProvenJvm, ...]) -> Iterator[Shape]:
    hung = ", then ".join(f"{one.nameserver} for {one.seconds:.0f} s" for one in drill.rounds) or "none"
    yield Heading(f"While a nameserver hung: {hung}")
    rows = tuple((one.process.host, service(one.jvm), *_move(one.moved)) for one in jvms if one.moved)
    yield Table(("host", "service", "it hung", "the client", "after", "because"), rows)
    rows_of = tuple((tried.nameserver, *_consuming(one)) for tried in drill.rounds for one in tried.consumers)
    if rows_of:
        yield Heading(f"Consumer groups meanwhile; a gap may be {drill.gap_limit_seconds:g} s")
        columns = ("it hung", "group", "broker", "service", "consumed", "longest gap", "judged", "because")
        yield Table(columns, rows_of)
    elif drill.rounds:
        yield Sentence("No consumer group of these JVMs is known.", "dim")
    for tried in drill.rounds:
        if tried.stopped:
            yield Sentence(f"{tried.nameserver} did not hang for as long as it should: {tried.stopped}", "warn")
    if drill.sick:
        yield Sentence(f"The cluster is not healthy again after the undo: {'; '.join(drill.sick)}", "bad")
    for why in drill.unasked:
        yield Sentence(f"A broker did not tell of all consumers: {why}", "warn")


def _move(moved: Moved) -> tuple[Cell | str, ...]:
    after = "" if moved.seconds is None else _figure(moved.seconds, moved.resolution_seconds)
    return moved.nameserver or "", Cell(moved.verdict, MOVES[moved.verdict]), after, moved.why


def _consuming(one: Consuming) -> tuple[Cell | str, ...]:
    gap = "" if one.gap_seconds is None else _figure(one.gap_seconds, one.resolution_seconds)
    judged = Cell(one.verdict, CONSUMED[one.verdict])
    return one.group, one.broker, ", ".join(one.services), str(one.consumed), gap, judged, one.why


def _figure(seconds: float, resolution: float | None) -> str:
    """Nobody looked in between, so it may have been sooner by as much."""
    return f"{seconds:g} s (-{resolution or 0:g})"


def _sum(result: ProveResult) -> Sentence:
    on = sum(one.proof.is_on for one in result.jvms)
    moved = sum(bool(one.moved and one.moved.verdict == "moved") for one in result.jvms)
    also = f" {moved} of {len(result.jvms)} left a nameserver that hung." if result.drill else ""
    if result.judgement == "holds":
        return Sentence(f"Close-on-timeout is in force in {on} of {on} JVMs.{also} {result.seconds:g} s.", "good")
    if result.judgement == "fails":
        off = sum(one.proof.verdict == "off" for one in result.jvms)
        proved = f"off in {off}" if off else f"proved in {on}"
        sentence = f"Close-on-timeout is {proved} of {len(result.jvms)} JVMs."
        return Sentence(f"{sentence}{also}{_stopped(result)} {result.seconds:g} s.", "bad")
    if not result.jvms:
        return Sentence("Nothing is proved: no JVM with a RocketMQ client was seen.", "bad")
    if on == len(result.jvms) and not result.unseen:
        return Sentence(f"On in all {on} JVMs, but not all were tried.{also} {result.seconds:g} s.", "bad")
    sentence = f"On in {on} of {len(result.jvms)} JVMs that were seen; of the rest nothing is proved."
    return Sentence(f"{sentence}{also}", "bad")


def _stopped(result: ProveResult) -> str:
    rounds = result.drill.rounds if result.drill else ()
    groups = sorted({one.group for tried in rounds for one in tried.consumers if one.verdict == "stopped"})
    return f" Consumers stopped: {', '.join(groups)}." if groups else ""
