"""Measures kept between audits: packed measures by content, and for each path the content it had at the last audit.

A damaged file, or one of another version, is made anew; one that is not ours, or cannot be opened, written or locked, is not used.
Nothing here raises for that.

The verdict of an audit rests on this cache, and a file called ``metrics.db`` may come from anywhere. So each row is sealed with this
user's key; a row without a valid seal is ignored, and its file is measured. That takes two keyed BLAKE2b of a few hundred bytes a file,
less than the query that fetches the row.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from core.errors import StateRefused
from core.files.database import connect_private

_VERSION = 2
#: Measures kept; beyond it the ones that were measured first go. About a kilobyte each.
_KEPT = 100_000
#: Paths that a cache may know: each row is looked at, so a million of them would take longer than measuring the repository.
_MOST_FILES = 200_000
_WAIT_SECONDS = 5.0
_ASKED_AT_ONCE = 500
_SCHEMA = (
    """CREATE TABLE measure (
        id INTEGER PRIMARY KEY, blob BLOB NOT NULL, variant TEXT NOT NULL, data BLOB NOT NULL, seal BLOB NOT NULL, UNIQUE (blob, variant)
    ) STRICT""",
    """CREATE TABLE file (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, changed INTEGER NOT NULL, inode INTEGER NOT NULL,
        blob BLOB NOT NULL, seal BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    f"PRAGMA user_version = {_VERSION}",
)
#: The file is whole, and still no use to us now.
_OUT_OF_REACH = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
})  # fmt: skip
_SEAL_BYTES = 16
#: Numbers of a stamp, then the length of the path.
_STAMP = struct.Struct("<4qI")
_SIGNED = 2**63 - 1


class Stamp(NamedTuple):
    """What ``stat`` says of a file and must say again for its content to count as unchanged; times in nanoseconds."""

    size: int
    modified: int
    changed: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino & _SIGNED)


class RowSeals:
    """Seals made with one key, for measures made by one ``variant``."""

    def __init__(self, key: bytes, variant: str) -> None:
        self._measure = blake2b(key=key, digest_size=_SEAL_BYTES, person=b"measure")
        self._measure.update(f"{variant}\0".encode())
        self._file = blake2b(key=key, digest_size=_SEAL_BYTES, person=b"file")

    def of_measure(self, blob: bytes, data: bytes) -> bytes:
        """Return the seal of a row: the content with this blob id has this packed measure."""
        digest = self._measure.copy()
        digest.update(b"%c%b%b" % (len(blob), blob, data))
        return digest.digest()

    def of_file(self, path: bytes, stamp: Stamp, blob: bytes) -> bytes:
        """Return the seal of a row: the file at this path had this content when it had this stamp."""
        digest = self._file.copy()
        digest.update(_STAMP.pack(*stamp, len(path)) + path + blob)
        return digest.digest()

    def fit_measure(self, blob: bytes, data: bytes, seal: bytes) -> bool:
        """Return whether the row of a measure has a valid seal, whatever types a damaged or forged file gave it."""
        try:
            return self.of_measure(blob, data) == seal
        except (TypeError, ValueError, OverflowError):
            return False

    def fit_file(self, path: bytes, stamp: Stamp, blob: bytes, seal: bytes) -> bool:
        """Return whether the row of a file has a valid seal."""
        try:
            return self.of_file(path, stamp, blob) == seal
        except (TypeError, ValueError, struct.error):
            return False


