"""Bounds for a database that somebody else may have put there: what it may hold, and how much of it is taken in.

Whoever can leave a file in a repository can make a ``state.db`` of it whose tables are views that never run out of rows, or whose
values fill the machine. The journal itself has tables and short values only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

_MIB = 1024 * 1024
#: Bytes of one value; the longest that is written stands for the statuses of 100,000 tasks.
_LONGEST = 16 * _MIB
#: Bytes of all texts in one answer.
_MOST = 64 * _MIB


def confine(connection: sqlite3.Connection) -> None:
    """Call before anything is read. Raises sqlite3.DatabaseError where there is more than tables."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    connection.execute("PRAGMA trusted_schema = OFF")
    # What SQLite sorts would else go to files elsewhere.
    connection.execute("PRAGMA temp_store = MEMORY")
    others = connection.execute("SELECT type FROM sqlite_schema WHERE type NOT IN ('table', 'index') LIMIT 1").fetchall()
    if others:
        raise sqlite3.DatabaseError(f"it has a {others[0][0]}, which no journal has")


def bounded(answer: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    """Return rows as they come. Raises sqlite3.DatabaseError when they are longer than any that were written."""
    left = _MOST
    for row in answer:
        left -= sum(len(value) for value in row if value.__class__ is str)
        if left < 0:
            raise sqlite3.DatabaseError(f"more than {_MOST // _MIB} MiB of text for one question")
        yield row
