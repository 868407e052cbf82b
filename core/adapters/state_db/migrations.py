"""The schema of ``state.db``, one numbered step after the other; ``user_version`` says how far a file is."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from core.errors import StorageError
from core.files.database import connect_private

#: Step N brings a database from version N to N + 1. Released steps never change.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, pid INTEGER NOT NULL, started REAL NOT NULL, ended REAL, exit_code INTEGER
        ) STRICT, WITHOUT ROWID""",
        # An attempt's end is a row of its own: rows are only ever appended, never grown in place.
        """CREATE TABLE attempts (
            seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, task_id TEXT NOT NULL, number INTEGER NOT NULL, started REAL NOT NULL,
            log TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE outcomes (
            attempt INTEGER PRIMARY KEY REFERENCES attempts (seq), ending TEXT NOT NULL, reason TEXT NOT NULL, exit_code INTEGER,
            duration REAL NOT NULL, cpu REAL NOT NULL, peak_memory INTEGER NOT NULL, cost REAL NOT NULL, log TEXT NOT NULL,
            log_digest TEXT NOT NULL, verified INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE transitions (
            seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, task_id TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
            at REAL NOT NULL, reason TEXT NOT NULL
        ) STRICT""",
        "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    ),
    # A checksum of each row; NULL in rows of before.
    tuple(f"ALTER TABLE {table} ADD COLUMN checked INTEGER" for table in ("runs", "attempts", "outcomes", "transitions", "state")),
)

VERSION = len(STEPS)

#: How many backups of older versions are kept beside the database.
BACKUPS = 3


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to VERSION, each step in one transaction, after a backup of what was there; a new one in one go.

    Raises StorageError for a database of a newer orchestrator; it is left as it is.
    """
    version = known_version(connection, path)
    if 0 < version < VERSION:
        _back_up(connection, path, version)
    while version < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection)
            if version == 0:
                _check_empty(connection)
            # Whoever opens a new one meanwhile must not take it for an old one.
            for step in STEPS[version:] if version == 0 else STEPS[version : version + 1]:
                for statement in step:
                    connection.execute(statement)
                version += 1
                connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite may have rolled it back itself
                connection.execute("ROLLBACK")
            raise


def _check_empty(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise sqlite3.DatabaseError("it has tables, and its version is gone")


def known_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the database. Raises StorageError when it is a newer orchestrator's, DatabaseError when it is none."""
    version = _version(connection)
    if version < 0:
        raise sqlite3.DatabaseError(f"its version is {version}")
    if version > VERSION:
        raise StorageError(
            f"{path} was written by a newer orchestrator (state version {version}, this one knows {VERSION})",
            hint="upgrade orchestrator; the file was left as it is",
        )
    return version


def _version(connection: sqlite3.Connection) -> int:
    row = connection.execute("PRAGMA user_version").fetchone()
    return int(row[0])


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the database to ``state.db.v<version>.bak``, whole or not at all, and keep the newest few."""
    final = path.with_name(f"{path.name}.v{version}.bak")
    partial = final.with_suffix(f".{os.getpid()}.partial")  # others may be doing the same
    partial.unlink(missing_ok=True)
    target = connect_private(partial)
    try:
        connection.backup(target)
    finally:
        target.close()
    partial.replace(final)
    backups = sorted(path.parent.glob(f"{path.name}.v*.bak"), key=lambda backup: backup.lstat().st_mtime_ns)
    for old in backups[:-BACKUPS]:
        old.unlink(missing_ok=True)
