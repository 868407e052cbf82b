"""Replace a file's content in one step, and look afterwards at what was there: a person's save is never lost.

New bytes are written beside the file and exchanged with it. What the exchange took out must be what we believed to be
there; if it is not, somebody saved in between, and it is put back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from core.adapters.tasks_yaml.store.disk import read_descriptor, storage_errors
from core.adapters.tasks_yaml.store.late_saves import ReplacedVersion
from core.adapters.tasks_yaml.store.version import Version
from core.errors import InvalidFile, StorageError
from core.files.reading import open_regular
from core.sudden_stop import held

Exchange = Callable[[str, str], bool]

_ATTEMPTS = 8


class ConcurrentSave(Exception):
    """Somebody saved between our last look and our exchange. Their save is at the path, as if we had done nothing."""

    def __init__(self, replaced: ReplacedVersion | None) -> None:
        super().__init__()
        self.replaced = replaced


def swap(path: str, shown: str, new: Version, expected: Version, exchange: Exchange) -> ReplacedVersion:
    """Put ``new`` in place of ``expected``; ``path`` has no symbolic link at its end.

    Raises SlippedIn, StorageError; in both cases the file is what it was before or what a person made of it.
    """
    with held(), storage_errors(shown):
        try:
            beside = _write_beside(path, shown, new, expected)
            swapped = _exchange_or_clear(beside, path, exchange)
        except FileNotFoundError:
            # Somebody moved the file away, as some editors do for a moment.
            raise ConcurrentSave(None) from None
        return _inspect(path, shown, beside, new, expected, exchange) if swapped else _replace(path, shown, beside, expected)


def _exchange_or_clear(beside: str, path: str, exchange: Exchange) -> bool:
    try:
        return exchange(beside, path)
    except OSError:
        os.unlink(beside)
        raise


def keep_aside(path: str, shown: str, version: Version) -> str:
    """Write a version into a file of its own beside ``path`` and return its path. Raises StorageError."""
    aside = f"{path}.saved-{version.digest[:8]}"
    with held(), storage_errors(shown), open(aside, "wb") as file:
        file.write(version.data)
        file.flush()
        os.fsync(file.fileno())
    return aside


def _write_beside(path: str, shown: str, new: Version, expected: Version) -> str:
    """Write a complete, durable file beside ``path`` that could stand in for it; its name says what it replaces."""
    prefix = beside_prefix(path)
    part = f"{prefix}{os.getpid()}.part"
    with suppress(FileNotFoundError):
        os.unlink(part)
    target = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            view = memoryview(new.data)
            while view:
                view = view[os.write(target, view) :]
            _make_alike(path, shown, target)
            os.fsync(target)
        finally:
            os.close(target)
        beside = f"{prefix}{expected.digest[:16]}-{new.digest[:16]}"
        os.rename(part, beside)
        return beside
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise


def beside_prefix(path: str) -> str:
    """Return what the names of our files beside ``path`` begin with."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.orchestrator-")


def _make_alike(path: str, shown: str, target: int) -> None:
    """Give the new file the owner, extended attributes and mode of the one it replaces."""
    status = os.stat(path)
    if not status.st_mode & 0o222:
        raise StorageError(f"{shown} is read-only", hint=f"chmod u+w {shown}")
    mine = os.fstat(target)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        # Only root may give a file away; for anybody else it becomes theirs, as with every tool that saves by renaming.
        with suppress(OSError):
            os.fchown(target, -1, status.st_gid)
        with suppress(OSError):
            os.fchown(target, status.st_uid, -1)
    for name in _attributes(path):
        with suppress(OSError):
            os.setxattr(target, name, os.getxattr(path, name))
    os.fchmod(target, status.st_mode & 0o7777)


def _attributes(path: str) -> list[str]:
    try:
        return os.listxattr(path)
    except OSError:
        return []


def _inspect(path: str, shown: str, beside: str, placed: Version, believed: Version, exchange: Exchange) -> ReplacedVersion:
    """Look at what the exchange took out; as long as it is news, put it back and look at what that takes out."""
    news = False
    for _ in range(_ATTEMPTS):
        try:
            replaced = _open_replaced(beside, shown, believed)
        except (InvalidFile, StorageError):
            # Whatever it is, it is theirs.
            found = Version(b"")
        else:
            found = replaced.version
            if found is believed:
                os.unlink(beside)
                if news:
                    raise ConcurrentSave(replaced)
                return replaced
            replaced.close()
        exchange(beside, path)
        news, placed, believed = True, found, placed
    raise StorageError(f"{shown} is being saved over and over", hint=f"look into {beside} for a save of yours")


def _replace(path: str, shown: str, beside: str, expected: Version) -> ReplacedVersion:
    """The same where files cannot be exchanged: compare, replace, compare what was replaced."""
    try:
        replaced = _open_replaced(path, shown, expected)
    except FileNotFoundError:
        os.unlink(beside)
        raise ConcurrentSave(None) from None
    if replaced.version is not expected:
        replaced.close()
        os.unlink(beside)
        raise ConcurrentSave(None)
    os.replace(beside, path)
    return replaced


def _open_replaced(path: str, shown: str, believed: Version) -> ReplacedVersion:
    """Return what is at ``path``, with ``believed`` itself as its version if it is that."""
    descriptor = open_regular(path, shown)
    try:
        content = read_descriptor(descriptor, shown)
    except BaseException:
        os.close(descriptor)
        raise
    version = believed if content.data == believed.data else Version(content.data)
    return ReplacedVersion(descriptor, version, content.stamp.modified, content.stamp.size)
