"""The SQLite file of a cluster's past audits: opened, migrated, and what can be wrong with it told in a sentence.

With SQLite's rollback journal, which needs no second file while nobody writes: what a killed writer left behind is
rolled back by whoever opens the file next.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from opskit import paths
from opskit.errors import Exit, OpskitError

BUSY_SECONDS = 5.0
"""How long a writer waits for another one; an audit is recorded in far less."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            run TEXT NOT NULL UNIQUE,
            at TEXT NOT NULL,  -- UTC, ISO 8601 down to microseconds, so that it sorts
            summary TEXT NOT NULL  -- JSON: PastRun
        )""",
        """CREATE TABLE judged (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            control TEXT NOT NULL,
            PRIMARY KEY (run, control)
        ) WITHOUT ROWID""",
        # what is said again in every audit is kept once
        """CREATE TABLE findings (
            id INTEGER PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE,  -- of body
            fingerprint TEXT NOT NULL,
            control TEXT NOT NULL,
            subject TEXT NOT NULL,
            severity TEXT NOT NULL,
            status TEXT NOT NULL,
            body TEXT NOT NULL  -- JSON: Row, without change and first_seen; what Row gains needs a default
        )""",
        """CREATE TABLE seen (
            run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
            place INTEGER NOT NULL,  -- in the order of the audit
            finding INTEGER NOT NULL REFERENCES findings,
            change TEXT,
            first_seen TEXT,
            PRIMARY KEY (run, place)
        ) WITHOUT ROWID""",
        "CREATE INDEX seen_finding ON seen (finding)",
    ),
)
"""Statements that lead from one user_version to the next; the first makes the file."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NOT_OURS = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
"""Disk or permissions: the file itself may be sound."""


def file_of(cluster: str) -> Path:
    return paths.state() / "runs" / cluster / "compliance.sqlite3"


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, made (mode 0600) or migrated where that is needed, in one transaction that ends with the block.

    Raises OpskitError (exit 3) where it is locked, damaged, out of reach, or of a newer opskit; it is never deleted.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("BEGIN IMMEDIATE")
            _migrate(database, path)
            yield database
            database.execute("COMMIT")
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise _told(error, path) from error
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def damaged(path: Path, why: str) -> OpskitError:
    return OpskitError(
        f"the history of audits is damaged: {why}",
        where=str(path),
        remedy=f"Move it away (mv {path} {path}.damaged): the next audit begins a new one, and nothing is new in it. "
        "Nothing was deleted; each run's own folder beside it still has its report.json.",
        code=Exit.UNJUDGED,
    )


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise OpskitError(
            f"the history of audits is of schema {version}, and this opskit knows {len(MIGRATIONS)} at the most",
            where=str(path),
            remedy="Use the opskit that wrote it, or a newer one; or move the file away to begin a new history.",
            code=Exit.UNJUDGED,
        )
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            database.execute(statement)
    if version < len(MIGRATIONS):
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _told(error: sqlite3.DatabaseError, path: Path) -> OpskitError:
    # text that is not UTF-8 has no code of its own; beyond the last byte a code says more of the same
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _BUSY:
        return OpskitError(
            f"the history of audits is locked: another process has been writing to it for {BUSY_SECONDS:.0f} s",
            where=str(path),
            remedy="Run again when it is done; `fuser` on the file names it.",
            code=Exit.UNJUDGED,
        )
    return _unusable(path, str(error)) if code in _NOT_OURS else damaged(path, str(error))


def _unusable(path: Path, why: str) -> OpskitError:
    return OpskitError(
        f"the history of audits cannot be used: {why}",
        where=str(path),
        remedy="Look at the disk's free space, and at who owns the file and its folder.",
        code=Exit.UNJUDGED,
    )
