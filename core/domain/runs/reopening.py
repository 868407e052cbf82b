"""Which tasks that have ended a run makes pending again before it begins. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.runs.reasons import Code
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.lookup import select
from core.domain.tasks.task import ENDED, Status, Task


def reopened(tasks: Sequence[Task], options: RunOptions) -> dict[str, Code]:
    """Return the ids of tasks that run again although they have ended, each with the reason for the journal.

    A named task always runs, and before it whatever it needs that failed; what it needs that was cancelled stays so. With
    ``retry_failed`` so does every failed task of the run.
    """
    needed = select(tasks, options.named, ()) or frozenset()
    retried = _ids(tasks, select(tasks, options.chosen, options.tags)) if options.retry_failed else frozenset()
    again = {task.id: Code.NAMED for task in tasks if task.id in options.named and task.status in ENDED}
    wanted = needed | retried
    for task in tasks:
        if task.status is Status.FAILED and task.id in wanted:
            again.setdefault(task.id, Code.NEEDED if task.id in needed else Code.RETRY_FAILED)
    return again


def _ids(tasks: Sequence[Task], selection: frozenset[str] | None) -> frozenset[str]:
    return frozenset(task.id for task in tasks) if selection is None else selection
