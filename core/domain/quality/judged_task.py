"""Which tasks are judged before they count as done, and by which checks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.domain.quality.refactor_task import is_own
from core.domain.tasks.graph import TaskGraph
from core.domain.tasks.task import Status, Task


def is_judged(task: Task, kinds: Collection[str]) -> bool:
    """Return whether a task is judged. ``kinds`` are those of which a command of the settings carries out every task.

    A task that has a command of its own is judged only if the Reflector wrote it: the command of any other says what its person wants.
    """
    if task.check or task.manual:
        return False
    if task.command is not None or task.plugin is not None:
        return is_own(task)
    return task.kind in kinds


def gating_checks(tasks: Sequence[Task], task_id: str) -> tuple[Task, ...]:
    """Return the checks that must pass before what was done for ``task_id`` counts, in file order.

    Not those that are switched off, and not those that can only run once the task is done.
    """
    checks = [task for task in tasks if task.check and task.gate and task.status is not Status.CANCELLED]
    if not checks:
        return ()
    behind = _behind(TaskGraph(tasks), task_id)
    return tuple(check for check in checks if check.id not in behind)


def _behind(graph: TaskGraph, task_id: str) -> set[str]:
    """Return the ids of the task and of all that depend on it."""
    start = graph.index.get(task_id)
    found, left = set[int](), [] if start is None else [start]
    while left:
        position = left.pop()
        if position not in found:
            found.add(position)
            left.extend(graph.dependents[position])
    return {graph.tasks[position].id for position in found}
