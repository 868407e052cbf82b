"""The port ``RunLock``: ``flock`` on ``.orchestrator/lock``.

The kernel frees the lock when its holder dies, however it dies, so a dead holder's lock is simply taken. A child
that inherited the descriptor could hold it on; then the pid in the file, with the time its process started,
decides. On a network file system ``flock`` may hold for one machine only: run from one machine there. Where there is no
``flock`` at all the lock cannot be taken, and nothing runs.

Somebody may remove the file during a run. The run then puts it back (``check``); until it has, the lock on the directory of the
repository (``directory_lock``) says that a run is under way.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from core.adapters.run_lock import directory_lock
from core.adapters.run_lock.held_directory import HeldDirectory
from core.adapters.run_lock.signature import LONGEST, Holder, from_bytes, own, to_bytes
from core.errors import LockHeld, StateRefused, StorageError
from core.files.private import PrivateDirectory, open_private

_NAME = "lock"
#: Held while the lock is taken and signed.
_MUTEX = "lock.mutex"
#: Seconds to wait for another process that takes or releases the lock.
_TIMEOUT = 2.0
#: Seconds for which the lock must have been missing: somebody may be in the middle of removing the directory.
_SETTLED = 2.0
#: What file systems without ``flock`` say.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


class FileRunLock:
    """The lock of the repository whose state directory is ``directory``; the directory is made when needed, by ``make`` first."""

    def __init__(self, directory: str, make: Callable[[], object] = lambda: None) -> None:
        self._directory = directory
        self._path = os.path.join(directory, _NAME)
        self._repository = os.path.dirname(os.path.abspath(directory))
        self._make = make
        self._descriptor: int | None = None
        self._root: HeldDirectory | None = None
        self._run_id = ""
        #: Device and inode of the state directory and of the lock file; size and time of the last change of the file.
        self._state_identity = (0, 0)
        self._identity = (0, 0)
        self._content = (0, 0)
        #: When the lock was first seen to be missing (monotonic seconds); 0 while it is not.
        self._missing_since = 0.0

    def acquire(self, run_id: str) -> str:
        """Take the lock and return the run that died with it.

        Raises LockHeld, StateRefused, and StorageError when the lock file cannot be written or locked.
        """
        self.check_free()
        self._run_id = run_id
        try:
            # Taking and signing are one step to everybody else, so the file always names who took it last.
            with open_private(self._directory, create=True) as place, _mutex(place):
                last = _read(place)  # empty when the last holder released it
                self._hold(place, _lock_or_raise(place, self._repository))
            self._root = HeldDirectory(self._repository)
            return last.run_id if last is not None else ""
        except OSError as problem:
            self.release()
            raise self._refusal(problem) from problem

    def release(self) -> None:
        if self._root is not None:
            self._root.close()
            self._root = None
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None

    def holder(self) -> int | None:
        try:
            with open_private(self._directory) as place:
                holder = _read(place)
                if holder is not None:
                    return None if holder.is_dead() or _is_free(place) else holder.pid
        except OSError:
            pass
        unsigned = directory_lock.holder_of(self._repository)
        return None if unsigned is None else unsigned.pid

    def check_free(self) -> None:
        """See the port. A lock file that is signed is left to ``acquire``."""
        try:
            with open_private(self._directory) as place:
                if _read(place) is not None:
                    return
        except (OSError, StateRefused):
            pass  # not there, or nothing that could be trusted
        _refuse_if_held(self._repository)

    def check(self, *, now: bool) -> tuple[str, ...]:
        """See the port. Costs two ``lstat`` when nothing happened: with the repository, both would be others."""
        if self._descriptor is None or self._root is None:
            return ()
        state, lock = _identity_at(self._directory), _look_at(self._path)
        found = (state, _identity(lock), _content(lock)) if lock is not None else ()
        if found == (self._state_identity, self._identity, self._content):
            return ()
        self._root.check()
        if lock is None:
            return self._put_back_in_time(self._path if state == self._state_identity else self._directory, now=now)
        if found[:2] != (self._state_identity, self._identity):
            self._refuse_replaced()
        self._sign(self._descriptor)
        return (f"{self._path} was written into during the run, and put right",)

    def _put_back_in_time(self, removed: str, *, now: bool) -> tuple[str, ...]:
        self._missing_since = self._missing_since or time.monotonic()
        if not now and time.monotonic() - self._missing_since < _SETTLED:
            return ()
        self._missing_since = 0.0
        return self._put_back(removed=removed)

    def _put_back(self, *, removed: str) -> tuple[str, ...]:
        """Take the lock again at its path, where nothing is, before letting go of the file that was there."""
        try:
            self._make()
            with open_private(self._directory, create=True) as place, _mutex(place):
                descriptor = None if place.check(_NAME) is not None else _locked(place, _NAME)
                if descriptor is None:
                    self._refuse_replaced()
                if self._descriptor is not None:
                    os.close(self._descriptor)
                self._hold(place, descriptor)
        except StateRefused as refused:
            raise StorageError(f"{self._directory} was replaced during the run: {refused}", hint=refused.hint) from refused
        except OSError as problem:
            words = (problem.strerror or str(problem)).lower()
            message = f"{removed} was removed during the run, and cannot be put back: {words}"
            raise StorageError(message, hint="a run needs to write its state directory") from problem
        return (f"{removed} was removed during the run, and put back",)

    def _hold(self, place: PrivateDirectory, descriptor: int) -> None:
        self._descriptor = descriptor
        self._identity, self._state_identity = _identity(os.fstat(descriptor)), _identity(os.fstat(place.descriptor))
        self._sign(descriptor)

    def _sign(self, descriptor: int) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, to_bytes(own(self._run_id)), 0)
        self._content = _content(os.fstat(descriptor))

    def _refuse_replaced(self) -> NoReturn:
        raise StorageError(
            f"{self._directory} or the lock in it was replaced during the run",
            hint=f"look at what is there now: ls -la {self._directory}; then: orchestrator run",
        )

    def _refusal(self, problem: OSError) -> StorageError:
        hint = "a run needs to write its state directory"
        if problem.errno in _NO_LOCKS:
            hint = (
                "its file system has no locks (flock), and unlocked, two runs could do the same work: keep the repository on a local disk"
            )
        return StorageError(f"{self._path}: cannot take the run lock: {(problem.strerror or str(problem)).lower()}", hint=hint)


def _lock_or_raise(place: PrivateDirectory, repository: str) -> int:
    """Return a locked descriptor of the lock file. Raises LockHeld."""
    deadline = time.monotonic() + _TIMEOUT
    while (descriptor := _locked(place, _NAME)) is None:
        holder = _read(place)
        if holder is not None and not holder.is_dead():
            raise LockHeld(holder.pid, holder.since, own=holder.pid == os.getpid())
        if holder is None:
            _refuse_if_held(repository)
        # Unsigned, it is just being released or read. Signed by a dead process, or unsigned for long, a child has inherited it.
        if holder is not None or time.monotonic() > deadline:
            place.remove(_NAME)
        time.sleep(0.001)
    return descriptor


def _refuse_if_held(repository: str) -> None:
    """Raise LockHeld when somebody holds the directory of the repository."""
    if (holder := directory_lock.holder_of(repository)) is not None:
        raise LockHeld(holder.pid, holder.since, own=holder.pid == os.getpid())


@contextmanager
def _mutex(place: PrivateDirectory) -> Iterator[None]:
    """Keep other processes from taking the lock meanwhile. Raises TimeoutError."""
    deadline = time.monotonic() + _TIMEOUT
    while (descriptor := _locked(place, _MUTEX)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(errno.ETIMEDOUT, "somebody else has been taking it for too long")
        time.sleep(0.001)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(place: PrivateDirectory, name: str) -> int | None:
    """Open a file and lock it; None when it is locked."""
    descriptor = place.open(name, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _read(place: PrivateDirectory) -> Holder | None:
    """Return the signature in the lock file; None without a valid one."""
    try:
        return from_bytes(place.read(_NAME, LONGEST))
    except OSError:
        return None


def _is_free(place: PrivateDirectory) -> bool:
    """True if nobody holds the lock."""
    try:
        descriptor = place.open(_NAME, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _look_at(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _content(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _identity_at(path: str) -> tuple[int, int]:
    found = _look_at(path)
    return (0, 0) if found is None else _identity(found)
