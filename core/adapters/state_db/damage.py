"""What is wrong with a journal: the disk refuses, or what is read is not what was written.

SQLite notices damage where it breaks the structure of a file; a flipped bit inside a value it does not. So each row carries a
checksum of its values (``rows``), and what does not fit is damage. It is remembered beside the file: the next run looks at all of
it, and moves aside what is damaged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.adapters.state_db import rows
from core.errors import StorageError

#: SQLite's words for a file that is not what it should be. Our statements are fixed, so where one is no SQL for a file (ERROR), or
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


def is_damage(error: sqlite3.Error) -> bool:
    """Tell damage from a disk that refuses. What has no code is text that is no UTF-8."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _DAMAGE


@contextmanager
def readable_errors() -> Iterator[None]:
    """Map what Python cannot even say: SQLite quotes a damaged schema in its errors, and that need not be text."""
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
    """Look at all of a journal. Raises sqlite3.DatabaseError when anything is not as it was written."""
    try:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        for make, columns, tables in rows.EVERYTHING:
            for row in connection.execute(f"SELECT {columns} FROM {tables}"):
                make(row)
    except (rows.NotAsWritten, UnicodeDecodeError) as error:
        raise sqlite3.DatabaseError(str(error)) from error
    except sqlite3.OperationalError as error:
        if is_damage(error):
            raise sqlite3.DatabaseError(str(error)) from error
        raise
    if said != "ok":
        raise sqlite3.DatabaseError(said)


class Suspect:
    """A mark beside a journal: damage was found in it."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.suspect")

    def note(self) -> None:
        with suppress(OSError):
            self._path.touch(mode=0o600)

    def noted(self) -> bool:
        return self._path.exists()

    def clear(self) -> None:
        with suppress(OSError):
            self._path.unlink()
