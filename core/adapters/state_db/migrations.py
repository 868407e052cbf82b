"""The schema of ``state.db``: numbered steps per component, and the table ``components`` that says how far each one is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from core.adapters.state_db.integrity import bounded
from core.errors import StorageError
from core.files.database import connect_private
from core.ports.state_tables import Migrations

JOURNAL = Migrations(
    component="journal",
    steps=(
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
        # ``reason`` holds words where there is no code, else the values of the code. NULL in rows of before.
        (
            "ALTER TABLE transitions ADD COLUMN code TEXT",
            "ALTER TABLE outcomes ADD COLUMN code TEXT",
            "ALTER TABLE outcomes ADD COLUMN tokens INTEGER",
            "ALTER TABLE outcomes ADD COLUMN money REAL",
        ),
        (
            """CREATE TABLE checks (
                seq INTEGER PRIMARY KEY, task_id TEXT NOT NULL, run_id TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL,
                passed INTEGER NOT NULL, digest TEXT NOT NULL, checked INTEGER
            ) STRICT""",
            "CREATE INDEX checks_of_task ON checks (task_id, seq)",
        ),
    ),
)

#: ``user_version`` of a file with the table ``components``; a smaller one is the version of its journal, 0 that of an empty file.
FORMAT = 3
_COMPONENTS = "CREATE TABLE components (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID"

#: In place of SQLite's code where Python refused a statement, because it is two statements or has parameters.
_WRONG_USE = sqlite3.SQLITE_MISUSE
#: SQLite's codes for a statement that is wrong, or does not fit the rows that are there.
_MISTAKES = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, _WRONG_USE})

#: How many backups of older versions are kept beside the database.
BACKUPS = 3


def with_journal(components: Iterable[Migrations]) -> tuple[Migrations, ...]:
    """Return everything that a database holds: the journal and the tables of ``components``."""
    return (JOURNAL, *components)


def migrate(connection: sqlite3.Connection, path: Path, components: Sequence[Migrations]) -> None:
    """Bring all components to their newest versions in one transaction, after a backup of what was there.

    Raises StorageError for a database of a newer orchestrator and for a step of a component that fails, sqlite3.DatabaseError for one
    that is damaged; it is left as it is.
    """
    versions = known_versions(connection, path, components)
    if is_current(connection, versions, components):
        return
    if versions:
        _back_up(connection, path, total(versions, file_format(connection)))
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated it meanwhile.
        versions = known_versions(connection, path, components)
        if not is_current(connection, versions, components):
            _apply(connection, path, versions, components)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite may have rolled it back itself
            connection.execute("ROLLBACK")
        raise


def is_current(connection: sqlite3.Connection, versions: Mapping[str, int], components: Iterable[Migrations]) -> bool:
    """True if no step is missing in a database with these versions."""
    return file_format(connection) == FORMAT and all(versions.get(each.component, 0) == each.version for each in components)


def known_versions(connection: sqlite3.Connection, path: Path, components: Iterable[Migrations]) -> dict[str, int]:
    """Return the version of each component in the database, those that are not among ``components`` included; empty for a new file.

    Raises StorageError when a newer orchestrator wrote it, sqlite3.DatabaseError when it is damaged.
    """
    versions = _versions(connection, path)
    if any(not isinstance(version, int) or version < 0 for version in versions.values()):
        raise sqlite3.DatabaseError(f"its versions are {versions}")
    for each in components:
        if versions.get(each.component, 0) > each.version:
            raise _newer(path, each.component, versions[each.component], each.version)
    return versions


def total(versions: Mapping[str, int], file_format: int = FORMAT) -> int:
    """Return one number for all versions, which grows with every migration; that of a file of before ``FORMAT`` is its journal's."""
    return sum(versions.values()) + (file_format == FORMAT)


def _versions(connection: sqlite3.Connection, path: Path) -> dict[str, int]:
    found = file_format(connection)
    if found > FORMAT:
        raise _newer(path, "state", found, FORMAT)
    if found < FORMAT:
        return {JOURNAL.component: found} if found else {}
    versions: dict[str, int] = dict(bounded(connection.execute("SELECT name, version FROM components")))
    if JOURNAL.component not in versions:
        raise sqlite3.DatabaseError("its table of versions has no journal")
    return versions


def _apply(connection: sqlite3.Connection, path: Path, versions: Mapping[str, int], components: Iterable[Migrations]) -> None:
    if not versions and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise sqlite3.DatabaseError("it has tables, and its version is gone")
    if file_format(connection) < FORMAT:
        connection.execute(_COMPONENTS)
    for each in components:
        _run_steps(connection, path, each, each.steps[versions.get(each.component, 0) :])
        connection.execute("INSERT OR REPLACE INTO components VALUES (?, ?)", (each.component, each.version))
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _run_steps(connection: sqlite3.Connection, path: Path, component: Migrations, steps: Iterable[Iterable[str]]) -> None:
    """Apply steps of a component. What a wing's do wrong is an error that names it; damage and a refusing disk are raised as they are."""
    before = _schema(connection)
    try:
        for step in steps:
            for statement in step:
                connection.execute(statement)
    except sqlite3.Error as error:
        # The journal's own steps are known to be right: where one fails, the file has other tables than it says.
        if component is JOURNAL or getattr(error, "sqlite_errorcode", _WRONG_USE) & 0xFF not in _MISTAKES:
            raise
        raise _mistake(path, component, str(error)) from error
    foreign = sorted({f"{kind} {name}" for kind, name, _sql in before ^ _schema(connection) if not component.owns(kind, name)})
    if foreign and component is not JOURNAL:
        raise _mistake(path, component, f"its names begin with {component.component}_, and it touches the {', the '.join(foreign)}")


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Return kind, name and text of everything in the database but what SQLite makes for itself."""
    return set(connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"))


def _mistake(path: Path, component: Migrations, what: str) -> StorageError:
    message = f"{path}: the tables of the wing {component.component} cannot be brought to version {component.version}: {what}"
    return StorageError(message, hint=f"this is a mistake in the wing {component.component}; the file was left as it is")


def _newer(path: Path, what: str, found: int, known: int) -> StorageError:
    return StorageError(
        f"{path} was written by a newer orchestrator ({what} version {found}, this one knows {known})",
        hint="upgrade orchestrator; the file was left as it is",
    )


def file_format(connection: sqlite3.Connection) -> int:
    """Return the ``user_version``. Raises sqlite3.DatabaseError for one that no orchestrator writes."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found < 0:
        raise sqlite3.DatabaseError(f"its version is {found}")
    return found


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
