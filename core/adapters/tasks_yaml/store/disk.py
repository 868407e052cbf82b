"""Reading a file with the evidence that it has not changed since, and mapping what the system says to what a person can do."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from core.adapters.tasks_yaml.parse.limits import MAX_BYTES
from core.adapters.tasks_yaml.parse.source import too_large
from core.errors import InvalidFile, StorageError
from core.files import reading

#: A change within this many nanoseconds after another one may leave the time stamps as they were (coarse kernel clocks).
_COARSE = 50_000_000


class Stamp(NamedTuple):
    """What ``stat`` says of a file; differs after every change of its content that is not within a tick of the last one."""

    changed: int
    modified: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The bytes of a file as read at one moment."""

    data: bytes
    #: Taken before the bytes were read.
    stamp: Stamp
    #: Whether an equal stamp proves equal bytes; not so just after a change.
    settled: bool


def stamp_of(status: os.stat_result) -> Stamp:
    return Stamp(status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino)


def read_content(path: str, shown: str, inside: str | None = None) -> Content:
    """Return what a regular file holds; ``inside`` is the repository that it must not lead out of, None where a person named it.

    Raises StorageError, or InvalidFile when it is too large to be a backlog.
    """
    with storage_errors(shown):
        descriptor = reading.open_regular(path, shown, inside=inside)
        try:
            return read_descriptor(descriptor, shown)
        finally:
            os.close(descriptor)


def read_descriptor(descriptor: int, shown: str) -> Content:
    """Return what an open file holds, from its first byte."""
    status = os.fstat(descriptor)
    settled = time.time_ns() - status.st_ctime_ns > _COARSE
    try:
        data = reading.read_descriptor(descriptor, shown, MAX_BYTES)
    except InvalidFile:
        raise InvalidFile([too_large(shown)]) from None
    return Content(data=data, stamp=stamp_of(status), settled=settled)


@contextmanager
def storage_errors(shown: str) -> Iterator[None]:
    """Map what the system refuses about the file ``shown`` to StorageError with the next thing to type."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageError(f"{shown} is not there", hint=_absence(shown)) from error
    except IsADirectoryError as error:
        raise StorageError(f"{shown} is a directory, not a file", hint="name another file with -f") from error
    except OSError as error:
        raise StorageError(f"{shown}: {error.strerror or error}", hint=_cure(error, shown)) from error


def _absence(shown: str) -> str:
    """Return what to type when the file is not there; init makes one of the usual name, in the repository's top."""
    return "create it with: orchestrator init" if shown == "tasks.yml" else "name one that is there: -f FILE, or tasks_file in config.yaml"


def _cure(error: OSError, shown: str) -> str:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"look at its owner and mode, and those of its directory: ls -ld {shown} {os.path.dirname(shown) or '.'}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"make room on its disk: df -h {os.path.dirname(shown) or '.'}; the file is as it was"
    if error.errno == errno.EROFS:
        return "its file system is mounted read-only; the file is as it was"
    if error.errno == errno.ELOOP:
        return "its symbolic links lead in a circle"
    return ""
