"""Logs for the eyes of a person: whole, or as they grow."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

from core.adapters.log_files.layout import shown
from core.errors import StorageError
from core.files.private import open_beneath

#: Seconds between looks at a log that grows.
_LOOK = 0.2
_CHUNK = 64 * 1024


def open_log(root: str, path: str) -> BinaryIO:
    """Open a log by its path below ``root``. Raises StateRefused when it is no file of ours, and OSError."""
    directory, name = os.path.split(path)
    with open_beneath(root, directory) as place:
        return os.fdopen(place.open(name, os.O_RDONLY), "rb")


def read_lines(root: str, path: str) -> Iterator[str]:
    """Return a log's lines, ours included, safe to show. Raises StateRefused and StorageError when it cannot be read."""
    return follow_lines(root, path, lambda: True)


def read_bytes(root: str, path: str) -> Iterator[bytes]:
    """Return a log as it is. Raises StorageError when it cannot be read."""
    try:
        with open(os.path.join(root, path), "rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as problem:
        raise _unreadable(path, problem) from problem


def follow_lines(root: str, path: str, has_ended: Callable[[], bool], sleep: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """Return lines as they are added, until ``has_ended`` and nothing more comes; an unfinished last line comes last."""
    pending = b""
    try:
        with open_log(root, path) as file:
            while True:
                ended = has_ended()
                while chunk := file.read(_CHUNK):
                    *lines, pending = (pending + chunk).split(b"\n")
                    yield from map(shown, lines)
                    pending = pending[:_CHUNK]  # of an endless line no more is shown anyway
                if ended:
                    break
                if os.fstat(file.fileno()).st_size < file.tell():
                    file.seek(0, os.SEEK_END)  # its middle was left out
                sleep(_LOOK)
    except OSError as problem:
        raise _unreadable(path, problem) from problem
    if pending:
        yield shown(pending)


def _unreadable(path: str, problem: OSError) -> StorageError:
    words = (problem.strerror or "").lower()
    return StorageError(f"{path or 'the log'}: cannot be read: {words}", hint="retention (log.keep) may have removed it")
