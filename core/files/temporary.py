"""Temporary directories that are gone afterwards, whatever ends us: the block, a stop signal, or – by the next one made – a kill.

Each is held by a lock on the directory itself, which the kernel lets go of when its holder dies. So whoever makes the next one of a kind
finds what dead holders left, and never takes what a living one has. Where the file system knows no locks, what was left stays.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

from core.sudden_stop import removed_with_us

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _Lock(Enum):
    OURS = auto()
    ANOTHERS = auto()
    #: The file system has none.
    UNKNOWN = auto()


@contextmanager
def temporary_directory(prefix: str, parent: str | os.PathLike[str] | None = None, *, sweep: bool = True) -> Iterator[str]:
    """Make a directory of our own (0700) below ``parent``, by default the system's for temporary files; it is gone afterwards.

    What killed processes of this user left there under the same ``prefix`` is removed first: not without ``sweep``, for a ``parent`` where
    others may use such names, a repository. A directory renamed inside of the block is kept. Raises OSError when it cannot be made.
    """
    place = os.fspath(parent) if parent is not None else tempfile.gettempdir()
    if sweep:
        remove_abandoned(prefix, place)
    claims: list[int] = []
    with removed_with_us(lambda: _made(prefix, place, claims), remove_tree) as path:
        try:
            yield path
        finally:
            remove_tree(path)
            for descriptor in claims:
                os.close(descriptor)


def remove_abandoned(prefix: str, parent: str) -> int:
    """Remove the directories of this user below ``parent`` that begin with ``prefix`` and that nobody holds; return how many."""
    count = 0
    with suppress(OSError), os.scandir(parent) as entries:
        for path in [entry.path for entry in entries if entry.name.startswith(prefix)]:
            count += _taken_away(path)
    return count


def _made(prefix: str, place: str, claims: list[int]) -> str:
    """Make a directory and add the descriptor that holds it to ``claims``."""
    while True:
        path = tempfile.mkdtemp(prefix=prefix, dir=place)
        # Until it is held, another process that sweeps may take it for one that was left: then make one more.
        with suppress(FileNotFoundError):
            descriptor = os.open(path, _DIRECTORY)
            if _holds(descriptor, path):
                claims.append(descriptor)
                return path
            os.close(descriptor)


def _holds(descriptor: int, path: str) -> bool:
    """Lock a directory that was just made; return whether nobody else did, and it is still there."""
    if _lock(descriptor) is _Lock.ANOTHERS:
        return False
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _taken_away(path: str) -> bool:
    try:
        descriptor = os.open(path, _DIRECTORY)
    except OSError:
        return False
    try:
        if os.fstat(descriptor).st_uid != os.geteuid() or _lock(descriptor) is not _Lock.OURS:
            return False
        remove_tree(path)
        return True
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> _Lock:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _Lock.ANOTHERS
    except OSError:
        return _Lock.UNKNOWN
    return _Lock.OURS


_LOOK_AT = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def remove_tree(path: str | os.PathLike[str]) -> None:
    """Remove the directory ``path`` and all below it. What the system does not let us remove stays; never raises OSError.

    Directories below are moved up before they are emptied, so their depth costs neither memory, descriptors nor a limit on paths.
    """
    with suppress(OSError):
        top = os.open(path, _LOOK_AT)
        try:
            _empty(top)
        finally:
            os.close(top)
        os.rmdir(path)


def _empty(top: int) -> None:
    waiting = _emptied(top, ".", top)
    while waiting:
        name = waiting.pop()
        waiting += _emptied(top, name, top)
        with suppress(OSError):
            os.rmdir(name, dir_fd=top)


def _emptied(parent: int, name: str, top: int) -> list[str]:
    """Remove the files of a directory; return the names below ``top`` of the directories that were in it."""
    found: list[str] = []
    with suppress(OSError):
        folder = _opened(parent, name)
        try:
            for entry in os.listdir(folder):
                found += _removed(folder, entry, top, moved=name != ".")
        finally:
            os.close(folder)
    return found


def _removed(folder: int, entry: str, top: int, *, moved: bool) -> list[str]:
    """Remove a file; leave a directory, or move it up into ``top``, and return its name there."""
    with suppress(OSError):
        os.unlink(entry, dir_fd=folder)
        return []
    if not moved:
        return [entry]
    name = f"removing-{secrets.token_hex(8)}"
    with suppress(OSError):
        os.close(_opened(folder, entry))  # a directory that we may not write cannot be moved
        os.rename(entry, name, src_dir_fd=folder, dst_dir_fd=top)
        return [name]
    return []


def _opened(parent: int, name: str) -> int:
    """Return a descriptor of a directory, made readable and writable for us first. Raises OSError."""
    seen = os.open(name, _LOOK_AT, dir_fd=parent)
    try:
        with suppress(OSError):
            os.chmod(f"/proc/self/fd/{seen}", 0o700)
        return os.open(".", _READ, dir_fd=seen)
    finally:
        os.close(seen)
