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


def is_gating(task: Task) -> bool:
    """Return whether a task is a check that must pass before what a handler changed counts; one that is switched off is not."""
    return task.check and task.gate and task.status is not Status.CANCELLED


def gating_checks(tasks: Sequence[Task], task_id: str) -> tuple[Task, ...]:
    """Return the checks that must pass before what was done for ``task_id`` counts, in file order.

    Not those that can only run once the task is done.
    """
    checks = [task for task in tasks if is_gating(task)]
    if not checks:
        return ()
    graph = TaskGraph(tasks)
    after = behind(graph, graph.index[task_id]) if task_id in graph.index else set[int]()
    return tuple(check for check in checks if graph.index[check.id] not in after)


def behind(graph: TaskGraph, position: int) -> set[int]:
    """Return the positions of a task and of all that depend on it."""
    found, left = set[int](), [position]
    while left:
        here = left.pop()
        if here not in found:
            found.add(here)
            left.extend(graph.dependents[here])
    return found
