"""A second run lock on the directory of the repository itself: no task can remove that without ending the run.

It is a read lock of an open file description (Linux): a directory can be opened for reading only, and such a lock outlives neither the
process nor the descriptor. The kernel reports a lock with its range, so the range says who holds it: it begins at the pid and is as many
bytes long as there were seconds since 1970 when it was taken. Where there are no such locks, nobody holds it: the lock file alone counts.
"""

from __future__ import annotations

import fcntl
import os
import struct
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

#: ``struct flock``: type, whence, start, length, pid.
_LAYOUT = "hhqqi4x"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class DirectoryHolder(NamedTuple):
    """Who holds a directory, and since when (ISO 8601)."""

    pid: int
    since: str


def hold(descriptor: int) -> None:
    """Lock the directory that is open as ``descriptor`` for this process, where the system can."""
    _control("F_OFD_SETLK", descriptor, fcntl.F_RDLCK, os.getpid(), int(datetime.now(UTC).timestamp()))


def let_go(descriptor: int) -> None:
    """Unlock it, also for children that inherited the descriptor."""
    _control("F_OFD_SETLK", descriptor, fcntl.F_UNLCK, 0, 0)


def holder_of(directory: str) -> DirectoryHolder | None:
    """Return who holds a directory by another descriptor; None when nobody does, or the system cannot tell."""
    with suppress(OSError):
        descriptor = os.open(directory, _DIRECTORY)
        try:
            kind, start, length = _control("F_OFD_GETLK", descriptor, fcntl.F_WRLCK, 0, 0)
        finally:
            os.close(descriptor)
        if kind != fcntl.F_UNLCK:
            return DirectoryHolder(start, datetime.fromtimestamp(length, UTC).isoformat(timespec="seconds"))
    return None


def _control(operation: str, descriptor: int, kind: int, start: int, length: int) -> tuple[int, int, int]:
    """Return type, start and length of the lock that the kernel answers with; an unlocked range where there are no such locks."""
    with suppress(AttributeError, OSError):
        answer = fcntl.fcntl(descriptor, getattr(fcntl, operation), struct.pack(_LAYOUT, kind, os.SEEK_SET, start, length, 0))
        kind, _, start, length, _ = struct.unpack(_LAYOUT, answer)
        return kind, start, length
    return fcntl.F_UNLCK, 0, 0
