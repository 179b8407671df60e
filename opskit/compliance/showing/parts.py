"""The parts of an audit that its screen and its page share; pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from opskit.compliance.result import SEVERITIES, ComplianceResult, Row
from opskit.compliance.showing import words
from opskit.compliance.showing.metrics import is_new
from opskit.report.shapes import Cell, Heading, Mark, Sentence, Shape, Subheading, Table
from opskit.report.terminal import SYMBOLS

K = TypeVar("K")
Long = Callable[[Table], Iterator[Shape]]
"""What becomes of a table that may be long."""
NAMES = 4
"""Of subjects or controls in one cell."""
SEVERITY_MARKS: dict[str, Mark] = {"critical": "bad", "high": "bad", "medium": "warn", "low": "plain"}


def findings(result: ComplianceResult, rows: Iterable[Row], long: Long, details: bool) -> Iterator[Shape]:
    """What fails, by severity and then by control, the worst first."""
    failing = [row for row in rows if row.status == "fails"]
    for severity in reversed(SEVERITIES):
        found = [row for row in failing if row.severity == severity]
        if found:
            yield Heading(f"{severity.capitalize()}: {words.counted(len(found), 'finding')}")
        for of_control in _by(found, lambda row: row.control).values():
            yield from _control(result, of_control, long, details)


def _control(result: ComplianceResult, rows: Sequence[Row], long: Long, details: bool) -> Iterator[Shape]:
    """What is the same for all its subjects is said once, above them; new subjects come first.

    A title says what should hold; under a finding it would read as if it did.
    """
    yield Subheading(f"{SYMBOLS['bad']}{rows[0].title}", rows[0].control)
    texts: list[tuple[str, Callable[[Row], str]]] = [("Observed", lambda row: row.observed)]
    if details:
        texts = [("Seen in", lambda row: ", ".join(row.evidence)), *texts, ("Expected", lambda row: row.expected)]
    texts.append(("Remedy", lambda row: row.remedy))
    columns: list[tuple[str, Callable[[Row], Cell | str]]] = [
        ("subject", lambda row: row.subject),
        ("since", lambda row: words.change(row, result.at)),
    ]
    said: list[Sentence] = []
    for name, text in texts:
        different = dict.fromkeys(map(text, rows))
        if len(different) > 1 or name == "Observed":
            columns.append((name.lower(), text))
        elif (same := next(iter(different))) != "":
            said.append(Sentence(f"{name}: {same}"))
    yield from said
    ordered = sorted(rows, key=lambda row: (not is_new(row), row.subject))
    lines = tuple(tuple(of(row) for _, of in columns) for row in ordered)
    yield from long(Table(tuple(name for name, _ in columns), lines))


def unknown(result: ComplianceResult, rows: Iterable[Row], long: Long) -> Iterator[Shape]:
    """By its reason: one host that does not answer leaves many controls without an answer."""
    by_reason = _by((row for row in rows if row.status == "unknown"), lambda row: row.observed)
    if not by_reason:
        return
    number = sum(map(len, by_reason.values()))
    yield Heading(f"Unknown: {number:,} could not be judged")
    yield from long(
        Table(
            ("why", "subjects", "controls", "severity", "since"),
            tuple(
                (
                    why,
                    words.few((row.subject for row in of_reason), NAMES),
                    words.few((row.control for row in of_reason), NAMES),
                    _severity(max(of_reason, key=_rank)),
                    words.change(min(of_reason, key=is_new), result.at),
                )
                for why, of_reason in sorted(by_reason.items(), key=lambda item: -max(map(_rank, item[1])))
            ),
        )
    )


def unheard(result: ComplianceResult, long: Long) -> Iterator[Shape]:
    """Hosts that could not be audited."""
    if result.errors:
        yield Heading(f"{words.counted(len(result.errors), 'host')} could not be audited")
        yield from long(
            Table(
                ("host", "what happened", "why"),
                tuple((one.host, Cell(one.outcome, "bad"), one.error) for one in result.errors),
            )
        )


def fixed(result: ComplianceResult, long: Long) -> Iterator[Shape]:
    """What was open in the run before and is not any more."""
    if rows := words.fixed(result):
        gone = {row.fingerprint for row in result.fixed}
        yield Heading(f"Fixed since the run before: {len(rows):,}")
        yield from long(
            Table(
                ("severity", "control", "subject", "now"),
                tuple(
                    (row.severity, row.control, row.subject, "is gone" if row.fingerprint in gone else _now(row))
                    for row in rows
                ),
            )
        )


def waived(result: ComplianceResult, long: Long) -> Iterator[Shape]:
    """What a waiver covers: shown, since it is as wrong as before."""
    rows = words.waived(result)
    if not rows:
        return
    yield Heading(f"Waived: {words.counted(len(rows), 'finding')}")
    groups = _by(rows, lambda row: (row.control, row.waived, row.observed))
    yield from long(
        Table(
            ("severity", "control", "subjects", "observed", "owner", "reason", "until the end of"),
            tuple(
                (
                    _severity(of[0]),
                    control,
                    words.few((row.subject for row in of), NAMES),
                    observed,
                    waiver.owner,
                    waiver.reason,
                    words.expires(waiver, result.at),
                )
                for (control, waiver, observed), of in groups.items()
                if waiver
            ),
        )
    )


def not_applicable(result: ComplianceResult, long: Long) -> Iterator[Shape]:
    """Each control and reason once."""
    groups = _by(
        (row for row in result.rows if row.status == "not-applicable"), lambda row: (row.control, row.observed)
    )
    if groups:
        yield Heading("Controls that do not apply")
        yield from long(
            Table(
                ("control", "why", "subjects"),
                tuple(
                    (control, why, words.few((row.subject for row in of), NAMES))
                    for (control, why), of in sorted(groups.items())
                ),
            )
        )


def _severity(row: Row) -> Cell:
    return Cell(row.severity, SEVERITY_MARKS[row.severity])


def _rank(row: Row) -> int:
    return SEVERITIES.index(row.severity)


def _now(row: Row) -> str:
    return {"holds": "holds", "not-applicable": "does not apply"}.get(row.status, row.status)


def _by(rows: Iterable[Row], key: Callable[[Row], K]) -> dict[K, list[Row]]:
    """In the order in which each key first comes."""
    groups: dict[K, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
