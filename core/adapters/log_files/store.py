"""The directory of log files."""

from __future__ import annotations

import errno
import os

from core.adapters.log_files.file import FileLog
from core.adapters.log_files.layout import output_lines, shown
from core.adapters.log_files.name import file_name, is_of_run, timestamp
from core.adapters.log_files.reading import open_log
from core.domain.runs.attempt import Attempt
from core.errors import StateRefused, StorageError
from core.files.private import PrivateDirectory, open_beneath

_FULL = (errno.ENOSPC, errno.EDQUOT)
#: Bytes at the end of a log that a tail is looked for in.
_TAIL_WINDOW = 1024 * 1024


class FileLogStore:
    """``directory`` (relative to ``root``) with one file an attempt; made when first needed. A store serves one run."""

    def __init__(self, root: str, directory: str = "logs", *, limit: int = 64 * 1024 * 1024, keep: int = 500) -> None:
        self._root = root
        self._directory = directory
        self._limit = limit
        self._keep = keep
        #: Names of this run's logs.
        self._own: set[str] = set()
        #: The directory, held open from the first log to ``prune``, with its device and inode.
        self._place: PrivateDirectory | None = None
        self._identity = (0, 0)

    def open(self, attempt: Attempt) -> FileLog:
        """Create the attempt's log. On a full disk there is none: its path is empty and the output goes nowhere.

        Raises StateRefused when the directory is not ours, StorageError when it cannot be written for any other reason.
        """
        microseconds = round(attempt.started * 1_000_000)
        while True:
            name = file_name(attempt.task_id, microseconds)
            try:
                descriptor = self._create(name)
            except FileExistsError:
                microseconds += 1
                continue
            except OSError as problem:
                if problem.errno in _FULL:
                    return FileLog("", os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), self._limit)
                raise self._refusal(problem) from problem
            self._own.add(name)
            return FileLog(f"{self._directory}/{name}", descriptor, self._limit)

    def check_writable(self) -> None:
        try:
            with open_beneath(self._root, self._directory, create=True) as place:
                part = f".{os.getpid()}.part"
                os.close(place.create(part, os.O_WRONLY))
                place.remove(part)
        except OSError as problem:
            if problem.errno not in _FULL:
                raise self._refusal(problem) from problem

    def tail(self, path: str, lines: int) -> tuple[str, ...]:
        if not path or lines <= 0:
            return ()
        try:
            with open_log(self._root, path) as file:
                size = file.seek(0, os.SEEK_END)
                start = file.seek(max(0, size - _TAIL_WINDOW))
                content = file.read()
        except (OSError, StateRefused):
            return ()
        return tuple(shown(line) for line in output_lines(content, from_start=start == 0)[-lines:])

    def prune(self) -> int:
        self._close_place()
        try:
            with open_beneath(self._root, self._directory) as place:
                return self._prune(place)
        except (OSError, StateRefused):
            return 0

    def _prune(self, place: PrivateDirectory) -> int:
        names = os.listdir(place.descriptor)
        logs = sorted((moment, name) for name in names if (moment := timestamp(name)) is not None)
        surplus = [name for _, name in logs[: -self._keep] if name not in self._own]
        return sum(map(place.remove, surplus + sorted(filter(is_of_run, names))[: -self._keep]))

    def _create(self, name: str) -> int:
        """Make a log file. Raises StateRefused, FileExistsError and OSError."""
        if self._place is not None and self._found() != self._identity:
            self._close_place()
        if self._place is None:
            self._place = open_beneath(self._root, self._directory, create=True)
            self._identity = _identity(os.fstat(self._place.descriptor))
        return self._place.create(name, os.O_RDWR | os.O_APPEND)

    def _found(self) -> tuple[int, int]:
        """Return what stands at the directory's path now: somebody may have moved or removed what is held open."""
        try:
            return _identity(os.stat(os.path.join(self._root, self._directory), follow_symlinks=False))
        except OSError:
            return (0, 0)

    def _close_place(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            place.close()

    def _refusal(self, problem: OSError) -> StorageError:
        return StorageError(
            f"{self._directory}: cannot create a log file: {(problem.strerror or str(problem)).lower()}",
            hint="make the directory writable, or name another one as log.directory in config.yaml",
        )


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
