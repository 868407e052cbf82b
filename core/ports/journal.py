"""The durable record, and who may write it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from core.domain.runs.attempt import Attempt, RunRecord, Transition
from core.domain.tasks.status import Status


class Journal(Protocol):
    """The durable record. A method that returned survives ``kill -9``; power loss may cost the last 100 ms."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything recorded inside durable at once or not at all. Does not nest."""

    def begin_run(self, run: RunRecord) -> None: ...

    def end_run(self, run_id: str, ended: float, exit_code: int) -> None: ...

    def dead_runs(self) -> tuple[RunRecord, ...]:
        """Return runs without an end, oldest first. Call under the run lock: then all of them are dead."""

    def open_attempts(self) -> tuple[Attempt, ...]:
        """Return attempts without an outcome, oldest first."""

    def begin_attempt(self, attempt: Attempt) -> None: ...

    def end_attempt(self, attempt: Attempt) -> None:
        """Record ``attempt.outcome`` for the attempt with the same run, task and number."""

    def record(self, run_id: str, task_id: str, before: Status, after: Status, at: float, reason: str) -> int:
        """Record a transition that ``tasks.yml`` does not show yet; return its seq (increasing)."""

    def unwritten(self) -> tuple[Transition, ...]:
        """Return transitions that ``tasks.yml`` does not show yet, in order."""

    def mark_written(self, up_to: int) -> None:
        """``tasks.yml`` now shows every transition with ``seq <= up_to``."""

    def attempt_counts(self) -> Mapping[str, int]:
        """Return the number of attempts ever made, by task id."""

    def durations(self) -> Mapping[str, float]:
        """Return the mean seconds of the last five succeeded attempts, by task id; absent where there is none."""

    def verified(self) -> frozenset[str]:
        """Return the ids whose last attempt succeeded and was verified."""

    def attempts(self, task_id: str | None = None, limit: int = 100) -> tuple[Attempt, ...]:
        """Return attempts, newest first."""

    def transitions(self, task_id: str, limit: int = 100) -> tuple[Transition, ...]:
        """Return a task's transitions, newest first."""

    def runs(self, limit: int = 100) -> tuple[RunRecord, ...]:
        """Return runs, newest first."""

    def load_state(self, key: str) -> Any:
        """Return the JSON value saved under ``key``, or None."""

    def save_state(self, key: str, value: Any) -> None: ...

    def close(self) -> None: ...


class RunLock(Protocol):
    """At most one live run a repository."""

    def acquire(self, run_id: str) -> str:
        """Take the lock; a dead holder's is broken silently. Raises LockHeld naming a live holder's pid.

        Returns the id of the run that held it last and died before it let go; empty where that one ended in order.
        """

    def release(self) -> None: ...

    def holder(self) -> int | None:
        """Return the pid of a live holder, or None."""
