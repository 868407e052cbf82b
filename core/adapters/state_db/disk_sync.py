"""Syncs the write-ahead log to the disk from a thread of its own, at most 100 ms late."""

from __future__ import annotations

import os
import threading
from pathlib import Path

#: Seconds that a power loss may cost.
INTERVAL = 0.1


class DiskSync:
    """A thread that fdatasyncs one file soon after ``dirty``; starts with the first call, ends with ``close``.

    The file is SQLite's ``-wal``: SQLite takes no POSIX locks on it, so opening and closing it here releases none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def dirty(self) -> None:
        """Note that something was committed."""
        self._dirty.set()
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system allows no more threads: the caller waits for the disk
                self._sync()
                return
            self._thread = thread

    def close(self) -> None:
        self._closing.set()
        self._dirty.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._dirty.wait()
            self._dirty.clear()
            self._sync()
            self._closing.wait(INTERVAL)

    def _sync(self) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return  # a checkpoint removed it: everything is in the database, which SQLite syncs itself
        try:
            os.fdatasync(descriptor)
        except OSError:
            return  # a disk that refuses to sync refuses the next commit too, and that one is reported
        finally:
            os.close(descriptor)
