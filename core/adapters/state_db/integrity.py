"""What is believed of a database: only tables, bounded values, rows whose checksum fits; and what is wrong when they do not.

Whoever can leave a file in a repository can make a ``state.db`` of it whose tables are views that never run out of rows, or whose
values fill the memory. SQLite notices damage where it breaks the structure of a file, not a flipped bit inside a value; so each row
carries a checksum of its values (``rows``). Damage that was found is marked in a file beside the database: the next run then examines
all of it and moves it aside if it is damaged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.adapters.state_db import rows
from core.errors import StorageError

_MIB = 1024 * 1024
#: Bytes of one value; the longest that is written holds the statuses of 100,000 tasks.
_MAX_VALUE = 16 * _MIB
#: Bytes of all texts in the answer to one statement.
_MAX_ANSWER = 64 * _MIB

#: SQLite's codes for a file that is not what it should be. Our statements are fixed, so where one is no SQL for a file (ERROR), or
#: breaks a constraint of it, the file has other tables than those that we made; TOOBIG is a value that is longer than ours.
_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
    }
)


def confine(connection: sqlite3.Connection) -> None:
    """Limit what a database can make SQLite do; call before anything is read.

    Raises sqlite3.DatabaseError where there is anything but tables and indexes.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
    connection.execute("PRAGMA trusted_schema = OFF")
    # SQLite would otherwise sort in files elsewhere.
    connection.execute("PRAGMA temp_store = MEMORY")
    others = connection.execute("SELECT type FROM sqlite_schema WHERE type NOT IN ('table', 'index') LIMIT 1").fetchall()
    if others:
        raise sqlite3.DatabaseError(f"it has a {others[0][0]}, which no journal has")


def bounded(answer: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    """Yield rows as they come. Raises sqlite3.DatabaseError when their texts are longer than any that were written."""
    left = _MAX_ANSWER
    for row in answer:
        left -= sum(len(value) for value in row if value.__class__ is str)
        if left < 0:
            raise sqlite3.DatabaseError(f"more than {_MAX_ANSWER // _MIB} MiB of text for one question")
        yield row


def is_damage(error: sqlite3.Error) -> bool:
    """Tell damage from a disk that refuses. An error without a code is text that is no UTF-8."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _DAMAGE


@contextmanager
def readable_errors() -> Iterator[None]:
    """Map an error that Python cannot decode: SQLite quotes a damaged schema in its messages, and that need not be text."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError("its schema is no text") from error


def refused(path: Path, error: sqlite3.Error) -> StorageError:
    return StorageError(f"{path}: {error}", hint="is the disk full, or the directory read-only? the state on disk is intact")


def damaged(path: Path, what: str) -> StorageError:
    hint = "orchestrator run moves it aside, never deletes it, and goes on with tasks.yml"
    return StorageError(f"{path} is damaged: {what}", hint=hint)


def examine(connection: sqlite3.Connection) -> None:
    """Read all of a journal. Raises sqlite3.DatabaseError when anything is not as it was written."""
    try:
        (result,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        for make, columns, tables in rows.EVERYTHING:
            for row in connection.execute(f"SELECT {columns} FROM {tables}"):
                make(row)
    except (rows.NotAsWritten, UnicodeDecodeError) as error:
        raise sqlite3.DatabaseError(str(error)) from error
    except sqlite3.OperationalError as error:
        if is_damage(error):
            raise sqlite3.DatabaseError(str(error)) from error
        raise
    if result != "ok":
        raise sqlite3.DatabaseError(result)


class DamageMark:
    """A file beside a database: damage was found in it, and it is to be examined before it is used again."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.suspect")

    def set(self) -> None:
        with suppress(OSError):
            self._path.touch(mode=0o600)

    def is_set(self) -> bool:
        return self._path.exists()

    def clear(self) -> None:
        with suppress(OSError):
            self._path.unlink()
