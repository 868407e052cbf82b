"""The one way to read a file that people or repositories hand to us.

| what lies there                                  | outcome                                                      |
|--------------------------------------------------|--------------------------------------------------------------|
| a regular file of at most ``limit`` bytes        | its bytes; of one that grows meanwhile never more than that  |
| a larger one                                     | InvalidFile with both sizes                                  |
| a link, and a person named the path              | what it leads to                                             |
| a link in a repository that leads out of it      | StorageError: where to is a stranger's choice                |
| a directory, pipe, socket or device              | StorageError; it is not opened, so nothing waits or rewinds  |
| nothing                                          | FileNotFoundError, which every caller knows what to do with  |
| text that is not UTF-8                           | InvalidFile with the place of the first wrong byte           |
"""

from __future__ import annotations

import errno
import os
import stat

from core.errors import InvalidFile, Problem, StorageError

MIB = 1024 * 1024
_CHUNK = MIB
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def read_regular(path: str | os.PathLike[str], shown: str, *, limit: int, inside: str | os.PathLike[str] | None = None) -> bytes:
    """Return the bytes of a regular file, which messages call ``shown``.

    ``inside`` is the repository that the path comes from, out of which no link leads; None where a person named the path.
    Raises FileNotFoundError, InvalidFile (too large) and StorageError (anything else).
    """
    try:
        descriptor = open_regular(path, shown, inside=inside)
        try:
            return read_descriptor(descriptor, shown, limit)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(f"cannot read {shown}: {error.strerror or error}", hint=_cure(error, shown)) from error


def read_text(path: str | os.PathLike[str], shown: str, *, limit: int, inside: str | os.PathLike[str] | None = None) -> str:
    """Return the text of a regular file in UTF-8, without a byte order mark. Raises as ``read_regular`` and ``decode_text`` do."""
    return decode_text(read_regular(path, shown, limit=limit, inside=inside), shown)


def open_regular(path: str | os.PathLike[str], shown: str, *, inside: str | os.PathLike[str] | None = None) -> int:
    """Return a descriptor of a regular file, open for reading. Raises StorageError for what is none, and OSError."""
    real = os.path.realpath(path)
    if inside is not None and not is_inside(real, os.path.realpath(inside)):
        raise StorageError(f"{shown} leads out of the repository, to {real}", hint="put the file itself there instead of a link")
    found = os.lstat(real)
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), shown)
    _check(found, shown)
    descriptor = os.open(real, _FLAGS)
    try:
        _check(os.fstat(descriptor), shown)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_descriptor(descriptor: int, shown: str, limit: int) -> bytes:
    """Return what an open file holds, from its first byte. Raises InvalidFile when that is more than ``limit`` bytes, and OSError."""
    size = os.fstat(descriptor).st_size
    if size > limit:
        raise too_large(shown, size, limit)
    parts: list[bytes] = []
    offset = 0
    while part := os.pread(descriptor, min(max(size + 1 - offset, 65536), _CHUNK), offset):
        parts.append(part)
        offset += len(part)
        if offset > limit:
            raise too_large(shown, offset, limit)
    return b"".join(parts)


def decode_text(data: bytes, shown: str) -> str:
    """Return text in UTF-8 without a byte order mark. Raises InvalidFile with the place of the first byte that is not."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # ``utf-8-sig`` counts from behind the mark.
        start = error.start + len(data) - len(error.object)
        before = data[:start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig", "replace")) + 1
        problem = Problem(file=shown, line=before.count(b"\n") + 1, column=column, message="not text in UTF-8", hint="save it as UTF-8")
        raise InvalidFile([problem]) from error


def too_large(shown: str, size: int, limit: int) -> InvalidFile:
    """Return what to raise for a file of ``size`` bytes (as far as it was read)."""
    return InvalidFile([Problem(file=shown, message=f"too large: {size:,} bytes, at most {limit:,} are read")])


def repository_above(directory: str | os.PathLike[str]) -> str:
    """Return the nearest directory from ``directory`` up that holds an entry ``.git``, whatever it is; empty where there is none."""
    at = os.path.abspath(directory)
    while not os.path.lexists(os.path.join(at, ".git")):
        parent = os.path.dirname(at)
        if parent == at:
            return ""
        at = parent
    return at


def repository_top(root: str | os.PathLike[str]) -> str:
    """Return the real path of the git repository around ``root``, or of ``root`` itself: how far a link in the repository may lead."""
    real = os.path.realpath(root)
    return repository_above(real) or real


def is_inside(real: str, root: str) -> bool:
    """Return whether one real path is below another, or is it."""
    return os.path.commonpath([real, root]) == root


def _check(found: os.stat_result, shown: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise StorageError(f"{shown} is not a regular file", hint=f"look at what it is: ls -ld {shown}")


def _cure(error: OSError, shown: str) -> str:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"look at its owner and mode, and those of its directory: ls -ld {shown} {os.path.dirname(shown) or '.'}"
    return "its symbolic links lead in a circle" if error.errno == errno.ELOOP else ""
