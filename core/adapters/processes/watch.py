"""Waiting for processes to end: a descriptor each in one poll, and a pipe that anybody can wake it by."""

from __future__ import annotations

import contextlib
import os
import select

#: Seconds between looks at processes that no descriptor tells of.
_LOOK = 0.005


class Watch:
    """Tells which of its processes ended. They stay zombies: the owner reaps them."""

    def __init__(self) -> None:
        self._wake_reader, self.wake_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._wake_reader, select.POLLIN)
        self._pids: dict[int, int] = {}
        #: Without a descriptor: before Linux 5.3, in containers that refuse the call, or with none left to open.
        self._looked_at: set[int] = set()

    def add(self, pid: int) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            self._looked_at.add(pid)
            return
        self._pids[descriptor] = pid
        self._poll.register(descriptor, select.POLLIN)

    def wait(self, seconds: float) -> tuple[list[int], bool]:
        """Return the processes that ended and whether ``wake`` was called, waiting at most ``seconds`` for either.

        May return early and empty: then ask again.
        """
        if self._looked_at:
            seconds = min(seconds, _LOOK)
        ready = [descriptor for descriptor, _ in self._poll.poll(max(0.0, seconds * 1000))]
        woken = self._wake_reader in ready
        if woken:
            os.read(self._wake_reader, 65536)
        ended = [self._remove(descriptor) for descriptor in ready if descriptor != self._wake_reader]
        found = {pid for pid in self._looked_at if _has_ended(pid)}
        self._looked_at -= found
        return [*ended, *found], woken

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self.wake_fd, b"\0")

    def close(self) -> None:
        for descriptor in (*self._pids, self._wake_reader, self.wake_fd):
            os.close(descriptor)
        self._pids.clear()

    def _remove(self, descriptor: int) -> int:
        self._poll.unregister(descriptor)
        os.close(descriptor)
        return self._pids.pop(descriptor)


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
