"""The port ``Journal`` on SQLite: write-ahead log, one commit a transition, synced to disk behind the run."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.adapters.sqlite_journal import rows
from core.adapters.sqlite_journal.disk_sync import DiskSync
from core.adapters.sqlite_journal.migrations import VERSION, known_version, migrate
from core.domain.attempt import Attempt, RunRecord, Transition
from core.domain.status import Status
from core.errors import StorageError
from core.files.database import connect_private
from core.files.private import open_private

#: Key under which the seq of the last transition that tasks.yml shows is kept.
_WATERMARK = "journal.written"

#: What is left to look at without a journal.
_TASKS_ALONE = "the tasks file alone, without attempts, runs and statuses that have not reached it"

#: Seconds that somebody else may take for a step of theirs.
_PATIENCE = 10.0

#: How many of a task's last succeeded attempts its expected duration is the mean of.
_RECENT = 5

_ATTEMPTS = "attempts LEFT JOIN outcomes ON attempt = seq"


class SqliteJournal:
    """See ``core.ports.Journal``. Use from one thread; several processes may read while one writes."""

    def __init__(self, connection: sqlite3.Connection, path: Path, repaired: str = "") -> None:
        self._connection = connection
        self._path = path
        self._sync = DiskSync(path.with_name(path.name + "-wal"))
        self._nested = False
        #: Rows of attempts that were begun here and have not ended.
        self._begun: dict[tuple[str, str, int], int] = {}
        #: What was wrong with the file and what came of it, one sentence; empty when it was sound.
        self.repaired = repaired

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._run("BEGIN IMMEDIATE")
        self._nested = True
        try:
            yield
        except BaseException:
            self._nested = False
            self._connection.rollback()
            raise
        self._nested = False
        self._run("COMMIT")
        self._sync.dirty()

    def begin_run(self, run: RunRecord) -> None:
        self._write("INSERT INTO runs (id, pid, started) VALUES (?, ?, ?)", (run.id, run.pid, run.started))

    def end_run(self, run_id: str, ended: float, exit_code: int) -> None:
        self._write("UPDATE runs SET ended = ?, exit_code = ? WHERE id = ?", (ended, exit_code, run_id))

    def dead_runs(self) -> tuple[RunRecord, ...]:
        found = self._read(f"SELECT {rows.RUN} FROM runs WHERE ended IS NULL ORDER BY started, id")
        return tuple(rows.run(row) for row in found)

    def open_attempts(self) -> tuple[Attempt, ...]:
        found = self._read(f"SELECT {rows.ATTEMPT} FROM {_ATTEMPTS} WHERE ending IS NULL ORDER BY seq")
        return tuple(rows.attempt(row) for row in found)

    def begin_attempt(self, attempt: Attempt) -> None:
        cursor = self._write(
            "INSERT INTO attempts (run_id, task_id, number, started, log) VALUES (?, ?, ?, ?, ?)",
            (attempt.run_id, attempt.task_id, attempt.number, attempt.started, attempt.log),
        )
        self._begun[attempt.run_id, attempt.task_id, attempt.number] = int(cursor.lastrowid or 0)

    def end_attempt(self, attempt: Attempt) -> None:
        if attempt.outcome is None:
            raise ValueError("an attempt ends with an outcome")
        places = ", ".join("?" * (1 + rows.OUTCOME.count(",") + 1))
        self._write(
            f"INSERT INTO outcomes (attempt, {rows.OUTCOME}) VALUES ({places})", (self._seq(attempt), *rows.outcome_values(attempt.outcome))
        )

    def _seq(self, attempt: Attempt) -> int:
        """Return the row of an attempt: one of this run's is remembered, a dead run's is looked for."""
        key = (attempt.run_id, attempt.task_id, attempt.number)
        if key in self._begun:
            return self._begun.pop(key)
        return int(self._read("SELECT max(seq) FROM attempts WHERE run_id = ? AND task_id = ? AND number = ?", key)[0][0])

    def record(self, run_id: str, task_id: str, before: Status, after: Status, at: float, reason: str) -> int:
        cursor = self._write(
            "INSERT INTO transitions (run_id, task_id, before, after, at, reason) VALUES (?, ?, ?, ?, ?, ?)",
            (run_id, task_id, before.value, after.value, at, reason),
        )
        return int(cursor.lastrowid or 0)

    def unwritten(self) -> tuple[Transition, ...]:
        since = self.load_state(_WATERMARK) or 0
        found = self._read(f"SELECT {rows.TRANSITION} FROM transitions WHERE seq > ? ORDER BY seq", (since,))
        return tuple(rows.transition(row) for row in found)

    def mark_written(self, up_to: int) -> None:
        self.save_state(_WATERMARK, max(up_to, self.load_state(_WATERMARK) or 0))

    def attempt_counts(self) -> Mapping[str, int]:
        return dict(self._read("SELECT task_id, max(number) FROM attempts GROUP BY task_id"))

    def durations(self) -> Mapping[str, float]:
        recent: dict[str, list[float]] = {}
        for task_id, duration in self._read(f"SELECT task_id, duration FROM {_ATTEMPTS} WHERE ending = 'succeeded' ORDER BY seq DESC"):
            seen = recent.setdefault(task_id, [])
            if len(seen) < _RECENT:
                seen.append(duration)
        return {task_id: sum(seen) / len(seen) for task_id, seen in recent.items()}

    def verified(self) -> frozenset[str]:
        found = self._read(
            f"SELECT task_id FROM (SELECT task_id, ending, verified, max(seq) FROM {_ATTEMPTS} GROUP BY task_id)"
            " WHERE ending = 'succeeded' AND verified = 1"
        )
        return frozenset(row[0] for row in found)

    def attempts(self, task_id: str | None = None, limit: int = 100) -> tuple[Attempt, ...]:
        where, values = ("", ()) if task_id is None else ("WHERE task_id = ? ", (task_id,))
        found = self._read(f"SELECT {rows.ATTEMPT} FROM {_ATTEMPTS} {where}ORDER BY seq DESC LIMIT ?", (*values, limit))
        return tuple(rows.attempt(row) for row in found)

    def transitions(self, task_id: str, limit: int = 100) -> tuple[Transition, ...]:
        found = self._read(f"SELECT {rows.TRANSITION} FROM transitions WHERE task_id = ? ORDER BY seq DESC LIMIT ?", (task_id, limit))
        return tuple(rows.transition(row) for row in found)

    def runs(self, limit: int = 100) -> tuple[RunRecord, ...]:
        found = self._read(f"SELECT {rows.RUN} FROM runs ORDER BY started DESC, id DESC LIMIT ?", (limit,))
        return tuple(rows.run(row) for row in found)

    def load_state(self, key: str) -> Any:
        found = self._read("SELECT value FROM state WHERE key = ?", (key,))
        return json.loads(found[0][0]) if found else None

    def save_state(self, key: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        self._write("INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, text))

    def close(self) -> None:
        self._sync.close()
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise _refused(self._path, error) from error

    def _write(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        cursor = self._run(statement, values)
        if not self._nested:
            self._sync.dirty()
        return cursor

    def _read(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._run(statement, values).fetchall()

    def _run(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise _refused(self._path, error) from error


def open_journal(path: Path) -> SqliteJournal:
    """Open or create the journal at ``path``.

    A damaged file is moved aside, never deleted, and a new one begun; ``repaired`` says so.
    Raises StateRefused when it is not ours, StorageError when the disk refuses or the file belongs to a newer orchestrator.
    """
    repaired = ""
    try:
        open_private(path.parent, create=True).close()
        connection = _connect(path)
    except OSError as error:
        raise StorageError(f"cannot create {path.parent}: {error.strerror}", hint="orchestrator keeps its state there") from error
    except sqlite3.OperationalError as error:
        raise _refused(path, error) from error
    except sqlite3.DatabaseError:
        connection, repaired = _mend(path)
    return SqliteJournal(connection, path, repaired)


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
        if known_version(connection, path) != VERSION:
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
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        # Checkpoints sync the disk in the middle of a run; the default of 1,000 pages is reached every few hundred tasks.
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _mend(path: Path) -> tuple[sqlite3.Connection, str]:
    """Look again at a file that seems damaged: move it aside, begin a new one and say so, if it still does.

    What the disk does not read once, SQLite calls damage; only a file that can be read is judged. Raises StorageError.
    """
    try:
        _read_as_sqlite_does(path)
        with suppress(sqlite3.DatabaseError):
            return _connect(path), ""
        aside = _move_aside(path)
        connection = _connect(path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="the file was left as it is; look after its disk") from error
    except sqlite3.Error as error:
        raise _refused(path, error) from error
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


def _refused(path: Path, error: sqlite3.Error) -> StorageError:
    return StorageError(f"{path}: {error}", hint="is the disk full, or the directory read-only? the state on disk is intact")
