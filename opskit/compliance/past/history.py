"""The past audits of a cluster: each is recorded whole or not at all, and old ones are forgotten.

All functions raise OpskitError (exit 3) where the file cannot be used.
"""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from opskit.compliance.past.audits import ComplianceHistory, PastAudit, PastRun, is_wrong, summary
from opskit.compliance.past.store import damaged, file_of, opened
from opskit.compliance.result import ComplianceResult, Row
from opskit.errors import OpskitError

_CHANGING = {"change", "first_seen"}
"""What differs from run to run in a row that says the same."""

_OF_A_RUN = """
    SELECT body, change, first_seen FROM seen JOIN findings ON findings.id = finding WHERE run = ? ORDER BY place"""
_NEWEST = """
    SELECT body, change, first_seen FROM seen JOIN findings ON findings.id = finding
    JOIN (SELECT control, max(run) AS run FROM judged GROUP BY control) AS newest USING (run, control)
    ORDER BY seen.run, place"""


@dataclass(frozen=True)
class Keep:
    """How much of the past. newest: so many runs stay whatever their age, since a clock may have been wrong for a day;
    the newest of all always stays.
    """

    runs: int = 400
    days: int = 400
    newest: int = 30


def record(result: ComplianceResult, keep: Keep = Keep()) -> tuple[str, ...]:
    """Keep an audit and forget old ones, whose names are returned. All in one transaction, so that one that is killed
    here has left nothing.
    """
    past = summary(result)
    wrong = [(row, row.model_dump_json(exclude=_CHANGING)) for row in result.rows if is_wrong(row)]
    with opened(file_of(result.cluster)) as database:
        run = database.execute(
            "INSERT INTO runs (run, at, summary) VALUES (?, ?, ?)", (past.run, _text(past.at), past.model_dump_json())
        ).lastrowid
        database.executemany("INSERT INTO judged VALUES (?, ?)", ((run, control) for control in past.controls))
        database.executemany(
            "INSERT OR IGNORE INTO findings VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            (
                (_digest(body), row.fingerprint, row.control, row.subject, row.severity, row.status, body)
                for row, body in wrong
            ),
        )
        database.executemany(
            "INSERT INTO seen SELECT ?, ?, id, ?, ? FROM findings WHERE digest = ?",
            (
                (run, place, row.change, row.first_seen and _text(row.first_seen), _digest(body))
                for place, (row, body) in enumerate(wrong)
            ),
        )
        return _forget(database, past.at, keep)


def last(cluster: str) -> PastAudit | None:
    """What the next audit is compared with: the newest run, with the rows of each control from the last run that judged
    it. So an audit of a few controls does not make the others look new in the next. None where there was no audit yet.
    """
    path = file_of(cluster)
    if not path.exists():
        return None
    with opened(path) as database:
        newest = database.execute("SELECT summary FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        if newest is None:
            return None
        judged = database.execute("SELECT DISTINCT control FROM judged ORDER BY control").fetchall()
        run = _run(newest[0], path).model_copy(update={"controls": tuple(control for (control,) in judged)})
        return _audit(run, database.execute(_NEWEST).fetchall(), path)


def runs(cluster: str, last: int | None = None) -> tuple[PastRun, ...]:
    """Newest first, at most the `last` newest."""
    path = file_of(cluster)
    if not path.exists():
        return ()
    with opened(path) as database:
        limit = -1 if last is None else last
        found = database.execute("SELECT summary FROM runs ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    return tuple(_run(text, path) for (text,) in found)


def history(cluster: str, last: int | None = None) -> ComplianceHistory:
    """The `last` newest audits in a line each."""
    return ComplianceHistory(cluster=cluster, runs=runs(cluster, last))


def audit(cluster: str, name: str) -> PastAudit:
    """One past audit as it was; the end of its name is enough. Raises OpskitError (exit 2) where not one has it."""
    found = [one for one in runs(cluster) if one.run == name or one.run.endswith(f"-{name}")]
    if len(found) != 1:
        raise OpskitError(
            f"{'more than one audit' if found else 'no audit'} is called {name!r}",
            where=cluster,
            remedy="opskit compliance history lists them; the six letters at the end are enough.",
        )
    path = file_of(cluster)
    with opened(path) as database:
        (run,) = database.execute("SELECT id FROM runs WHERE run = ?", (found[0].run,)).fetchone()
        return _audit(found[0], database.execute(_OF_A_RUN, (run,)).fetchall(), path)


def _forget(database: sqlite3.Connection, at: datetime, keep: Keep) -> tuple[str, ...]:
    """Runs beyond what is kept, and findings that no run tells of any more."""
    old = database.execute(
        """SELECT id, run FROM runs WHERE id < (SELECT max(id) FROM runs)
           AND (at < ? AND id NOT IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?)
                OR id NOT IN (SELECT id FROM runs ORDER BY id DESC LIMIT ?)) ORDER BY id""",
        (_text(at - timedelta(days=keep.days)), min(keep.newest, keep.runs), keep.runs),
    ).fetchall()
    database.executemany("DELETE FROM runs WHERE id = ?", ((id,) for id, _ in old))
    if old:
        database.execute("DELETE FROM findings WHERE NOT EXISTS (SELECT 1 FROM seen WHERE finding = findings.id)")
    return tuple(run for _, run in old)


def _audit(run: PastRun, rows: list[tuple[str, str | None, str | None]], path: Path) -> PastAudit:
    return PastAudit(**dict(run), rows=tuple(_row(*row, path) for row in rows))


def _row(body: str, change: str | None, first_seen: str | None, path: Path) -> Row:
    try:
        return Row.model_validate({**json.loads(body), "change": change, "first_seen": first_seen})
    except (TypeError, ValueError) as error:
        raise damaged(path, f"a finding in it cannot be read ({_first(error)})") from error


def _run(summary: str, path: Path) -> PastRun:
    try:
        return PastRun.model_validate_json(summary)
    except ValueError as error:
        raise damaged(path, f"a run in it cannot be read ({_first(error)})") from error


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
