"""What a plugin uses while it runs: bytes and files of its private directory, deleted files that it keeps open, processes, threads."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.schema.quantities import format_size

#: Bytes on disk, and files and directories, of a plugin's private directory.
LARGEST_SPACE = 256 * 1024 * 1024
MOST_FILES = 10_000
#: Descriptors in transit through the plugin's own sockets, where file sizes are not visible.
_MOST_ON_THE_WAY = 16
#: Seconds between two measurements at least, and the factor by which they exceed the duration of one: a twentieth of a processor.
LOOK_EVERY = 0.05
_SHARE = 20


class _Exceeded(Exception):
    """A limit is exceeded; the message is for the user."""


@dataclass(slots=True, kw_only=True)
class SpaceWatch:
    """Measures a private directory at intervals. The plugin may change it meanwhile; only directories and file states are read."""

    directory: Path
    #: Returns the ids of the plugin's living processes.
    processes: Callable[[], Iterable[int]]
    most_files: int = MOST_FILES
    _next: float = 0.0

    def exceeded(self, *, now: bool = False) -> str:
        """Return the limit that is exceeded, or an empty string; measures only when the interval is over, or ``now``."""
        began = time.monotonic()
        if began < self._next and not now:
            return ""
        try:
            measured = _Total(self.most_files)
            measured.directory(str(self.directory))
            for process in self.processes():
                measured.process(process)
        except _Exceeded as error:
            return str(error)
        took = time.monotonic() - began
        self._next = began + took + max(LOOK_EVERY, _SHARE * took)
        return ""


class _Total:
    """Sums of sizes and counts. Raises _Exceeded when a limit is exceeded."""

    def __init__(self, most_files: int) -> None:
        self._most_files = most_files
        self._bytes = 0
        self._files = 0
        self._on_the_way = 0
        self._seen: set[tuple[int, int]] = set()

    def directory(self, top: str) -> None:
        waiting = [top]
        while waiting:
            for entry, state in _entries(waiting.pop()):
                self._files += 1
                if self._files > self._most_files:
                    raise _Exceeded(f"it made more than {self._most_files} temporary files and was killed")
                self._add(state)
                if stat.S_ISDIR(state.st_mode):
                    waiting.append(entry)

    def process(self, process: int) -> None:
        """Add the files that a process has open and that have no name any more, and count those on their way through its sockets."""
        with suppress(OSError):
            for name in os.listdir(f"/proc/{process}/fd"):
                with suppress(OSError):
                    state = os.stat(f"/proc/{process}/fd/{name}")
                    if stat.S_ISREG(state.st_mode) and state.st_nlink == 0:
                        self._add(state)
                    elif stat.S_ISSOCK(state.st_mode):
                        self._socket(f"/proc/{process}/fdinfo/{name}", state)

    def _socket(self, described: str, state: os.stat_result) -> None:
        if self._is_new(state):
            with open(described, "rb") as stream:
                waiting = [line.split()[1] for line in stream.read(4096).splitlines() if line.startswith(b"scm_fds:")]
            self._on_the_way += sum(map(int, waiting))
            if self._on_the_way > _MOST_ON_THE_WAY:
                raise _Exceeded(f"it kept more than {_MOST_ON_THE_WAY} open files in its sockets and was killed")

    def _add(self, state: os.stat_result) -> None:
        if self._is_new(state):
            self._bytes += state.st_blocks * 512
            if self._bytes > LARGEST_SPACE:
                raise _Exceeded(f"it used more than {format_size(LARGEST_SPACE)} of temporary space and was killed")

    def _is_new(self, state: os.stat_result) -> bool:
        """Return whether this file was not counted yet: by other names, or in other processes."""
        identity = (state.st_dev, state.st_ino)
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return True


def _entries(directory: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield what is in a directory. Raises _Exceeded when it cannot be read: too deep for a path, or no permission."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    yield entry.path, entry.stat(follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _Exceeded(f"its temporary files cannot be measured ({error.strerror}) and it was killed") from error


def tasks_in_group(group: int) -> int:
    """Return how many threads the living processes of a process group have together."""
    return sum(threads for _, threads in _members(group))


def processes_of(group: int, *, alone: bool) -> tuple[int, ...]:
    """Return the ids of the living processes of a group; where its plugin is ``alone``, by reading the children of its leader."""
    if alone:
        with contextlib.suppress(OSError), open(f"/proc/{group}/task/{group}/children", "rb") as stream:
            return (group, *map(int, stream.read().split()))
    return tuple(process for process, _ in _members(group))


def kill_group(group: int) -> None:
    """KILL every process of a group; none left is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _members(group: int) -> Iterator[tuple[int, int]]:
    """Yield the id and the number of threads of each living process of a group."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in (b"Z", b"X"):
            yield int(name), int(fields[17])
