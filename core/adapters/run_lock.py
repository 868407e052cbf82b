"""The port ``RunLock``: ``flock`` on ``.orchestrator/lock``.

The kernel frees the lock when its holder dies, however it dies, so a dead holder's lock is simply taken. A child
that inherited the descriptor could hold it on; then the pid in the file, with the time its process started,
decides. On a network file system ``flock`` may hold for one machine only: run from one machine there.
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

#: Seconds that a step of somebody else may take.
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """What the lock file says about who holds it."""

    pid: int
    #: When the process with that pid started, in ticks since the boot.
    started: str
    #: Where that pid means something: machine, boot and pid namespace.
    place: str
    run_id: str
    since: str


class FileRunLock:
    """The lock of the repository whose state directory is ``directory``; the directory is made when needed."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._path = os.path.join(directory, "lock")
        self._descriptor: int | None = None

    def acquire(self, run_id: str) -> str:
        """Take the lock and return the run that died with it. Raises LockHeld, and StorageError when the lock file cannot be written."""
        try:
            os.makedirs(self._directory, exist_ok=True)
            # Taking and signing are one step to everybody else, so the file always names who took it last.
            with self._alone():
                last = _read(self._path)  # who lets go takes its name out
                self._descriptor = self._take()
                self._sign(self._descriptor, run_id)
                return last.run_id if last is not None else ""
        except OSError as problem:
            self.release()
            raise StorageError(
                f"{self._path}: cannot take the run lock: {(problem.strerror or str(problem)).lower()}",
                hint="a run needs to write its state directory",
            ) from problem

    def release(self) -> None:
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None

    def holder(self) -> int | None:
        holder = _read(self._path)
        if holder is None or _is_dead(holder) or _is_free(self._path):
            return None
        return holder.pid

    def _take(self) -> int:
        """Return a locked descriptor. Raises LockHeld."""
        deadline = time.monotonic() + _PATIENCE
        while (descriptor := _locked(self._path)) is None:
            holder = _read(self._path)
            if holder is not None and not _is_dead(holder):
                raise LockHeld(holder.pid, holder.since)
            # Unsigned, it is just being released or looked at. Signed by the dead, or unsigned for long, a child holds it on.
            if holder is not None or time.monotonic() > deadline:
                os.unlink(self._path)
            time.sleep(0.001)
        return descriptor

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from taking the lock meanwhile."""
        deadline = time.monotonic() + _PATIENCE
        while (descriptor := _locked(f"{self._path}.mutex")) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, "somebody else has been taking it for too long")
            time.sleep(0.001)
        try:
            yield
        finally:
            os.close(descriptor)

    def _sign(self, descriptor: int, run_id: str) -> None:
        pid = os.getpid()
        since = datetime.now(UTC).isoformat(timespec="seconds")
        holder = _Holder(pid=pid, started=_started(pid), place=_place(), run_id=run_id, since=since)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode() + b"\n", 0)


def _locked(path: str) -> int | None:
    """Open ``path`` and lock it; None when it is locked."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _read(path: str) -> _Holder | None:
    """Return what the lock file says, whatever a later version may add to it; None when it says nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            said = json.load(file)
        return _Holder(**{field.name: said[field.name] for field in fields(_Holder)})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_dead(holder: _Holder) -> bool:
    """Tell whether the holder is surely dead. One of another machine or container cannot be judged."""
    return holder.place == _place() and _started(holder.pid) != holder.started


def _is_free(path: str) -> bool:
    """Tell whether nobody has ``path`` locked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
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
