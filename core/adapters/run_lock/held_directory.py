"""The directory of the repository, held open and locked for the time of a run, so that a change of its place is noticed."""

from __future__ import annotations

import errno
import os
import shlex

from core.adapters.run_lock import directory_lock
from core.errors import StorageError

#: What the system says of a path that leads nowhere (any more).
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE})


class HeldDirectory:
    """The directory at ``path``, open until ``close``. Raises OSError where it cannot be opened."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        opened = os.fstat(self._descriptor)
        self._identity = (opened.st_dev, opened.st_ino)
        directory_lock.hold(self._descriptor)

    def close(self) -> None:
        directory_lock.let_go(self._descriptor)
        os.close(self._descriptor)

    def check(self) -> None:
        """Raise StorageError when the path no longer leads to the directory that was opened, through links or not."""
        try:
            found = os.stat(self._path)
        except OSError as problem:
            if problem.errno in _GONE:
                raise self._loss() from problem
            return  # out of reach for the moment: whoever needs it is told so
        if (found.st_dev, found.st_ino) != self._identity:
            raise self._loss()

    def _loss(self) -> StorageError:
        """Return what became of the directory, as far as the system tells."""
        if os.fstat(self._descriptor).st_nlink == 0:
            return StorageError(f"{self._path} was deleted during the run", hint="its tasks were stopped, and nothing was made anew")
        try:
            place = os.readlink(f"/proc/self/fd/{self._descriptor}")
        except OSError:
            place = ""
        if place in ("", self._path) or not os.path.isdir(place):
            return StorageError(
                f"{self._path} was moved or replaced during the run", hint="its tasks were stopped; run again in its new place"
            )
        hint = f"its tasks were stopped; go on there: orchestrator -C {shlex.quote(place)} run"
        return StorageError(f"{self._path} was moved to {place} during the run", hint=hint)
