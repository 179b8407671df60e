"""A proof as report shapes."""

from collections.abc import Iterator

from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Table
from opskit.rollout.present import java, service
from opskit.rollout.prove import Verdict
from opskit.rollout.result import ProvenJvm, ProveResult

WORDS: dict[Verdict, tuple[str, Mark]] = {
    "on-live": ("on, live", "good"),
    "on-constructed": ("on, as constructed", "good"),
    "off": ("off", "bad"),
    "unknown": ("unknown", "warn"),
}


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


def _sum(result: ProveResult) -> Sentence:
    on = sum(one.proof.is_on for one in result.jvms)
    if result.judgement == "holds":
        return Sentence(f"Close-on-timeout is in force in {on} of {on} JVMs. {result.seconds:g} s.", "good")
    if result.judgement == "fails":
        off = sum(one.proof.verdict == "off" for one in result.jvms)
        return Sentence(f"Close-on-timeout is off in {off} of {len(result.jvms)} JVMs. {result.seconds:g} s.", "bad")
    if not result.jvms:
        return Sentence("Nothing is proved: no JVM with a RocketMQ client was seen.", "bad")
    return Sentence(f"On in {on} of {len(result.jvms)} JVMs that were seen; of the rest nothing is proved.", "bad")
