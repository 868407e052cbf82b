"""Replaces the file's content in one step, without losing what somebody else saved meanwhile, also when the writer dies in between.

New bytes are written to a temporary file beside the target and exchanged with it. What the exchange took out must be the version that
was expected; if it is not, somebody saved in between, and it is put back. The name of the temporary file holds the digests of the
version it replaces and of the one it brings, so that a later writer can tell what a dead one left there.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from core.adapters.tasks_yaml.store.content import Version, read_content, read_descriptor, storage_errors
from core.adapters.tasks_yaml.store.late_saves import ReplacedVersion
from core.adapters.tasks_yaml.store.overwriting import overwrite
from core.adapters.tasks_yaml.store.writability import refuse_read_only, temporary_prefix
from core.errors import InvalidFile, StorageError
from core.files.reading import open_regular
from core.sudden_stop import held

Exchange = Callable[[str, str], bool]

#: How often a save of somebody else is put back in one write before giving up.
_EXCHANGES = 8
#: Seconds between two tries to get the lock, and how many there are.
_LOCK_PAUSE = 0.01
_LOCK_TRIES = 200
#: Characters of a digest in the name of a temporary file.
_DIGITS = 16

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM})


class ConcurrentSave(Exception):
    """Somebody saved between our last look and our exchange. Their save is at the path, as if we had done nothing."""

    def __init__(self, replaced: ReplacedVersion | None) -> None:
        super().__init__()
        self.replaced = replaced


# -- the lock ----------------------------------------------------------------------------------------------------------


@contextmanager
def write_lock(path: str, sleep: Callable[[float], None]) -> Iterator[bool]:
    """Hold the lock of the directory of ``path`` against other writers of ours; yields False when one has kept it for two seconds.

    The system frees it when its holder dies. Where directories cannot be locked, yields True without a lock.
    """
    try:
        descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield True
        return
    try:
        yield _lock(descriptor, sleep)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, sleep: Callable[[float], None]) -> bool:
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(_LOCK_PAUSE)
        except OSError:
            return True
        else:
            return True
    return False


# -- replacing ---------------------------------------------------------------------------------------------------------


def exchange(one: str, other: str) -> bool:
    """Exchange the files at two paths of one file system atomically; return False, having done nothing, where that is not supported.

    Raises OSError.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), one, None, other)


def replace(path: str, shown: str, new: Version, expected: Version, exchange: Exchange) -> ReplacedVersion | None:
    """Put ``new`` in place of ``expected``; ``path`` has no symbolic link at its end.

    Returns the version that is no longer at the path; None for a file with hard links, which keeps them and is written into.
    Raises ConcurrentSave, StorageError; in both cases the file is what it was before or what a person made of it.
    """
    with held(), storage_errors(shown):
        try:
            if os.stat(path).st_nlink > 1:
                if not overwrite(path, shown, new.data, expected.data):
                    raise ConcurrentSave(None)
                return None
            temporary = _write_temporary(path, shown, new, expected)
            exchanged = _exchange_or_remove(temporary, path, exchange)
        except FileNotFoundError:
            # Somebody moved the file away, as some editors do for a moment.
            raise ConcurrentSave(None) from None
        if exchanged:
            return _verify_exchange(path, shown, temporary, new, expected, exchange)
        return _compare_and_rename(path, shown, temporary, expected)


def save_copy(path: str, shown: str, version: Version) -> str:
    """Write a version to a file of its own beside ``path`` and return its path. Raises StorageError."""
    copy = f"{path}.saved-{version.digest[:8]}"
    with held(), storage_errors(shown), open(copy, "wb") as file:
        file.write(version.data)
        file.flush()
        os.fsync(file.fileno())
    return copy


def _write_temporary(path: str, shown: str, new: Version, expected: Version) -> str:
    """Write a complete, durable file beside ``path`` that could stand in for it."""
    prefix = temporary_prefix(path)
    part = f"{prefix}{os.getpid()}.part"
    with suppress(FileNotFoundError):
        os.unlink(part)
    target = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            view = memoryview(new.data)
            while view:
                view = view[os.write(target, view) :]
            _copy_attributes(path, shown, target)
            os.fsync(target)
        finally:
            os.close(target)
        temporary = f"{prefix}{expected.digest[:_DIGITS]}-{new.digest[:_DIGITS]}"
        os.rename(part, temporary)
        return temporary
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise


