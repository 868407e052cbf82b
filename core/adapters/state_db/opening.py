"""Opening the journal: to work with it, to read it, in memory, or to say how it is; a damaged file is moved aside."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from core.adapters.state_db.held_files import HeldFiles
from core.adapters.state_db.integrity import DamageMark, confine, examine, is_damage, readable_errors, refused
from core.adapters.state_db.journal import SqliteJournal
from core.adapters.state_db.migrations import file_format, is_current, known_versions, migrate, total, with_journal
from core.domain.settings.diagnosis import Diagnosis, Health
from core.errors import StorageError
from core.files.database import connect_private
from core.files.private import open_private
from core.ports.state_tables import Migrations

#: What can be shown without a journal.
_TASKS_ALONE = "the tasks file alone, without attempts, runs and statuses that have not reached it"

#: Seconds to wait for a lock of another process.
_LOCK_TIMEOUT = 10.0


def open_journal(path: Path, components: Sequence[Migrations] = ()) -> SqliteJournal:
    """Open or create the journal at ``path``, with the tables of ``components``.

    A damaged file is moved aside, never deleted, and a new one begun; ``repaired`` says so.
    Raises StateRefused when it is not ours, StorageError when the disk refuses or the file belongs to a newer orchestrator.
    """
    return _Database(path, components).open()


def open_journal_to_read(path: Path, components: Sequence[Migrations] = ()) -> SqliteJournal:
    """Open the journal for reading; an empty one where there is none, or none that can be read, as ``repaired`` then says.

    Raises StateRefused when it is not ours, StorageError when the file belongs to a newer orchestrator.
    """
    database, problem = _Database(path, components), ""
    for connect in (database.connect_existing, database.connect_read_only):
        try:
            connection = connect()
        except FileNotFoundError:
            return open_scratch_journal(components=components)
        except OSError as error:
            problem = error.strerror or str(error)
            continue
        except sqlite3.Error as error:
            problem = str(error)
            continue
        return SqliteJournal(connection, path)
    return open_scratch_journal(f"{path.name} cannot be read ({problem}): this is {_TASKS_ALONE}", components)


def open_scratch_journal(repaired: str = "", components: Sequence[Migrations] = ()) -> SqliteJournal:
    """Return a journal in memory that is gone with its ``close``."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    path = Path(os.devnull)
    try:
        migrate(connection, path, with_journal(components))
    except BaseException:
        connection.close()
        raise
    return SqliteJournal(connection, path, repaired)


def check_journal(path: Path) -> None:
    """Raise StateRefused when the journal at ``path`` is not ours, FileNotFoundError when there is none, and OSError."""
    with open_private(path.parent) as place:
        place.check_database(path.name, create=False)


def diagnose_state(path: Path, components: Sequence[Migrations] = ()) -> Diagnosis:
    """Return what ``orchestrator doctor`` says of the database; it is opened for reading only. Raises StateRefused."""
    parts = with_journal(components)
    newest = total({each.component: each.version for each in parts})
    try:
        check_journal(path)
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection, readable_errors():
            confine(connection)
            versions = known_versions(connection, path, parts)
            counts = "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM attempts)"
            runs, attempts = connection.execute(counts).fetchone() if versions else (0, 0)
            version = total({each.component: versions.get(each.component, 0) for each in parts}, file_format(connection))
    except FileNotFoundError:
        return Diagnosis(subject="state", found="none yet")
    except OSError as error:
        return Diagnosis(subject="state", found=f"{path}: {error.strerror}", health=Health.BAD)
    except StorageError as error:
        return Diagnosis(subject="state", found=str(error), health=Health.BAD, advice="it was written by a newer orchestrator: upgrade")
    except sqlite3.Error as error:
        return Diagnosis(subject="state", found=f"{path}: {error}", health=Health.BAD, advice="the next run moves it aside and begins anew")
    return Diagnosis(subject="state", found=f"version {version} of {newest}, runs: {runs}, attempts: {attempts}", health=Health.GOOD)


class _Database:
    """The file of a journal, on its way to being opened. Methods return connections whose schema is the newest."""

    def __init__(self, path: Path, components: Sequence[Migrations]) -> None:
        self._path = path
        self._components = with_journal(components)
        self._mark = DamageMark(path)

    def open(self) -> SqliteJournal:
        repaired = ""
        try:
            open_private(self._path.parent, create=True).close()
            connection = self._connect_sound()
        except OSError as error:
            message = f"cannot create {self._path.parent}: {error.strerror}"
            raise StorageError(message, hint="orchestrator keeps its state there") from error
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise refused(self._path, error) from error
            connection, repaired = self._repair()
        held = HeldFiles(self._path, self._connect, self._mark)
        return SqliteJournal(connection, self._path, repaired, damage_mark=self._mark, held=held)

    def connect_existing(self) -> sqlite3.Connection:
        check_journal(self._path)
        return self._connect()

    def connect_read_only(self) -> sqlite3.Connection:
        check_journal(self._path)
        connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
        try:
            with readable_errors():
                confine(connection)
                versions = known_versions(connection, self._path, self._components)
                if not is_current(connection, versions, self._components):
                    raise sqlite3.DatabaseError("an older version, which cannot be migrated here")
        except (sqlite3.Error, StorageError):
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        """Open the file, waiting for others who do the same: SQLite itself waits everywhere but while a file becomes a database."""
        deadline = time.monotonic() + _LOCK_TIMEOUT
        while True:
            try:
                return self._connect_now()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)

    def _connect_now(self) -> sqlite3.Connection:
        connection = connect_private(self._path, timeout=_LOCK_TIMEOUT, isolation_level=None)
        try:
            with readable_errors():
                confine(connection)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                # Checkpoints sync the disk in the middle of a run; the default of 1,000 pages is reached every few hundred tasks.
                connection.execute("PRAGMA wal_autocheckpoint = 8000")
                migrate(connection, self._path, self._components)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_sound(self) -> sqlite3.Connection:
        """Open the file, and examine all of it where an earlier run found damage."""
        connection = self._connect()
        if self._mark.is_set():
            try:
                examine(connection)
            except BaseException:
                connection.close()
                raise
            self._mark.clear()
        return connection

    def _repair(self) -> tuple[sqlite3.Connection, str]:
        """Open a file that seems damaged once more; if it still does, move it aside, begin a new one and say so.

        What the disk does not read once, SQLite calls damage, so only a file that can be read is judged. Raises StorageError.
        """
        try:
            self._read_all()
            try:
                return self._connect_sound(), ""
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
            aside = self._move_aside()
            self._mark.clear()
            connection = self._connect()
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}", hint="the file was left as it is; look after its disk") from error
        except sqlite3.Error as error:
            raise refused(self._path, error) from error
        return connection, f"{self._path.name} was damaged; it was moved to {aside.name} and a new one begun; tasks.yml is as it was"

    def _read_all(self) -> None:
        """Read all of the database and its write-ahead log the way SQLite does. Raises OSError."""
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError), self._path.with_name(self._path.name + suffix).open("rb") as file:
                offset = 0
                while part := os.pread(file.fileno(), 1 << 20, offset):
                    offset += len(part)

    def _move_aside(self) -> Path:
        path, number = self._path, 1
        while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
        return aside
