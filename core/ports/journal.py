"""The durable record of runs, attempts and status changes, kept values, and the lock that says who may write it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from core.domain.runs.attempt import Attempt, RunRecord, Transition
from core.domain.runs.check_result import CheckResult
from core.domain.runs.reasons import Reason
from core.domain.tasks.task import Status

#: Results of one check that a journal keeps.
RESULTS_KEPT = 20


class RunJournal(Protocol):
    """Runs, and the status changes that they made to tasks."""

    def begin_run(self, run: RunRecord) -> None: ...

    def end_run(self, run_id: str, ended: float, exit_code: int) -> None:
        """Record the end of a run; ``ended`` is Unix time in seconds."""

    def dead_runs(self) -> tuple[RunRecord, ...]:
        """Return runs without an end, oldest first. Call under the run lock: then all of them are dead."""

    def runs(self, limit: int = 100) -> tuple[RunRecord, ...]:
        """Return runs, newest first."""

    def record(self, run_id: str, task_id: str, before: Status, after: Status, at: float, reason: Reason) -> int:
        """Record a transition that ``tasks.yml`` does not show yet; return its seq (increasing)."""

    def transitions(self, task_id: str, limit: int = 100) -> tuple[Transition, ...]:
        """Return a task's transitions, newest first."""

    def unwritten(self) -> tuple[Transition, ...]:
        """Return transitions that ``tasks.yml`` does not show yet, in order."""

    def mark_written(self, up_to: int) -> None:
        """Note that ``tasks.yml`` shows every transition with ``seq <= up_to``; never goes back."""


class AttemptJournal(Protocol):
    """Attempts at tasks and their outcomes."""

    def begin_attempt(self, attempt: Attempt) -> None: ...

    def end_attempt(self, attempt: Attempt) -> None:
        """Record ``attempt.outcome`` for the attempt with the same run, task and number. Raises ValueError without an outcome."""

    def open_attempts(self) -> tuple[Attempt, ...]:
        """Return attempts without an outcome, oldest first."""

    def attempts(self, task_id: str | None = None, limit: int = 100) -> tuple[Attempt, ...]:
        """Return attempts, newest first; of all tasks without ``task_id``."""

    def attempt_counts(self) -> Mapping[str, int]:
        """Return the number of attempts ever made, by task id."""

    def durations(self) -> Mapping[str, float]:
        """Return the mean seconds of the last five succeeded attempts, by task id; absent where there is none."""

    def verified(self) -> frozenset[str]:
        """Return the ids whose last attempt succeeded and was verified."""


class CheckJournal(Protocol):
    """Results of checks. They live here and nowhere else: a file that people commit cannot say that a check passed."""

    def record_check(self, result: CheckResult) -> None:
        """Record a result; of each check the newest ``RESULTS_KEPT`` are kept."""

    def check_results(self) -> Mapping[str, tuple[CheckResult, ...]]:
        """Return the results of every check by its id, newest first."""


class StateStore(Protocol):
    """JSON values that outlive a run, by key. A key begins with the name of the module that owns it: ``reflect.cancelled``."""

    def load_state(self, key: str) -> Any:
        """Return the value saved under ``key``, or None."""

    def save_state(self, key: str, value: Any) -> None: ...


class Journal(RunJournal, AttemptJournal, CheckJournal, StateStore, Protocol):
    """The four in one place, so that one transaction spans them.

    A method that returned survives ``kill -9``; power loss may cost the last 100 ms. Every method raises StorageError when the disk
    refuses or what is stored is damaged.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything recorded inside durable at once, when the outermost one ends, or not at all."""

    def check(self, *, now: bool) -> tuple[str, ...]:
        """Compare the files that are held open with what is at their paths; call outside of a transaction, between steps of a run.

        What was removed is put back whole, ``now`` or when it has been missing for two seconds; returns a sentence about each.
        Raises StorageError when something else is there.
        """

    def close(self) -> None: ...


class RunLock(Protocol):
    """At most one live run a repository."""

    def acquire(self, run_id: str) -> str:
        """Take the lock; a dead holder's is broken silently. Raises LockHeld naming a live holder's pid.

        Returns the id of the run that held it last and died before releasing it; empty where that one ended in order.
        """

    def check_free(self) -> None:
        """Raise LockHeld when a run is under way whose lock was removed from its place; nothing is made or taken.

        Call before anything is made in a repository; a lock that is in its place is found by ``acquire``.
        """

    def check(self, *, now: bool) -> tuple[str, ...]:
        """Compare what the holder holds with what is at its place; call between the steps of a run, before anything is started.

        A lock that was removed is put back; returns a sentence about it. Not ``now``, it is put back only when it has been missing for two
        seconds: somebody may be in the middle of removing the directory. Raises StorageError when another one is there, or the
        repository was moved, replaced or deleted. Does nothing while the lock is not held.
        """

    def release(self) -> None: ...

    def holder(self) -> int | None:
        """Return the pid of a live holder, or None."""
