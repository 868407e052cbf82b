"""The port ``RunLock``: ``flock`` on ``.orchestrator/lock``.

The kernel frees the lock when its holder dies, however it dies, so a dead holder's lock is simply taken. A child
that inherited the descriptor could hold it on; then the pid in the file, with the time its process started,
decides. On a network file system ``flock`` may hold for one machine only: run from one machine there. Where there is no
``flock`` at all the lock cannot be taken, and nothing runs.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from core.errors import LockHeld, StorageError
from core.files.private import PrivateDirectory, open_private

_NAME = "lock"
#: Held while the lock is taken and signed.
_MUTEX = "lock.mutex"
#: Seconds to wait for another process that takes or releases the lock.
_TIMEOUT = 2.0
#: Bytes of the file that are read; what we write is shorter.
_LONGEST = 64 * 1024
#: What file systems without ``flock`` say.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """The signature in the lock file."""

    pid: int
    #: When the process with that pid started, in ticks since the boot.
    started: str
    #: Machine, boot and pid namespace in which the pid is valid.
    place: str
    run_id: str
    since: str


class FileRunLock:
    """The lock of the repository whose state directory is ``directory``; the directory is made when needed."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._path = os.path.join(directory, _NAME)
        self._descriptor: int | None = None

    def acquire(self, run_id: str) -> str:
        """Take the lock and return the run that died with it.

        Raises LockHeld, StateRefused, and StorageError when the lock file cannot be written or locked.
        """
        try:
            # Taking and signing are one step to everybody else, so the file always names who took it last.
            with open_private(self._directory, create=True) as place, _mutex(place):
                last = _read(place)  # empty when the last holder released it
                self._descriptor = _lock_or_raise(place)
                self._sign(self._descriptor, run_id)
                return last.run_id if last is not None else ""
        except OSError as problem:
            self.release()
            raise self._refusal(problem) from problem

    def release(self) -> None:
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
                return None if holder is None or _is_dead(holder) or _is_free(place) else holder.pid
        except OSError:
            return None

    def _refusal(self, problem: OSError) -> StorageError:
        hint = "a run needs to write its state directory"
        if problem.errno in _NO_LOCKS:
            hint = (
                "its file system has no locks (flock), and unlocked, two runs could do the same work: keep the repository on a local disk"
            )
        return StorageError(f"{self._path}: cannot take the run lock: {(problem.strerror or str(problem)).lower()}", hint=hint)

    def _sign(self, descriptor: int, run_id: str) -> None:
        pid = os.getpid()
        since = datetime.now(UTC).isoformat(timespec="seconds")
        holder = _Holder(pid=pid, started=_started(pid), place=_place(), run_id=run_id, since=since)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode() + b"\n", 0)


def _lock_or_raise(place: PrivateDirectory) -> int:
    """Return a locked descriptor of the lock file. Raises LockHeld."""
    deadline = time.monotonic() + _TIMEOUT
    while (descriptor := _locked(place, _NAME)) is None:
        holder = _read(place)
        if holder is not None and not _is_dead(holder):
            raise LockHeld(holder.pid, holder.since, own=holder.pid == os.getpid())
        # Unsigned, it is just being released or read. Signed by a dead process, or unsigned for long, a child has inherited it.
        if holder is not None or time.monotonic() > deadline:
            place.remove(_NAME)
        time.sleep(0.001)
    return descriptor


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


def _read(place: PrivateDirectory) -> _Holder | None:
    """Return the signature in the lock file, ignoring fields of later versions; None without a valid one."""
    try:
        said = json.loads(place.read(_NAME, _LONGEST))
        return _Holder(**{field.name: said[field.name] for field in fields(_Holder)})
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _is_dead(holder: _Holder) -> bool:
    """True if the holder is certainly dead; never so for one on another machine or in another container."""
    return holder.place == _place() and _started(holder.pid) != holder.started


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


def _started(pid: int) -> str:
    """Return when ``pid`` started; empty when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in (b"Z", b"X") else fields[19].decode()


def _place() -> str:
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return f"{socket.gethostname()} {file.read().strip()} {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()
