"""The bytes of a file with the evidence that it has not changed since, and what the system refuses mapped to what a person can do."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from core.adapters.tasks_yaml.parse.document import MAX_BYTES, too_large
from core.errors import InvalidFile, StorageError
from core.files import reading

#: Nanoseconds after a change in which another one may leave the time stamps as they are: kernel clocks are coarse.
_CLOCK_GRANULARITY = 50_000_000


class Stamp(NamedTuple):
    """What ``stat`` says of a file; differs after every change of its content that is not within a clock tick of the last one."""

    changed: int
    modified: int
    size: int
    inode: int


class Version:
    """Bytes and their SHA-256, computed once; equal bytes are equal versions."""

    __slots__ = ("_digest", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._digest = ""

    @property
    def digest(self) -> str:
        if not self._digest:
            self._digest = hashlib.sha256(self.data).hexdigest()
        return self._digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.digest)


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
    """Return the content of a regular file; ``inside`` is the repository that it must not lead out of, None where a person named it.

    Raises StorageError, or InvalidFile when it is too large to be a backlog.
    """
    with storage_errors(shown):
        descriptor = reading.open_regular(path, shown, inside=inside)
        try:
            return read_descriptor(descriptor, shown)
        finally:
            os.close(descriptor)


def read_descriptor(descriptor: int, shown: str) -> Content:
    """Return the content of an open file, from its first byte. Raises InvalidFile when it is too large, OSError."""
    status = os.fstat(descriptor)
    settled = time.time_ns() - status.st_ctime_ns > _CLOCK_GRANULARITY
    try:
        data = reading.read_descriptor(descriptor, shown, MAX_BYTES)
    except InvalidFile:
        raise InvalidFile([too_large(shown)]) from None
    return Content(data=data, stamp=stamp_of(status), settled=settled)


@contextmanager
def storage_errors(shown: str) -> Iterator[None]:
    """Map an OSError about the file ``shown`` to StorageError with the next command to type."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageError(f"{shown} is not there", hint=_absence_hint(shown)) from error
    except IsADirectoryError as error:
        raise StorageError(f"{shown} is a directory, not a file", hint="name another file with -f") from error
    except OSError as error:
        raise StorageError(f"{shown}: {error.strerror or error}", hint=_hint(error, shown)) from error


def _absence_hint(shown: str) -> str:
    """Return what to type when the file is not there; ``init`` makes one of the default name, at the top of the repository."""
    return "create it with: orchestrator init" if shown == "tasks.yml" else "name one that is there: -f FILE, or tasks_file in config.yaml"


def _hint(error: OSError, shown: str) -> str:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"look at its owner and mode, and those of its directory: ls -ld {shown} {os.path.dirname(shown) or '.'}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"make room on its disk: df -h {os.path.dirname(shown) or '.'}; the file is as it was"
    if error.errno == errno.EROFS:
        return "its file system is mounted read-only; the file is as it was"
    if error.errno == errno.ELOOP:
        return "its symbolic links lead in a circle"
    return ""
