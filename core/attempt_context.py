"""What the processes of an attempt find beyond the task's own text: its recovery point, its past, and the code that it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from core.domain.quality.refactor_task import is_own
from core.domain.runs.attempt import Attempt
from core.domain.runs.outcome import Ending
from core.domain.runs.variables import CHECKPOINT, MeasuredPlace, place_variables, previous_variables
from core.domain.tasks.task import Task
from core.ports.attempt_context import TaskFolders


class RepositoryContext:
    """See ``core.ports.attempt_context.AttemptContext``.

    ``previous`` returns the last attempt at a task before this one, ``measure`` the present place of what a task of the Reflector's is
    about, ``unfinished`` the ids of the tasks that may still be worked on.
    """

    def __init__(
        self,
        *,
        folders: TaskFolders,
        previous: Callable[[str], Attempt | None],
        measure: Callable[[Task], MeasuredPlace | None],
        unfinished: Callable[[], Collection[str]],
    ) -> None:
        self._folders, self._previous, self._measure, self._unfinished = folders, previous, measure, unfinished
        self._tries: Counter[str] = Counter()
        self._succeeded: set[str] = set()

    def variables(self, task: Task, attempt: Attempt) -> Mapping[str, str]:
        previous = self._previous(task.id) if attempt.number > 1 else None
        # A success leaves nothing to go on from; the run may have been killed before it could remove that.
        done = previous is not None and previous.outcome is not None and previous.outcome.ending is Ending.SUCCEEDED
        place = self._measure(task) if is_own(task) else None
        folder = self._folders.prepare(replace(task, description=place.description) if place and place.description else task, fresh=done)
        self._tries[task.id] += 1
        return {
            CHECKPOINT: folder.checkpoint,
            "ORCHESTRATOR_TASK_JSON": folder.entry,
            "ORCHESTRATOR_TASK_TRY": str(self._tries[task.id]),
            **previous_variables(previous),
            **place_variables(place),
        }

    def ended(self, task_id: str, *, succeeded: bool) -> None:
        (self._succeeded.add if succeeded else self._succeeded.discard)(task_id)
        self._folders.release(task_id)

    def prune(self) -> None:
        self._folders.prune(self._succeeded, self._unfinished())


class NoContext:
    """For single tasks outside of a run: no recovery points, and nothing is said of earlier attempts."""

    def variables(self, task: Task, attempt: Attempt) -> Mapping[str, str]:
        del task, attempt
        return {}

    def ended(self, task_id: str, *, succeeded: bool) -> None:
        del task_id, succeeded

    def prune(self) -> None:
        """Nothing was made."""
