"""Carrying out attempts: the port between the loop and wherever tasks run."""

from __future__ import annotations

from typing import Protocol

from core.domain.runs.attempt import Attempt
from core.domain.runs.outcome import Ending
from core.domain.runs.reasons import Reason
from core.domain.tasks.task import Task


class AttemptRunner(Protocol):
    """Carries out attempts, any number at once: prepare, launch, wait, stop.

    An attempt is known by its task's id; a task has at most one under way. Its log is known by a path that ``LogReader.tail`` reads.
    A failure of the task is an Outcome. An exception is a failure of the runner. For one thread, but for ``wake``.
    """

    @property
    def running(self) -> tuple[str, ...]:
        """Ids of the tasks with an attempt under way, in the order in which they were prepared."""

    @property
    def busy(self) -> bool:
        """True while ``wait`` has an attempt to return, now or later."""

    def prepare(self, task: Task, *, run_id: str, number: int) -> Attempt:
        """Open the attempt's log and return the attempt as it is to be recorded before ``launch``, without an outcome.

        ``number`` is 1-based over all runs. Raises StorageError when the log cannot be created.
        """

    def launch(self, task_id: str) -> None:
        """Start a prepared attempt. One that cannot be started ends as FAILED."""

    def wait(self, timeout: float) -> tuple[Attempt, ...]:
        """Return the attempts that ended, each once, waiting at most ``timeout`` seconds for the first one.

        Each has its Outcome, with what it actually used. Returns early and empty after ``wake``, and may do so at any time.
        """

    def update(self, task: Task) -> bool:
        """Let the checks and the time limit of ``task`` count for its attempt under way; everything else stays as it was prepared.

        Checks that run already run again, all of them. Returns False, and does nothing, for an attempt that is not under way or that
        is being ended.
        """

    def stop(self, task_id: str, ending: Ending, reason: Reason) -> None:
        """End an attempt, with a period of grace; ``ending`` and ``reason`` will be in its Outcome.

        Does nothing for an attempt that is not under way or that is being ended already.
        """

    def stop_all(self, reason: Reason, *, now: bool = False) -> None:
        """End every attempt as interrupted; with ``now`` without grace, also those that are being ended already."""

    def wake(self) -> None:
        """Make the present or next ``wait`` return at once; safe from a signal handler."""

    def kill_remaining(self, run_id: str) -> int:
        """Kill every process that the dead run ``run_id`` left behind; return how many there were."""

    def notices(self) -> tuple[str, ...]:
        """Return what was done to the runner from outside since this was last asked, a sentence each."""

    def prune(self) -> None:
        """Remove the logs that retention no longer keeps; never one of the present run."""
