"""Small questions about a list of tasks, answered by the graph and the budget that the Planner works with.

For Python users; ``core.planner.Planner`` answers all of them together, and incrementally. Tasks may be given as maps and by any
iterable; a map that is no entry of tasks.yml raises InvalidFile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.domain.runs.budget import Budget, decimal_sum
from core.domain.tasks.graph import TaskGraph
from core.domain.tasks.graph_errors import check_graph, find_graph_errors
from core.domain.tasks.task import Status, Task
from core.errors import InvalidTasks, Problem
from core.ports.standard import tasks_of

#: A task, or its fields as tasks.yml has them.
TaskLike = Task | Mapping[str, Any]


def validate_unique_ids(tasks: Iterable[TaskLike]) -> None:
    """Raise InvalidTasks (a ValueError) naming the first id that two tasks have."""
    seen: set[str] = set()
    for task in tasks_of(tasks):
        if task.id in seen:
            message = f"two tasks have the id {task.id}"
            raise InvalidTasks([Problem(file=f"task {task.id}", message=message, hint="give each task an id of its own")])
        seen.add(task.id)


def find_cycles(tasks: Iterable[TaskLike]) -> tuple[tuple[str, ...], ...]:
    """Return each cycle of dependencies once, as ids from its first task in the list back to the same one."""
    return tuple(error.cycle for error in find_graph_errors(tasks_of(tasks)) if error.cycle)


def topological_order(tasks: Iterable[TaskLike]) -> tuple[Task, ...]:
    """Return the tasks with each behind everything that it depends on.

    Raises InvalidTasks (a ValueError) with every duplicate id, unknown dependency and cycle.
    """
    entries = tasks_of(tasks)
    check_graph(entries)
    return tuple(entries[position] for position in reversed(TaskGraph(entries).dependents_first()))


def get_pending_tasks(tasks: Iterable[TaskLike]) -> list[Task]:
    """Return the tasks whose status is ``pending``, in their order."""
    return [task for task in tasks_of(tasks) if task.status is Status.PENDING]


def dependencies_met(task: TaskLike, tasks: Iterable[TaskLike]) -> bool:
    """Return whether everything that ``task`` depends on is among ``tasks`` and done."""
    return bool(filter_ready_tasks([task], tasks))


def filter_ready_tasks(pending: Iterable[TaskLike], tasks: Iterable[TaskLike]) -> list[Task]:
    """Return those of ``pending`` whose dependencies are all among ``tasks`` and done, in their order."""
    # The same iterator may be given for both.
    candidates = tasks_of(pending)
    known = candidates if tasks is pending else tasks_of(tasks)
    done = {task.id for task in known if task.status is Status.DONE}
    return [task for task in candidates if done.issuperset(task.dependencies)]


def sort_by_priority(tasks: Iterable[TaskLike]) -> list[Task]:
    """Return the tasks with the highest priority first; equals keep their order. Only the priorities written in the tasks count."""
    return sorted(tasks_of(tasks), key=lambda task: -task.priority)


def select_highest_priority(tasks: Iterable[TaskLike]) -> Task:
    """Return the first task of the highest priority. Raises ValueError when there is none."""
    return max(tasks_of(tasks), key=lambda task: task.priority)


def filter_affordable_tasks(tasks: Iterable[TaskLike], budget: float | None, cost_used: float = 0.0) -> list[Task]:
    """Return the tasks that what is left of the budget pays for, each by itself, in their order."""
    return [task for task in tasks_of(tasks) if not will_exceed_budget(budget, cost_used, task.cost)]


def is_budget_exhausted(budget: float | None, cost_used: float) -> bool:
    """Return whether a limited budget is used up. Without a budget nothing is."""
    return _account(budget, cost_used).exhausted


def will_exceed_budget(budget: float | None, cost_used: float, cost: float) -> bool:
    """Return whether ``cost`` more units are more than the budget allows. None is unlimited."""
    return not _account(budget, cost_used).affords(cost)


def should_warn_about_budget(budget: float | None, cost_used: float, warning_threshold: float, warned: bool) -> bool:
    """Return whether the share of the budget that is used has reached ``warning_threshold`` (0 to 1) and nobody was ``warned`` yet."""
    return bool(budget) and not warned and _account(budget, cost_used).used_share() >= warning_threshold


def increment_cost_and_warn(
    cost_used: float, budget: float | None, warning_threshold: float, warned: bool, increment: float = 1.0
) -> tuple[float, bool]:
    """Return the cost used after ``increment`` more units, and whether a warning is or was due."""
    used = decimal_sum(cost_used, increment)
    return used, warned or should_warn_about_budget(budget, used, warning_threshold, warned)


def _account(budget: float | None, cost_used: float) -> Budget:
    return Budget(limit=budget, spent=cost_used)
