"""The ports of the journal and StateTables on one SQLite connection: write-ahead log, synced to disk by a thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from core.adapters.state_db import rows
from core.adapters.state_db.disk_sync import DiskSync
from core.adapters.state_db.held_files import HeldFiles
from core.adapters.state_db.integrity import DamageMark, bounded, damaged, is_damage, readable_errors, refused
from core.domain.runs.attempt import Attempt, RunRecord, Transition
from core.domain.runs.check_result import CheckResult
from core.domain.runs.reasons import Reason, encode
from core.domain.tasks.task import Status
from core.errors import StorageError
from core.ports.journal import RESULTS_KEPT

#: Key under which the seq of the last transition that tasks.yml shows is kept.
_WATERMARK = "journal.written"

#: How many of a task's last succeeded attempts its expected duration is the mean of.
_RECENT = 5

_END_ATTEMPT = f"INSERT INTO outcomes (attempt, {rows.OUTCOME}, checked) VALUES (?, {'?, ' * (rows.OUTCOME.count(',') + 1)}?)"

Made = TypeVar("Made")


class SqliteJournal:
    """``core.ports.journal.Journal`` and ``core.ports.state_tables.StateTables``.

    Use from one thread; several processes may read while one writes. ``damage_mark`` and
    ``held`` are None where nothing may be written.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        repaired: str = "",
        *,
        damage_mark: DamageMark | None = None,
        held: HeldFiles | None = None,
    ) -> None:
        self._connection = connection
        self._path = path
        #: The files of the connection; None where they are not looked after.
        self._held = held
        self._sync = DiskSync(path.with_name(path.name + "-wal"))
        self._in_transaction = False
        self._damage_mark = damage_mark
        #: Row numbers of attempts that were begun here and have not ended.
        self._open_rows: dict[tuple[str, str, int], int] = {}
        #: What was wrong with the file and what came of it, one sentence; empty when it was sound.
        self.repaired = repaired

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._in_transaction:
            yield
            return
        self._in_transaction = True
        try:
            yield
        except BaseException:
            self._in_transaction = False
            with suppress(sqlite3.Error):  # the cause is being raised already
                self._connection.rollback()
            raise
        self._in_transaction = False
        if self._connection.in_transaction:
            self._run("COMMIT")
            self._sync.dirty()

    def check(self, *, now: bool) -> tuple[str, ...]:
        if self._held is None:
            return ()
        try:
            self._connection, notes = self._held.check(self._connection, now=now)
        except sqlite3.Error as error:
            raise self._refusal(error) from error
        return notes

    def close(self) -> None:
        self._sync.close()
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise refused(self._path, error) from error

    # -- runs, and what they did to tasks ----------------------------------------------------------------------------

    def begin_run(self, run: RunRecord) -> None:
        values = (run.id, run.pid, float(run.started), None, None)
        self._write(f"INSERT INTO runs ({rows.RUN}) VALUES (?, ?, ?, ?, ?, ?)", (*values, rows.sum_of(*values)))

    def end_run(self, run_id: str, ended: float, exit_code: int) -> None:
        for run in self._load(rows.run, f"SELECT {rows.RUN} FROM runs WHERE id = ?", (run_id,)):
            values = (float(ended), exit_code)
            checked = rows.sum_of(run.id, run.pid, run.started, *values)
            self._write("UPDATE runs SET ended = ?, exit_code = ?, checked = ? WHERE id = ?", (*values, checked, run_id))

    def dead_runs(self) -> tuple[RunRecord, ...]:
        return self._load(rows.run, f"SELECT {rows.RUN} FROM runs WHERE ended IS NULL ORDER BY started, id")

    def runs(self, limit: int = 100) -> tuple[RunRecord, ...]:
        return self._load(rows.run, f"SELECT {rows.RUN} FROM runs ORDER BY started DESC, id DESC LIMIT ?", (limit,))

    def record(self, run_id: str, task_id: str, before: Status, after: Status, at: float, reason: Reason) -> int:
        code, text = encode(reason)
        cursor = self._write(
            "INSERT INTO transitions (run_id, task_id, before, after, at, reason, code, checked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*(values := (run_id, task_id, before.value, after.value, float(at), text, code)), rows.sum_of(*values)),
        )
        return int(cursor.lastrowid or 0)

    def transitions(self, task_id: str, limit: int = 100) -> tuple[Transition, ...]:
        asked = f"SELECT {rows.TRANSITION} FROM transitions WHERE task_id = ? ORDER BY seq DESC LIMIT ?"
        return self._load(rows.transition, asked, (task_id, limit))

    def unwritten(self) -> tuple[Transition, ...]:
        since = self.load_state(_WATERMARK) or 0
        return self._load(rows.transition, f"SELECT {rows.TRANSITION} FROM transitions WHERE seq > ? ORDER BY seq", (since,))

    def mark_written(self, up_to: int) -> None:
        self.save_state(_WATERMARK, max(up_to, self.load_state(_WATERMARK) or 0))

    # -- attempts ----------------------------------------------------------------------------------------------------

    def begin_attempt(self, attempt: Attempt) -> None:
        cursor = self._write(
            "INSERT INTO attempts (run_id, task_id, number, started, log, checked) VALUES (?, ?, ?, ?, ?, ?)",
            (*(values := (attempt.run_id, attempt.task_id, attempt.number, float(attempt.started), attempt.log)), rows.sum_of(*values)),
        )
        self._open_rows[attempt.run_id, attempt.task_id, attempt.number] = int(cursor.lastrowid or 0)

    def end_attempt(self, attempt: Attempt) -> None:
        if attempt.outcome is None:
            raise ValueError("an attempt ends with an outcome")
        seq, values = self._row_of(attempt), rows.outcome_values(attempt.outcome)
        checked = rows.sum_of(seq, attempt.run_id, attempt.task_id, attempt.number, *values)
        self._write(_END_ATTEMPT, (seq, *values, checked))

    def open_attempts(self) -> tuple[Attempt, ...]:
        return self._load(rows.attempt, f"SELECT {rows.ATTEMPT} FROM {rows.ATTEMPTS} WHERE ending IS NULL ORDER BY seq")

    def attempts(self, task_id: str | None = None, limit: int = 100) -> tuple[Attempt, ...]:
        where, values = ("", ()) if task_id is None else ("WHERE task_id = ? ", (task_id,))
        asked = f"SELECT {rows.ATTEMPT} FROM {rows.ATTEMPTS} {where}ORDER BY seq DESC LIMIT ?"
        return self._load(rows.attempt, asked, (*values, limit))

    def attempt_counts(self) -> Mapping[str, int]:
        return dict(self._load(rows.count, "SELECT task_id, max(number) FROM attempts GROUP BY task_id"))

    def durations(self) -> Mapping[str, float]:
        recent: dict[str, list[float]] = {}
        asked = f"SELECT task_id, duration FROM {rows.ATTEMPTS} WHERE ending = 'succeeded' ORDER BY seq DESC"
        for task_id, duration in self._load(rows.duration, asked):
            seen = recent.setdefault(task_id, [])
            if len(seen) < _RECENT:
                seen.append(duration)
        return {task_id: sum(seen) / len(seen) for task_id, seen in recent.items()}

    def verified(self) -> frozenset[str]:
        asked = f"SELECT task_id FROM (SELECT task_id, ending, verified, max(seq) FROM {rows.ATTEMPTS} GROUP BY task_id)"
        return frozenset(self._load(rows.name, f"{asked} WHERE ending = 'succeeded' AND verified = 1"))

    # -- checks ------------------------------------------------------------------------------------------------------

    def record_check(self, result: CheckResult) -> None:
        values = (result.task_id, result.run_id, result.attempt, float(result.at), int(result.passed), result.digest)
        with self.transaction():
            self._write(
                "INSERT INTO checks (task_id, run_id, number, at, passed, digest, checked) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, rows.sum_of(*values)),
            )
            oldest = f"SELECT seq FROM checks WHERE task_id = ? ORDER BY seq DESC LIMIT 1 OFFSET {RESULTS_KEPT}"
            self._write(f"DELETE FROM checks WHERE task_id = ? AND seq <= ({oldest})", (result.task_id, result.task_id))

    def check_results(self) -> Mapping[str, tuple[CheckResult, ...]]:
        found: dict[str, list[CheckResult]] = {}
        for result in self._load(rows.check_result, f"SELECT {rows.CHECK} FROM checks ORDER BY seq DESC"):
            found.setdefault(result.task_id, []).append(result)
        return {task_id: tuple(results) for task_id, results in found.items()}

    def _row_of(self, attempt: Attempt) -> int:
        """Return the row number of an attempt: of this run from memory, of a dead run from the table."""
        key = (attempt.run_id, attempt.task_id, attempt.number)
        if key in self._open_rows:
            return self._open_rows.pop(key)
        (seq,) = self._load(rows.seq, "SELECT max(seq) FROM attempts WHERE run_id = ? AND task_id = ? AND number = ?", key)
        return seq

    # -- state -------------------------------------------------------------------------------------------------------

    def load_state(self, key: str) -> Any:
        found = self._load(rows.state, f"SELECT {rows.STATE} FROM state WHERE key = ?", (key,))
        return found[0] if found else None

    def save_state(self, key: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        self._write(f"INSERT OR REPLACE INTO state ({rows.STATE}) VALUES (?, ?, ?)", (key, text, rows.sum_of(key, text)))

    def execute(self, statement: str, values: Sequence[Any] = ()) -> tuple[tuple[Any, ...], ...]:
        self._begin_if_due()
        try:
            with readable_errors():
                found = tuple(bounded(self._connection.execute(statement, values)))
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
            raise ValueError(f"{statement}: {error}") from error
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
                raise ValueError(f"{statement}: {error}") from error
            raise self._refusal(error) from error
        if not self._in_transaction:
            self._sync.dirty()
        return found

    # -- inside ------------------------------------------------------------------------------------------------------

    def _begin_if_due(self) -> None:
        """Begin the transaction that was asked for: one without a statement costs nothing."""
        if self._in_transaction and not self._connection.in_transaction:
            self._run("BEGIN IMMEDIATE")

    def _write(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        self._begin_if_due()
        cursor = self._run(statement, values)
        if not self._in_transaction:
            self._sync.dirty()
        return cursor

    def _load(self, make: Callable[[tuple[Any, ...]], Made], statement: str, values: Sequence[Any] = ()) -> tuple[Made, ...]:
        """Return what ``make`` makes of each row found. Raises StorageError where one is not what was written."""
        found = self._run(statement, values)
        try:
            with readable_errors():
                return tuple(map(make, bounded(found)))
        except rows.NotAsWritten as error:
            raise self._damaged(str(error)) from error
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _run(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise self._refusal(error) from error
        except UnicodeDecodeError as error:
            raise self._refusal(sqlite3.DatabaseError("its schema is no text")) from error

    def _refusal(self, error: sqlite3.Error) -> StorageError:
        return self._damaged(str(error)) if is_damage(error) else refused(self._path, error)

    def _damaged(self, what: str) -> StorageError:
        if self._damage_mark:
            self._damage_mark.set()
        return damaged(self._path, what)
