"""Whether the file could be replaced: asked before a run begins, by the rules by which a write would be refused."""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import stat
import struct
from contextlib import suppress

from core.adapters.tasks_yaml.store.content import storage_errors
from core.errors import StorageError
from core.files.reading import open_regular

#: The ioctl that reads the attributes of ``lsattr``, and those that keep a file from being replaced or a directory from letting go of one.
_GET_ATTRIBUTES = 0x80086601
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20


def check_writable(path: str, shown: str, inside: str | None) -> None:
    """Raise StorageError, with what to type, where a write to ``path`` (no symbolic link at its end) would be refused.

    ``inside`` is the repository that it must not lead out of, None where a person named it.

    What cannot be read either is refused with the reason for that. A file as large as the present one is made beside it and removed
    again, so a full disk is found, too.
    """
    directory = os.path.dirname(path) or "."
    with storage_errors(shown):
        descriptor = open_regular(path, shown, inside=inside)
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        refuse_read_only(status, shown)
        _refuse_attributes(path, directory, shown)
        if status.st_nlink > 1:
            os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
            return
        _refuse_sticky(status, directory, shown)
        _make_beside(path, status.st_size)


def refuse_read_only(status: os.stat_result, shown: str) -> None:
    """Raise StorageError for a file that nobody may write, also when we could replace it, or are root: its owner wants it as it is."""
    if not status.st_mode & 0o222:
        raise StorageError(f"{shown} is read-only", hint=f"chmod u+w {shlex.quote(shown)}")


def temporary_prefix(path: str) -> str:
    """Return what the paths of temporary files beside ``path`` begin with."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.orchestrator-")


def _refuse_attributes(path: str, directory: str, shown: str) -> None:
    for place in (path, directory):
        attributes = _attributes(place)
        for attribute, name, letter in ((_IMMUTABLE, "immutable", "i"), (_APPEND_ONLY, "append-only", "a")):
            if attributes & attribute:
                what = shown if place == path else f"the directory of {shown}"
                raise StorageError(f"{what} is {name}, so it cannot be written", hint=f"chattr -{letter} {shlex.quote(place)}")


def _attributes(path: str) -> int:
    """Return the attributes of a file or directory; 0 where its file system has none."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            (attributes,) = struct.unpack("L", fcntl.ioctl(descriptor, _GET_ATTRIBUTES, bytes(struct.calcsize("L"))))
            return int(attributes)
        finally:
            os.close(descriptor)
    return 0


def _refuse_sticky(status: os.stat_result, directory: str, shown: str) -> None:
    """Raise StorageError where only its owner may replace the file."""
    place, user = os.stat(directory), os.geteuid()
    if place.st_mode & stat.S_ISVTX and user not in (0, status.st_uid, place.st_uid):
        raise PermissionError(errno.EPERM, f"belongs to user {status.st_uid}, and only they may replace it: its directory is sticky", shown)


def _make_beside(path: str, size: int) -> None:
    part = f"{temporary_prefix(path)}{os.getpid()}.part"
    with suppress(FileNotFoundError):
        os.unlink(part)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if size:
            os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):  # another command takes it for what a killed write left
            os.unlink(part)