class MeasureCache:
    """One database, opened when first asked. ``variant`` names what measures: numbers of another one are not ours.

    ``key`` seals the rows; without one nothing that another process wrote could be believed, so there is no database.
    """

    def __init__(self, path: str | None, variant: str, key: bytes | None) -> None:
        self._path = path if key else None
        self._variant = variant
        self._seals = RowSeals(key or b"", variant)
        self._connection: sqlite3.Connection | None = None

    def files(self) -> dict[str, tuple[Stamp, bytes, bytes | None]]:
        """Return every known path with its stamp, blob and packed measure, in one query; None where the measure is not known."""
        rows = self._query(
            "SELECT path, size, modified, changed, inode, file.blob, file.seal, data, measure.seal "
            "FROM file LEFT JOIN measure ON measure.blob = file.blob AND variant = ?",
            self._variant,
        )
        fit_file, fit_measure = self._seals.fit_file, self._seals.fit_measure
        found: dict[str, tuple[Stamp, bytes, bytes | None]] = {}
        for path, size, modified, changed, inode, blob, seal, data, its_seal in rows:
            stamp = Stamp(size, modified, changed, inode)
            if fit_file(path, stamp, blob, seal):
                found[os.fsdecode(path)] = stamp, blob, data if fit_measure(blob, data, its_seal) else None
        return found

    def measures(self, blobs: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the packed measures of those of ``blobs`` that are known."""
        wanted = list(dict.fromkeys(blobs))
        found: dict[bytes, bytes] = {}
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = wanted[start : start + _ASKED_AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._query(f"SELECT blob, data, seal FROM measure WHERE variant = ? AND blob IN ({marks})", self._variant, *some)  # noqa: S608
            found.update((blob, data) for blob, data, seal in rows if self._seals.fit_measure(blob, data, seal))
        return found

    def add_measures(self, measures: Mapping[bytes, bytes]) -> None:
        """Keep packed measures by blob."""
        rows = [(blob, self._variant, data, self._seals.of_measure(blob, data)) for blob, data in measures.items()]
        self._write(
            ("INSERT OR REPLACE INTO measure (blob, variant, data, seal) VALUES (?, ?, ?, ?)", rows),
            ("DELETE FROM measure WHERE id <= (SELECT max(id) FROM measure) - ?", [(_KEPT,)]),
        )

    def set_files(self, files: Mapping[str, tuple[Stamp, bytes]]) -> None:
        """Remember the stamps and blobs of paths."""
        names = ((os.fsencode(path), stamp, blob) for path, (stamp, blob) in files.items())
        rows = [(name, *stamp, blob, self._seals.of_file(name, stamp, blob)) for name, stamp, blob in names]
        self._write(("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?)", rows))

    def forget_files(self, paths: Iterable[str]) -> None:
        self._write(("DELETE FROM file WHERE path = ?", [(os.fsencode(path),) for path in paths]))

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _query(self, statement: str, *values: bytes | str) -> list[tuple[Any, ...]]:
        for _ in range(2):
            connection = self._open()
            if not connection:
                break
            try:
                return connection.execute(statement, values).fetchall()
            except (sqlite3.Error, UnicodeDecodeError) as error:
                self._give_up(error)
        return []

    def _write(self, *statements: tuple[str, list[Any]]) -> None:
        connection = self._open() if statements[0][1] else None
        if not connection:
            return
        try:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for statement, rows in statements:
                    connection.executemany(statement, rows)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._give_up(error)

    def _open(self) -> sqlite3.Connection | None:
        for _ in range(2):
            if self._connection or not self._path:
                break
            try:
                self._connection = _connect(self._path)
            except (sqlite3.Error, UnicodeDecodeError) as error:
                self._give_up(error)
            except (OSError, StateRefused):
                self._path = None
        return self._connection

    def _give_up(self, error: Exception) -> None:
        """Remove a file that is damaged, so that the next try starts anew; leave one that is out of reach, for good."""
        self.close()
        assert self._path
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_NOTADB) & 0xFF
        removed = code not in _OUT_OF_REACH and _remove(self._path)
        if not removed:
            self._path = None


def _connect(path: str) -> sqlite3.Connection:
    connection = connect_private(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError("another version")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not version:
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                for statement in _SCHEMA:
                    connection.execute(statement)
            connection.execute("COMMIT")
        # Views and triggers under our names could do anything.
        made = {row[0] for row in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
        if made != set(_SCHEMA[:-1]):
            raise sqlite3.DatabaseError("not our tables")
        if connection.execute("SELECT count(*) FROM file").fetchone()[0] > _MOST_FILES:
            raise sqlite3.DatabaseError("more files than a repository has")
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection


def _remove(path: str) -> bool:
    """Remove a database with what SQLite keeps beside it; return whether nothing is left of it."""
    for name in (f"{path}-wal", f"{path}-shm", path):
        try:
            os.remove(name)
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True