def _copy_attributes(path: str, shown: str, target: int) -> None:
    """Give the new file the owner, extended attributes and mode of the one it replaces."""
    status = os.stat(path)
    refuse_read_only(status, shown)
    own = os.fstat(target)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        # Only root may give a file away; for anybody else it becomes theirs, as with every tool that saves by renaming.
        with suppress(OSError):
            os.fchown(target, -1, status.st_gid)
        with suppress(OSError):
            os.fchown(target, status.st_uid, -1)
    names: list[str] = []
    with suppress(OSError):
        names = os.listxattr(path)
    for name in names:
        with suppress(OSError):
            os.setxattr(target, name, os.getxattr(path, name))
    os.fchmod(target, status.st_mode & 0o7777)


def _exchange_or_remove(temporary: str, path: str, exchange: Exchange) -> bool:
    try:
        return exchange(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def _verify_exchange(path: str, shown: str, temporary: str, placed: Version, expected: Version, exchange: Exchange) -> ReplacedVersion:
    """Compare what the exchange took out; as long as it is not what was expected, put it back and compare what that takes out."""
    put_back = False
    for _ in range(_EXCHANGES):
        try:
            replaced = _open_replaced(temporary, shown, expected)
        except (InvalidFile, StorageError):
            # Whatever it is, it is theirs.
            found = Version(b"")
        else:
            found = replaced.version
            if found is expected:
                os.unlink(temporary)
                if put_back:
                    raise ConcurrentSave(replaced)
                return replaced
            replaced.close()
        exchange(temporary, path)
        put_back, placed, expected = True, found, placed
    raise StorageError(f"{shown} is being saved over and over", hint=f"look into {temporary} for a save of yours")


def _compare_and_rename(path: str, shown: str, temporary: str, expected: Version) -> ReplacedVersion:
    """Replace where files cannot be exchanged: compare, then rename."""
    try:
        replaced = _open_replaced(path, shown, expected)
    except FileNotFoundError:
        os.unlink(temporary)
        raise ConcurrentSave(None) from None
    if replaced.version is not expected:
        replaced.close()
        os.unlink(temporary)
        raise ConcurrentSave(None)
    os.replace(temporary, path)
    return replaced


def _open_replaced(path: str, shown: str, expected: Version) -> ReplacedVersion:
    """Return what is at ``path``, with ``expected`` itself as its version if it is equal."""
    descriptor = open_regular(path, shown)
    try:
        content = read_descriptor(descriptor, shown)
    except BaseException:
        os.close(descriptor)
        raise
    version = expected if content.data == expected.data else Version(content.data)
    return ReplacedVersion(descriptor, version, content.stamp.modified, content.stamp.size)


# -- after a crash -----------------------------------------------------------------------------------------------------


def recover_interrupted_writes(path: str, shown: str, exchange: Exchange) -> None:
    """Remove temporary files of dead writers beside ``path`` (no symbolic link at its end); restore a save that is in one of them.

    Call under the write lock. Raises StorageError naming the temporary file when it holds a save of somebody else that cannot be put
    back because the file has been changed since.
    """
    directory, prefix = os.path.split(temporary_prefix(path))
    with storage_errors(shown):
        for name in sorted(entry for entry in os.listdir(directory or ".") if entry.startswith(prefix)):
            _recover_one(path, shown, os.path.join(directory, name), name.removeprefix(prefix), exchange)


def _recover_one(path: str, shown: str, temporary: str, suffix: str, exchange: Exchange) -> None:
    replaced, _, written = suffix.partition("-")
    if not suffix.endswith(".part") and _short_digest(temporary) not in {replaced, written}:
        present = _short_digest(path) if os.path.exists(path) else written
        if present != written:
            message = f"{temporary} holds a save of {shown} that came in the middle of a write that died"
            raise StorageError(message, hint=f"compare them (diff {temporary} {shown}), keep what you want, then rm {temporary}")
        if not os.path.exists(path) or not exchange(temporary, path):
            os.replace(temporary, path)
            return
    with suppress(PermissionError):  # where it may not be removed it stays, and does no harm
        os.unlink(temporary)


def _short_digest(path: str) -> str:
    """Return the digest of a content as in names of temporary files; empty for a content that no write of ours could have made."""
    try:
        return Version(read_content(path, path).data).digest[:_DIGITS]
    except InvalidFile:
        return ""
