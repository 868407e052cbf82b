"""The files of the open database, compared with what is at their paths: what was removed is put back from the connection.

SQLite goes on writing into files that were removed, where nobody else would ever see it. As long as the connection is open everything
is still in it: a database that is gone is written anew from it, whole; where only what SQLite keeps beside it is gone (the write-ahead
log and its index), the log is first carried into the database. Where another file has taken the place, nothing is written.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from core.adapters.state_db.integrity import DamageMark, damaged
from core.errors import StateRefused, StorageError
from core.files.private import PrivateDirectory, open_private

#: What SQLite keeps beside a database in use.
_BESIDE = ("-wal", "-shm")
#: Seconds for which files must have been missing: somebody may be in the middle of removing them.
_SETTLED = 2.0


class HeldFiles:
    """The files of the connection that was just opened at ``path``; ``connect`` opens another one there."""

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection], damage_mark: DamageMark) -> None:
        self._path, self._connect, self._damage_mark = path, connect, damage_mark
        #: Device and inode of the database and of each file beside it, and the size of the database in bytes.
        self._database, self._others, self._size = (0, 0), tuple((0, 0) for _ in _BESIDE), 0
        #: When the files were first seen not to be all there (monotonic seconds); 0 while they are.
        self._missing_since = 0.0
        self._note_files()

    def check(self, connection: sqlite3.Connection, *, now: bool) -> tuple[sqlite3.Connection, tuple[str, ...]]:
        """Return the connection to go on with, and a sentence about what was put back. Costs three ``stat`` when nothing happened.

        Raises StorageError when the database was replaced, cut short, or cannot be put back, and sqlite3.Error.
        """
        found = _look_at(self._path)
        beside = tuple(_identity(_look_at(self._beside(suffix))) for suffix in _BESIDE)
        if self._is_being_removed(is_missing=found is None or (0, 0) in beside) and not now:
            return connection, ()
        if found is None:
            fresh = self._written_anew(connection)
            return fresh, self._put_back(self._path)
        self._refuse_other(found)
        self._size = found.st_size
        if beside == self._others:
            return connection, ()
        what = next(self._beside(suffix) for suffix, old, new in zip(_BESIDE, self._others, beside, strict=True) if old != new)
        fresh = self._reopened(connection)
        return fresh, self._put_back(what)

    def _is_being_removed(self, *, is_missing: bool) -> bool:
        """Tell whether files have been missing for so short a time that somebody may be in the middle of removing them."""
        self._missing_since = (self._missing_since or time.monotonic()) if is_missing else 0.0
        return is_missing and time.monotonic() - self._missing_since < _SETTLED

    def _refuse_other(self, found: os.stat_result) -> None:
        """Raise StorageError when what is at the path is another file, or less of ours than there was."""
        if _identity(found) != self._database:
            self._refuse_replaced()
        if found.st_size < self._size:
            self._damage_mark.set()
            raise damaged(self._path, "it was cut short during the run")

    def _put_back(self, what: Path) -> tuple[str, ...]:
        self._note_files()
        return (f"{what} was removed during the run, and put back",)

    def _note_files(self) -> None:
        found = _look_at(self._path)
        self._database, self._size = _identity(found), found.st_size if found is not None else 0
        self._others = tuple(_identity(_look_at(self._beside(suffix))) for suffix in _BESIDE)

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    def _written_anew(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Write all that the connection holds into a new file at the path, and open that."""
        name = self._path.name
        part = f"{name}.{os.getpid()}.part"
        try:
            with open_private(self._path.parent) as place:
                try:
                    os.close(place.create(part, os.O_WRONLY))
                    with closing(sqlite3.connect(self._path.with_name(part))) as copy:
                        connection.backup(copy)
                    self._put_in_place(place, part)
                finally:
                    place.remove(part)
        except FileExistsError:
            self._refuse_replaced()
        except OSError as error:
            message = f"{self._path} was removed during the run, and cannot be put back: {error.strerror or error}"
            raise StorageError(message, hint="orchestrator keeps its state there") from error
        except StateRefused as refused:
            raise StorageError(f"{self._path.parent} was replaced during the run: {refused}", hint=refused.hint) from refused
        connection.close()
        return self._connect()

    def _put_in_place(self, place: PrivateDirectory, part: str) -> None:
        """Give a written copy the name of the database. Raises FileExistsError when there is another one, OSError."""
        descriptor = place.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        # Beside a new database, the log of the old one would be carried into it; the log of one that is there belongs to that.
        if place.check(self._path.name) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self._path)
        for suffix in (*_BESIDE, "-journal"):
            place.remove(self._path.name + suffix)
        os.link(part, self._path.name, src_dir_fd=place.descriptor, dst_dir_fd=place.descriptor, follow_symlinks=False)

    def _reopened(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Carry the write-ahead log that is held open into the database, which is in its place, and open it anew."""
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if busy:
            raise StorageError(
                f"{self._path}: its write-ahead log was removed during the run while others read it", hint="orchestrator run"
            )
        connection.close()
        return self._connect()

    def _refuse_replaced(self) -> NoReturn:
        raise StorageError(
            f"{self._path} was replaced during the run by another file, which is left as it is",
            hint=f"look at it: ls -la {self._path.parent}; tasks.yml is as it was",
        )


def _look_at(path: Path) -> os.stat_result | None:
    """Return what is at ``path``, None where nothing is. Raises StorageError when nobody can say: that is no removal."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="the file was left as it is; look after its disk") from error


def _identity(found: os.stat_result | None) -> tuple[int, int]:
    return (0, 0) if found is None else (found.st_dev, found.st_ino)
