"""SQLite on a file of ours. It opens by path and follows links, so what it opens is looked at before and after."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from core.errors import StateRefused
from core.files.private import open_private

#: Others of ours may put a damaged file aside just then.
_TRIES = 5


def connect_private(path: str | os.PathLike[str], **options: Any) -> sqlite3.Connection:
    """Open or make the database at ``path``, mode 0600, in a directory that is there; ``options`` are those of ``sqlite3.connect``.

    The directory is 0700 and ours: between the two looks only this very user could have put another file there and back.
    Raises StateRefused when the file, its directory or what SQLite keeps beside it is not ours, OSError and sqlite3.Error.
    """
    directory, name = os.path.split(os.fspath(path))
    with open_private(directory or ".") as place:
        for _ in range(_TRIES):
            checked = place.check_database(name, create=True)
            connection: sqlite3.Connection = sqlite3.connect(path, **options)
            try:
                if place.check_database(name, create=False) == checked:
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
    raise StateRefused(f"{os.fspath(path)} is replaced again and again", hint="try again when nothing else writes there")
