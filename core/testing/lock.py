"""In-memory twin of the port ``RunLock``."""

from __future__ import annotations

from datetime import UTC, datetime

from core.errors import LockHeld


class InMemoryRunLock:
    """A lock among all its copies made with ``for_process``. ``kill`` a process and its lock is free."""

    def __init__(self, pid: int = 1, repository: dict[str, int] | None = None) -> None:
        self._pid = pid
        self._repository: dict[str, int] = {} if repository is None else repository

    def for_process(self, pid: int) -> InMemoryRunLock:
        """Return the same repository's lock as another process sees it."""
        return InMemoryRunLock(pid, self._repository)

    def kill(self) -> None:
        """End this lock's process without a release."""
        self.release()

    def acquire(self, run_id: str) -> None:
        holder = self.holder()
        if holder is not None:
            raise LockHeld(holder, datetime.fromtimestamp(0, UTC).isoformat())
        self._repository.update(pid=self._pid)

    def release(self) -> None:
        if self._repository.get("pid") == self._pid:
            self._repository.clear()

    def holder(self) -> int | None:
        return self._repository.get("pid")
