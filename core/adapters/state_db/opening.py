"""Opening the journal: to work with it, to look at it, or in memory; what is damaged is moved aside."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from core.adapters.state_db.bounds import confine
from core.adapters.state_db.damage import Suspect, examine, is_damage, readable_errors, refused
from core.adapters.state_db.journal import SqliteJournal
from core.adapters.state_db.migrations import VERSION, known_version, migrate
from core.errors import StorageError
from core.files.database import connect_private
from core.files.private import open_private

#: What is left to look at without a journal.
_TASKS_ALONE = "the tasks file alone, without attempts, runs and statuses that have not reached it"

#: Seconds that somebody else may take for a step of theirs.
_PATIENCE = 10.0


def open_journal(path: Path) -> SqliteJournal:
    """Open or create the journal at ``path``.

    A damaged file is moved aside, never deleted, and a new one begun; ``repaired`` says so.
    Raises StateRefused when it is not ours, StorageError when the disk refuses or the file belongs to a newer orchestrator.
    """
    repaired, suspect = "", Suspect(path)
    try:
        open_private(path.parent, create=True).close()
        connection = _connect_to_sound(path, suspect)
    except OSError as error:
        raise StorageError(f"cannot create {path.parent}: {error.strerror}", hint="orchestrator keeps its state there") from error
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise refused(path, error) from error
        connection, repaired = _mend(path, suspect)
    return SqliteJournal(connection, path, repaired, suspect=suspect)


def open_journal_to_read(path: Path) -> SqliteJournal:
    """Open the journal for looking at it; an empty one where there is none, or none that can be read, as ``repaired`` then says.

    Raises StateRefused when it is not ours, StorageError when the file belongs to a newer orchestrator.
    """
    problem = ""
    for connect in (_connect_to_known, _connect_to_read):
        try:
            connection = connect(path)
        except FileNotFoundError:
            return open_scratch_journal()
        except OSError as error:
            problem = error.strerror or str(error)
            continue
        except sqlite3.Error as error:
            problem = str(error)
            continue
        return SqliteJournal(connection, path)
    return open_scratch_journal(f"{path.name} cannot be read ({problem}): this is {_TASKS_ALONE}")


def check_journal(path: Path) -> None:
    """Raise StateRefused when the journal at ``path`` is not ours, FileNotFoundError when there is none, and OSError."""
    with open_private(path.parent) as place:
        place.check_database(path.name, create=False)


def _connect_to_known(path: Path) -> sqlite3.Connection:
    check_journal(path)
    return _connect(path)


def _connect_to_read(path: Path) -> sqlite3.Connection:
    check_journal(path)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        with readable_errors():
            confine(connection)
            version = known_version(connection, path)
        if version != VERSION:
            raise sqlite3.DatabaseError("an older version, which cannot be migrated here")
    except (sqlite3.Error, StorageError):
        connection.close()
        raise
    return connection


def open_scratch_journal(repaired: str = "") -> SqliteJournal:
    """Return a journal in memory that is gone with its ``close``."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    path = Path(os.devnull)
    migrate(connection, path)
    return SqliteJournal(connection, path, repaired)


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file, waiting for others who do the same: SQLite itself waits everywhere but while a file becomes a journal."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return _connect_now(path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _connect_now(path: Path) -> sqlite3.Connection:
    connection = connect_private(path, timeout=_PATIENCE, isolation_level=None)
    try:
        with readable_errors():
            confine(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            # Checkpoints sync the disk in the middle of a run; the default of 1,000 pages is reached every few hundred tasks.
            connection.execute("PRAGMA wal_autocheckpoint = 8000")
            migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_to_sound(path: Path, suspect: Suspect) -> sqlite3.Connection:
    """Open the file, and look at all of it where an earlier run found damage. Raises what ``_connect`` does."""
    connection = _connect(path)
    if suspect.noted():
        try:
            examine(connection)
        except BaseException:
            connection.close()
            raise
        suspect.clear()
    return connection


def _mend(path: Path, suspect: Suspect) -> tuple[sqlite3.Connection, str]:
    """Look again at a file that seems damaged: move it aside, begin a new one and say so, if it still does.

    What the disk does not read once, SQLite calls damage; only a file that can be read is judged. Raises StorageError.
    """
    try:
        _read_as_sqlite_does(path)
        with suppress(sqlite3.DatabaseError):
            return _connect_to_sound(path, suspect), ""
        aside = _move_aside(path)
        suspect.clear()
        connection = _connect(path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="the file was left as it is; look after its disk") from error
    except sqlite3.Error as error:
        raise refused(path, error) from error
    return connection, f"{path.name} was damaged; it was moved to {aside.name} and a new one begun; tasks.yml is as it was"


def _read_as_sqlite_does(path: Path) -> None:
    """Read all of a file. Raises OSError."""
    with path.open("rb") as file:
        offset = 0
        while part := os.pread(file.fileno(), 1 << 20, offset):
            offset += len(part)


def _move_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    return aside
