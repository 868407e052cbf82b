"""In-memory twin of the port ``RunLock``."""

from __future__ import annotations

from core.errors import LockHeld


class InMemoryRunLock:
    """One process's view of a repository's lock; ``for_process`` gives another's."""

    def __init__(self, pid: int = 1, *, _repository: list[tuple[int, str]] | None = None) -> None:
        self._pid = pid
        #: The live holder, if any; one with pid 0 died with the lock.
        self._holders: list[tuple[int, str]] = [] if _repository is None else _repository
        self._holds = False

    def for_process(self, pid: int) -> InMemoryRunLock:
        return InMemoryRunLock(pid, _repository=self._holders)

    def die(self) -> None:
        """What becomes of the lock when this process is killed."""
        if self._holds:
            self._holders[:] = [(0, run_id) for _, run_id in self._holders]
            self._holds = False

    def acquire(self, run_id: str) -> str:
        pid, last = self._holders[0] if self._holders else (0, "")
        if pid:
            raise LockHeld(pid, f"run {last}")
        self._holders[:] = [(self._pid, run_id)]
        self._holds = True
        return last

    def release(self) -> None:
        if self._holds:
            self._holders.clear()
            self._holds = False

    def holder(self) -> int | None:
        return (self._holders[0][0] or None) if self._holders else None
